//===- QuantizableOpInterface.cpp - What can be quantized -----------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Interfaces/QuantizableOpInterface.h"

#include "quanta/Interfaces/QuantizableOpInterface.cpp.inc"
