//===- BehindElementwise.h - Elementwise work before other work -*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_BEHINDELEMENTWISE_H
#define QUANTA_LIB_TRANSFORMS_BEHINDELEMENTWISE_H

#include "mlir/IR/PatternMatch.h"

namespace quanta {

/// What moves or selects elements changes places with the elementwise operation
/// on one tensor that reads it, with the same bits. Behind a quantization it
/// works on fewer bytes, and the quantization can join what made the tensor.

/// `f(expand(x))`, `f(collapse(x))`: elementwise work on the tensor before it.
void populateReshapeBehindElementwisePatterns(
    mlir::RewritePatternSet &patterns);

/// `f(pad(x, c))`, where c is constant, is `pad(f(x), f(c))`.
void populatePadBehindElementwisePatterns(mlir::RewritePatternSet &patterns);

/// `f(max(x))`, where f keeps the order of numbers and yields unsigned bytes,
/// is `max(f(x))`.
void populateMaxPoolingBehindElementwisePatterns(
    mlir::RewritePatternSet &patterns);

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_BEHINDELEMENTWISE_H
