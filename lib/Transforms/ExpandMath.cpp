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
#include "mlir/IR/TypeUtilities.h"
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
      math::AcosOp::getOperationName(),  math::AsinOp::getOperationName(),
      math::ErfcOp::getOperationName(),  math::ExpOp::getOperationName(),
      math::ExpM1Op::getOperationName(), math::LogOp::getOperationName(),
      math::Log1pOp::getOperationName(), math::TanhOp::getOperationName(),
  };
  return llvm::is_contained(names, name);
}

namespace {

/// A quotient of polynomials in one piece, `erf(x) = x P(x^2) / Q(x^2)`, where
/// upstream chooses between pieces for every coefficient: a quarter of the
/// instructions. Fitted to the relative error over [0, 3.92], where erf rounds
/// to 1, with coefficients that are f32.
struct ExpandErf : OpRewritePattern<math::ErfOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::ErfOp op,
                                PatternRewriter &rewriter) const override {
    Type type = op.getType();
    Type element = getElementTypeOrSelf(type);
    if (isa<TensorType>(type) || !element.isF32())
      return rewriter.notifyMatchFailure(op, "not an f32 or a vector of them");
    Location loc = op.getLoc();
    auto constant = [&](float value) -> Value {
      TypedAttr attr = rewriter.getF32FloatAttr(value);
      if (auto vector = dyn_cast<VectorType>(type))
        attr = DenseElementsAttr::get(vector, value);
      return arith::ConstantOp::create(rewriter, loc, attr);
    };
    // Comparisons that are false for NaN, so that it stays.
    auto clamp = [&](Value x, float limit) -> Value {
      for (auto [predicate, bound] :
           {std::pair(arith::CmpFPredicate::OGT, limit),
            std::pair(arith::CmpFPredicate::OLT, -limit)}) {
        Value end = constant(bound);
        Value isOutside =
            arith::CmpFOp::create(rewriter, loc, predicate, x, end);
        x = arith::SelectOp::create(rewriter, loc, isOutside, end, x);
      }
      return x;
    };
    auto polynomial = [&](Value x, ArrayRef<float> coefficients) {
      Value sum = constant(coefficients.back());
      for (float coefficient : llvm::reverse(coefficients.drop_back()))
        sum = math::FmaOp::create(rewriter, loc, sum, x, constant(coefficient));
      return sum;
    };
    static constexpr float numerator[] = {1.1283792257e+00f, 2.0431119204e-01f,
                                          5.1151614636e-02f, 3.8771892432e-03f,
                                          1.4511360496e-04f, -1.9471679025e-06f,
                                          1.9408480156e-08f};
    static constexpr float denominator[] = {
        1.0f, 5.1439762115e-01f, 1.1680787057e-01f, 1.4720910229e-02f,
        9.9546241108e-04f};
    Value x = clamp(op.getOperand(), 3.9192059f);
    Value square = arith::MulFOp::create(rewriter, loc, x, x);
    Value above =
        arith::MulFOp::create(rewriter, loc, x, polynomial(square, numerator));
    Value quotient = arith::DivFOp::create(rewriter, loc, above,
                                           polynomial(square, denominator));
    rewriter.replaceOp(op, clamp(quotient, 1.0f));
    return success();
  }
};

struct ExpandMathPass : impl::ExpandMathBase<ExpandMathPass> {
  void runOnOperation() override {
    if (failed(checkBuffers(getOperation(), getArgument())))
      return signalPassFailure();
    // Powers of constant exponents are products; what these leave is expanded
    // by the others.
    RewritePatternSet products(&getContext());
    populateMathAlgebraicSimplificationPatterns(products);
    if (failed(applyToMath(std::move(products))))
      return signalPassFailure();

    RewritePatternSet patterns(&getContext());
    math::populateExpansionPatterns(patterns, {"rsqrt"});
    auto isWidened = [](StringRef name) {
      return isAccurate(name) || name == math::ErfOp::getOperationName();
    };
    populateMathF32ExpansionPatterns(patterns, isWidened);
    patterns.add<ExpandErf>(&getContext());
    populateMathPolynomialApproximationPatterns(patterns, isAccurate);
    if (failed(applyToMath(std::move(patterns))))
      signalPassFailure();
  }

private:
  /// Applies patterns to what they are for, and to what they make of it: most
  /// of a program is something else.
  LogicalResult applyToMath(RewritePatternSet patterns) {
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (isa_and_nonnull<math::MathDialect>(op->getDialect()))
        ops.push_back(op);
    });
    GreedyRewriteConfig config;
    config.setStrictness(GreedyRewriteStrictness::ExistingAndNewOps);
    return applyOpPatternsGreedily(ops, std::move(patterns), config);
  }
};
} // namespace

} // namespace quanta
