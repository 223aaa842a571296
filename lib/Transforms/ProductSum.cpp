//===- ProductSum.cpp - Sums of products in two operations ----------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProductSum.h"

#include "quanta/Transforms/Constants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace quanta {

/// Whether the body is one OpTy of its first two arguments.
template <typename OpTy> static bool isBodyOf(linalg::GenericOp op) {
  Block *body = op.getBody();
  auto scalar = dyn_cast<OpTy>(body->front());
  if (!scalar || body->getOperations().size() != 2 ||
      body->getTerminator()->getOperand(0) != scalar)
    return false;
  Value a = body->getArgument(0), b = body->getArgument(1);
  return (scalar.getLhs() == a && scalar.getRhs() == b) ||
         (scalar.getLhs() == b && scalar.getRhs() == a);
}

/// An elementwise product of two tensors with one reader; null if `value` is
/// none.
static linalg::GenericOp getProduct(Value value) {
  auto op = value.getDefiningOp<linalg::GenericOp>();
  bool isProduct = op && op->hasOneUse() && op.hasPureTensorSemantics() &&
                   op.getNumDpsInputs() == 2 && op.getNumDpsInits() == 1 &&
                   op.getNumReductionLoops() == 0 &&
                   op.getIndexingMapsArray()[2].isIdentity() &&
                   op.getInputs()[0] != op.getInputs()[1] &&
                   isBodyOf<arith::MulFOp>(op);
  return isProduct ? op : linalg::GenericOp();
}

std::optional<ProductSum> ProductSum::takeApart(size_t index) const {
  linalg::GenericOp product = getProduct(factors[index].tensor);
  if (!product)
    return std::nullopt;
  ProductSum result{op, {}};
  for (auto [position, factor] : llvm::enumerate(factors)) {
    if (position != index) {
      result.factors.push_back(factor);
      continue;
    }
    for (unsigned i : {0U, 1U})
      result.factors.push_back(
          {product.getInputs()[i],
           product.getIndexingMapsArray()[i].compose(factor.map)});
  }
  return result;
}

std::optional<ProductSum> ProductSum::match(linalg::GenericOp op) {
  if (!op.hasPureTensorSemantics() || op.getNumDpsInputs() != 1 ||
      op.getNumDpsInits() != 1 || op.getNumReductionLoops() == 0 ||
      !isBodyOf<arith::AddFOp>(op))
    return std::nullopt;
  ProductSum sum{op, {{op.getInputs()[0], op.getIndexingMapsArray()[0]}}};
  return sum.takeApart(0);
}

bool ProductSum::isSummed(const SumFactor &factor) const {
  linalg::GenericOp sum = op;
  for (auto [dim, kind] : llvm::enumerate(sum.getIteratorTypesArray()))
    if (kind == utils::IteratorType::reduction &&
        factor.map.isFunctionOfDim(dim))
      return true;
  return false;
}

bool ProductSum::isRepeated(const SumFactor &factor) const {
  linalg::GenericOp sum = op;
  for (auto [dim, kind] : llvm::enumerate(sum.getIteratorTypesArray())) {
    auto hasDim = [&, dim = dim](const SumFactor &other) {
      return other.map.isFunctionOfDim(dim);
    };
    if (kind == utils::IteratorType::parallel && !hasDim(factor) &&
        llvm::any_of(factors, hasDim))
      return true;
  }
  return false;
}

bool isWeights(Value value) {
  while (auto *op = value.getDefiningOp()) {
    if (!isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp,
             linalg::TransposeOp, linalg::BroadcastOp>(op))
      return static_cast<bool>(getConstant(value));
    value = op->getOperand(0);
  }
  return false;
}

} // namespace quanta
