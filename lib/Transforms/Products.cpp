//===- Products.cpp - Recognise matrix products ---------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Transforms/Products.h"

#include "Convolutions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace quanta {

int64_t Product::sizeOf(const Factor &factor, unsigned dim) {
  std::optional<unsigned> position = factor.map.getResultPosition(
      getAffineDimExpr(dim, factor.map.getContext()));
  return cast<RankedTensorType>(factor.tensor.getType()).getDimSize(*position);
}

/// `ext(argument)`, or that minus a constant.
static std::optional<Factor> matchIntegerFactor(Value value,
                                                BlockArgument argument) {
  Factor factor{{}, {}, false, 0};
  if (auto subtract = value.getDefiningOp<arith::SubIOp>()) {
    APInt zeroPoint;
    if (!matchPattern(subtract.getRhs(), m_ConstantInt(&zeroPoint)))
      return std::nullopt;
    factor.zeroPoint = static_cast<int32_t>(zeroPoint.getSExtValue());
    value = subtract.getLhs();
  }
  Operation *extension = value.getDefiningOp();
  if (!isa_and_nonnull<arith::ExtSIOp, arith::ExtUIOp>(extension) ||
      extension->getOperand(0) != argument)
    return std::nullopt;
  factor.isSigned = isa<arith::ExtSIOp>(extension);
  return factor;
}

/// `fma(lhs, rhs, out)`, the right one extended to f32 if it is narrower.
static bool matchFusedMultiplyAdd(math::FmaOp fma, Block *body,
                                  Product &product) {
  Value rhs = fma.getB();
  if (auto extend = rhs.getDefiningOp<arith::ExtFOp>())
    rhs = extend.getIn();
  if (fma.getA() != body->getArgument(0) || rhs != body->getArgument(1) ||
      fma.getC() != body->getArgument(2))
    return false;
  product.lhs = product.rhs = {{}, {}, true, 0};
  product.isFloat = product.isFused = true;
  return true;
}

/// `out + lhs * rhs`; fills what the body says about the factors.
static bool matchMultiplyAdd(linalg::LinalgOp op, Product &product) {
  Block *body = op.getBlock();
  auto yield = dyn_cast<linalg::YieldOp>(body->getTerminator());
  if (!yield || yield.getNumOperands() != 1)
    return false;
  if (auto fma = yield.getOperand(0).getDefiningOp<math::FmaOp>())
    return matchFusedMultiplyAdd(fma, body, product);
  Operation *add = yield.getOperand(0).getDefiningOp();
  if (!isa_and_nonnull<arith::AddIOp, arith::AddFOp>(add))
    return false;
  unsigned accIndex = add->getOperand(0) == body->getArgument(2) ? 0 : 1;
  if (add->getOperand(accIndex) != body->getArgument(2))
    return false;
  Operation *mul = add->getOperand(1 - accIndex).getDefiningOp();
  if (!isa_and_nonnull<arith::MulIOp, arith::MulFOp>(mul))
    return false;
  product.isFloat = isa<arith::MulFOp>(mul);
  for (unsigned order : {0u, 1u}) {
    Value lhs = mul->getOperand(order), rhs = mul->getOperand(1 - order);
    if (product.isFloat) {
      product.lhs = product.rhs = {{}, {}, true, 0};
      if (lhs == body->getArgument(0) && rhs == body->getArgument(1))
        return true;
      continue;
    }
    auto left = matchIntegerFactor(lhs, body->getArgument(0));
    auto right = matchIntegerFactor(rhs, body->getArgument(1));
    if (!left || !right)
      continue;
    product.lhs = *left;
    product.rhs = *right;
    return true;
  }
  return false;
}

bool classifyProduct(AffineMap out, Product &product) {
  unsigned dims = out.getNumDims();
  std::optional<unsigned> k;
  for (unsigned dim = 0; dim < dims; ++dim) {
    bool inLhs = product.lhs.map.isFunctionOfDim(dim);
    bool inRhs = product.rhs.map.isFunctionOfDim(dim);
    if (out.isFunctionOfDim(dim))
      continue;
    if (k || !inLhs || !inRhs)
      return false;
    k = dim;
  }
  if (!k)
    return false;
  product.k = *k;
  for (AffineExpr expr : out.getResults())
    product.outDims.push_back(cast<AffineDimExpr>(expr).getPosition());
  // The innermost dimension of the result is the right factor's.
  if (product.lhs.map.isFunctionOfDim(product.n()))
    std::swap(product.lhs, product.rhs);
  if (product.lhs.map.isFunctionOfDim(product.n()) ||
      !product.rhs.map.isFunctionOfDim(product.n()))
    return false;
  for (auto [position, dim] :
       llvm::enumerate(ArrayRef(product.outDims).drop_back())) {
    if (!product.lhs.map.isFunctionOfDim(dim))
      return false;
    if (product.rhs.map.isFunctionOfDim(dim))
      product.batch.push_back(position);
  }
  return product.batch.size() + 1 < product.outDims.size();
}

std::optional<Product> matchProduct(linalg::LinalgOp op) {
  if (!op.hasPureTensorSemantics() || op.getNumDpsInputs() != 2 ||
      op.getNumDpsInits() != 1 || op.getNumLoops() < 3 || !hasFactorTypes(op))
    return std::nullopt;
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  for (AffineMap map : maps)
    if (!map.isProjectedPermutation())
      return std::nullopt;
  Product product;
  if (!matchMultiplyAdd(op, product))
    return std::nullopt;
  product.lhs.tensor = op->getOperand(0);
  product.rhs.tensor = op->getOperand(1);
  product.lhs.map = maps[0];
  product.rhs.map = maps[1];
  product.init = op->getOperand(2);
  if (!classifyProduct(maps[2], product))
    return std::nullopt;
  return product;
}

} // namespace quanta
