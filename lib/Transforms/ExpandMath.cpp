//===- ExpandMath.cpp - Transcendental functions as arithmetic ------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/IR/Stage.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_EXPANDMATH
#include "quanta/Transforms/Passes.h.inc"

/// Whether upstream's approximation is as accurate as the pass promises. Those
/// of sin, cos and atan, for example, are not.
static bool isAccurate(StringRef name) {
  static constexpr StringLiteral names[] = {
      math::AcosOp::getOperationName(), math::AsinOp::getOperationName(),
      math::ErfOp::getOperationName(),  math::ErfcOp::getOperationName(),
      math::ExpOp::getOperationName(),  math::ExpM1Op::getOperationName(),
      math::LogOp::getOperationName(),  math::Log1pOp::getOperationName(),
      math::TanhOp::getOperationName(),
  };
  return llvm::is_contained(names, name);
}

namespace {
struct ExpandMathPass : impl::ExpandMathBase<ExpandMathPass> {
  void runOnOperation() override {
    if (failed(checkBuffers(getOperation(), getArgument())))
      return signalPassFailure();
    // Powers of constant exponents are products; what these leave is expanded
    // by the others.
    RewritePatternSet products(&getContext());
    populateMathAlgebraicSimplificationPatterns(products);
    if (failed(applyPatternsGreedily(getOperation(), std::move(products))))
      return signalPassFailure();

    RewritePatternSet patterns(&getContext());
    math::populateExpansionPatterns(patterns, {"rsqrt"});
    populateMathF32ExpansionPatterns(patterns, isAccurate);
    populateMathPolynomialApproximationPatterns(patterns, isAccurate);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace

} // namespace quanta
