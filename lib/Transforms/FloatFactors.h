//===- FloatFactors.h - Why a contraction has float factors -----*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_FLOATFACTORS_H
#define QUANTA_LIB_TRANSFORMS_FLOATFACTORS_H

#include "quanta/Interfaces/QuantizableOpInterface.h"

#include <string>

namespace quanta {

/// Which factors of `op` no integer contraction could read, for a report.
std::string describeFloatFactors(QuantizableOpInterface op);

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_FLOATFACTORS_H
