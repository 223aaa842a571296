//===- Products.cpp - Recognise matrix products ---------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Transforms/Products.h"

#include "MultiplyAdd.h"

#include "mlir/Dialect/Linalg/Utils/Utils.h"

using namespace mlir;

namespace quanta {

int64_t Product::sizeOf(const Factor &factor, unsigned dim) {
  std::optional<unsigned> position = factor.map.getResultPosition(
      getAffineDimExpr(dim, factor.map.getContext()));
  return cast<RankedTensorType>(factor.tensor.getType()).getDimSize(*position);
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
  std::optional<MultiplyAdd> body = matchMultiplyAdd(op);
  if (!body)
    return std::nullopt;
  Product product;
  product.isFloat = body->isFloat;
  product.isFused = body->isFused;
  product.lhs = {op->getOperand(0), maps[0], body->lhs.isSigned,
                 body->lhs.zeroPoint};
  product.rhs = {op->getOperand(1), maps[1], body->rhs.isSigned,
                 body->rhs.zeroPoint};
  product.init = op->getOperand(2);
  if (!classifyProduct(maps[2], product))
    return std::nullopt;
  return product;
}

} // namespace quanta
