//===- QuantizableOpInterface.h - What can be quantized -------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_INTERFACES_QUANTIZABLEOPINTERFACE_H
#define QUANTA_INTERFACES_QUANTIZABLEOPINTERFACE_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OpDefinition.h"

#include <optional>

#include "quanta/Interfaces/QuantizableOpInterface.h.inc"

#endif // QUANTA_INTERFACES_QUANTIZABLEOPINTERFACE_H
