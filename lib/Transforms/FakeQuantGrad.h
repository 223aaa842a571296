//===- FakeQuantGrad.h - Gradient of fake quantization ----------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_FAKEQUANTGRAD_H
#define QUANTA_LIB_TRANSFORMS_FAKEQUANTGRAD_H

#include "quanta/IR/Quanta.h"

namespace quanta {

/// Replaces `op` by float arithmetic that follows its documentation.
void lowerFakeQuantGrad(FakeQuantGradOp op);

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_FAKEQUANTGRAD_H
