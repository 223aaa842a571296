//===- GroupedConvolutions.h - Convolutions of groups -----------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_GROUPEDCONVOLUTIONS_H
#define QUANTA_LIB_TRANSFORMS_GROUPEDCONVOLUTIONS_H

#include "mlir/IR/PatternMatch.h"

namespace quanta {

/// Between reshapes that split groups off the channels and merge them again, a
/// convolution of dequantized factors becomes one of quantized tensors whose
/// channels are those of all groups.
void populateGroupedConvolutionPatterns(mlir::RewritePatternSet &patterns);

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_GROUPEDCONVOLUTIONS_H
