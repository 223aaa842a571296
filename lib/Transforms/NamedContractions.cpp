//===- NamedContractions.cpp - linalg's name of a contraction -------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Transforms/NamedContractions.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <algorithm>

using namespace mlir;

namespace quanta {

namespace {

/// Maps without the order in which iterators are numbered and terms are added:
/// each index is the sum of `coefficient * iterator`, sorted.
using Index = SmallVector<std::pair<unsigned, int64_t>, 2>;

std::optional<SmallVector<SmallVector<Index>>>
normalize(ArrayRef<AffineMap> maps) {
  SmallVector<SmallVector<Index>> all;
  for (AffineMap map : maps) {
    SmallVector<Index> &indices = all.emplace_back();
    for (AffineExpr expr : map.getResults())
      if (!addTerms(expr, 1, indices.emplace_back()))
        return std::nullopt;
  }
  // The result and the weights name every iterator alone.
  DenseMap<unsigned, unsigned> numbers;
  for (size_t map : {2, 1, 0})
    for (Index &index : all[map]) {
      for (auto &term : index)
        term.first =
            numbers
                .try_emplace(term.first, static_cast<unsigned>(numbers.size()))
                .first->second;
      llvm::sort(index);
    }
  return all;
}

struct Contraction {
  OpBuilder &builder;
  Location loc;
  Value lhs, rhs, init;
  ArrayRef<AffineMap> maps;
  SmallVector<int64_t> strides, dilations;

  /// `OpTy` of the operands, if its maps are those.
  template <typename OpTy, typename... Attributes>
  Value tryNamed(unsigned lhsRank, unsigned rhsRank, unsigned resultRank,
                 Attributes... attributes) {
    if (maps[0].getNumResults() != lhsRank ||
        maps[1].getNumResults() != rhsRank ||
        maps[2].getNumResults() != resultRank)
      return {};
    auto op =
        OpTy::create(builder, loc, TypeRange{init.getType()},
                     ValueRange{lhs, rhs}, ValueRange{init}, attributes...);
    auto known = normalize(
        cast<linalg::LinalgOp>(op.getOperation()).getIndexingMapsArray());
    if (known && known == normalize(maps))
      return op.getResult(0);
    op.erase();
    return {};
  }

  template <unsigned count, typename... OpTys>
  Value tryConvolutions(unsigned lhsRank, unsigned rhsRank) {
    if (strides.size() != count)
      return {};
    auto type = RankedTensorType::get({count}, builder.getI64Type());
    Attribute strideAttr = DenseIntElementsAttr::get(type, strides),
              dilationAttr = DenseIntElementsAttr::get(type, dilations);
    Value found;
    (void)((found = tryNamed<OpTys>(lhsRank, rhsRank, lhsRank, strideAttr,
                                    dilationAttr)) ||
           ...);
    return found;
  }
};

} // namespace

static Value buildConvolution(Contraction &contraction) {
  using namespace linalg;
  Value result =
      contraction.tryConvolutions<1, Conv1DNcwFcwOp, Conv1DNwcWcfOp>(3, 3);
  if (!result)
    result = contraction.tryConvolutions<1, DepthwiseConv1DNcwCwOp,
                                         DepthwiseConv1DNwcWcOp>(3, 2);
  if (!result)
    result = contraction.tryConvolutions<2, Conv2DNchwFchwOp, Conv2DNhwcHwcfOp,
                                         Conv2DNhwcFhwcOp>(4, 4);
  if (!result)
    result = contraction.tryConvolutions<2, DepthwiseConv2DNchwChwOp,
                                         DepthwiseConv2DNhwcHwcOp>(4, 3);
  if (!result)
    result =
        contraction.tryConvolutions<2, Conv2DNgchwGfchwOp, Conv2DNgchwFgchwOp>(
            5, 5);
  if (!result)
    result =
        contraction.tryConvolutions<3, Conv3DNcdhwFcdhwOp, Conv3DNdhwcDhwcfOp>(
            5, 5);
  return result;
}

Value buildNamedContraction(OpBuilder &builder, Location loc, Value lhs,
                            Value rhs, Value init, ArrayRef<AffineMap> maps) {
  Contraction contraction{builder, loc, lhs, rhs, init, maps, {}, {}};
  if (llvm::all_of(
          maps, [](AffineMap map) { return map.isProjectedPermutation(); })) {
    if (Value result = contraction.tryNamed<linalg::MatmulOp>(2, 2, 2))
      return result;
    if (Value result = contraction.tryNamed<linalg::BatchMatmulOp>(3, 3, 3))
      return result;
    return linalg::ContractOp::create(builder, loc, TypeRange{init.getType()},
                                      ValueRange{lhs, rhs}, ValueRange{init},
                                      builder.getAffineMapArrayAttr(maps))
        .getResult(0);
  }
  for (AffineExpr expr : maps[0].getResults()) {
    if (isa<AffineDimExpr>(expr))
      continue;
    std::optional<WindowStep> step = matchWindowStep(expr, maps[2]);
    if (!step)
      return {};
    contraction.strides.push_back(step->stride);
    contraction.dilations.push_back(step->dilation);
  }
  if (Value result = buildConvolution(contraction))
    return result;
  // With the weights in another order, as NHWC and filters first have it.
  SmallVector<int64_t> order =
      llvm::to_vector(llvm::seq<int64_t>(0, maps[1].getNumResults()));
  while (std::next_permutation(order.begin(), order.end())) {
    SmallVector<AffineExpr> exprs;
    SmallVector<int64_t> sizes;
    for (int64_t dim : order) {
      exprs.push_back(maps[1].getResult(dim));
      sizes.push_back(cast<RankedTensorType>(rhs.getType()).getDimSize(dim));
    }
    AffineMap permuted[] = {
        maps[0],
        AffineMap::get(maps[1].getNumDims(), 0, exprs, builder.getContext()),
        maps[2]};
    contraction.maps = permuted;
    Value result = buildConvolution(contraction);
    if (!result)
      continue;
    Operation *op = result.getDefiningOp();
    OpBuilder before(op);
    Value empty = tensor::EmptyOp::create(
        before, loc, sizes,
        cast<RankedTensorType>(rhs.getType()).getElementType());
    op->setOperand(1,
                   linalg::TransposeOp::create(before, loc, rhs, empty, order)
                       .getResult()[0]);
    return result;
  }
  return {};
}

/// How far iterator `expr` of the result runs.
static OpFoldResult getIteratorSize(OpBuilder &builder, Location loc,
                                    AffineExpr expr, ValueRange factors,
                                    ArrayRef<AffineMap> maps) {
  auto find = [&](AffineExpr iterator) -> OpFoldResult {
    for (auto [factor, map] : llvm::zip(factors, maps))
      if (auto position = map.getResultPosition(iterator))
        return tensor::getMixedSize(builder, loc, factor, *position);
    return {};
  };
  if (OpFoldResult size = find(expr))
    return size;
  unsigned iterator = cast<AffineDimExpr>(expr).getPosition();
  for (auto [factor, map] : llvm::zip(factors, maps))
    for (auto [dim, index] : llvm::enumerate(map.getResults())) {
      std::optional<WindowStep> step = matchWindowStep(index, maps[2]);
      if (!step || step->position != iterator)
        continue;
      AffineExpr size, taps;
      bindDims(builder.getContext(), size, taps);
      return affine::makeComposedFoldedAffineApply(
          builder, loc,
          (size - (taps - 1) * step->dilation - 1).floorDiv(step->stride) + 1,
          {tensor::getMixedSize(builder, loc, factor, dim),
           find(builder.getAffineDimExpr(step->tap))});
    }
  return builder.getIndexAttr(1);
}

SmallVector<OpFoldResult> getResultSizes(OpBuilder &builder, Location loc,
                                         Value lhs, Value rhs,
                                         ArrayRef<AffineMap> maps,
                                         RankedTensorType type) {
  Value factors[] = {lhs, rhs};
  SmallVector<OpFoldResult> sizes;
  for (auto [dim, size] : llvm::enumerate(type.getShape()))
    sizes.push_back(ShapedType::isDynamic(size)
                        ? getIteratorSize(builder, loc, maps[2].getResult(dim),
                                          factors, maps)
                        : builder.getIndexAttr(size));
  return sizes;
}

} // namespace quanta
