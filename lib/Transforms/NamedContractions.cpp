//===- NamedContractions.cpp - linalg's name of a contraction -------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Transforms/NamedContractions.h"

#include "ContractionLayout.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

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

namespace {

/// A convolution of one or two dimensions, channels ahead of rows and columns,
/// whose groups of channels are one dimension of each tensor. linalg's has a
/// dimension for the groups; a sequence is an image of width 1.
class GroupedConvolution {
public:
  GroupedConvolution(OpBuilder &builder, Location loc,
                     const ContractionLayout &layout, ArrayRef<AffineMap> maps)
      : builder(builder), loc(loc), layout(layout), maps(maps) {}

  /// Null if the maps are no such convolution's.
  Value build(Value lhs, Value rhs, Value init);

private:
  OpBuilder &builder;
  Location loc;
  const ContractionLayout &layout;
  ArrayRef<AffineMap> maps;

  bool isChannelsFirst() const;
  SmallVector<ReassociationIndices> getParts(int64_t dim,
                                             bool hasChannel) const;
  /// Dimension `dim` becomes groups and what each has of it.
  Value splitGroups(Value tensor, int64_t dim, int64_t groups);
};

} // namespace

bool GroupedConvolution::isChannelsFirst() const {
  auto count = static_cast<int64_t>(layout.windows.size());
  ArrayRef<unsigned> filter = layout.group ? layout.columns : layout.batch;
  if (count < 1 || count > 2 || layout.rows.size() != 1 || filter.size() != 1)
    return false;
  SmallVector<unsigned> positions, taps(layout.sums);
  for (const WindowStep &step : layout.windows) {
    positions.push_back(step.position);
    taps.push_back(step.tap);
  }
  auto hasDims = [&](unsigned map, ArrayRef<unsigned> iterators,
                     int64_t first) {
    SmallVector<int64_t> dims =
        ContractionLayout::getDims(maps[map], iterators);
    return llvm::equal(dims, llvm::seq<int64_t>(first, first + dims.size()));
  };
  return maps[0].getNumResults() == count + 2 && hasDims(0, layout.rows, 0) &&
         hasDims(0, positions, 2) && hasDims(1, filter, 0) &&
         hasDims(1, taps, 1) && hasDims(2, layout.rows, 0) &&
         hasDims(2, filter, 1) && hasDims(2, positions, 2);
}

/// Which of linalg's five dimensions are one of ours: `dim` and the next, and
/// the rows and columns of a sequence; filters of one channel may have no
/// dimension for it.
SmallVector<ReassociationIndices>
GroupedConvolution::getParts(int64_t dim, bool hasChannel) const {
  SmallVector<ReassociationIndices> parts;
  for (int64_t i = 0; i < 5; ++i)
    if (i == dim + 1 || (!hasChannel && i == 2) ||
        (layout.windows.size() == 1 && i == 4))
      parts.back().push_back(i);
    else
      parts.push_back({i});
  return parts;
}

Value GroupedConvolution::splitGroups(Value tensor, int64_t dim,
                                      int64_t groups) {
  auto type = cast<RankedTensorType>(tensor.getType());
  bool hasChannel =
      type.getRank() == static_cast<int64_t>(layout.windows.size()) + 2;
  SmallVector<int64_t> sizes(type.getShape());
  sizes.insert(sizes.begin() + dim, groups);
  sizes[dim + 1] /= groups;
  if (!hasChannel)
    sizes.insert(sizes.begin() + 2, 1);
  sizes.resize(5, 1);
  return tensor::ExpandShapeOp::create(builder, loc, type.clone(sizes), tensor,
                                       getParts(dim, hasChannel));
}

Value GroupedConvolution::build(Value lhs, Value rhs, Value init) {
  auto input = cast<RankedTensorType>(lhs.getType()),
       weights = cast<RankedTensorType>(rhs.getType()),
       result = cast<RankedTensorType>(init.getType());
  if (!isChannelsFirst() || input.isDynamicDim(1) || weights.isDynamicDim(0) ||
      result.isDynamicDim(1))
    return {};
  int64_t groups =
      input.getDimSize(1) / (layout.group ? layout.group->second : 1);
  SmallVector<int64_t> strides, dilations;
  for (const WindowStep &step : layout.windows) {
    strides.push_back(step.stride);
    dilations.push_back(step.dilation);
  }
  strides.resize(2, 1);
  dilations.resize(2, 1);
  auto type = RankedTensorType::get({2}, builder.getI64Type());
  Value sums = splitGroups(init, 1, groups);
  Value factors[] = {splitGroups(lhs, 1, groups), splitGroups(rhs, 0, groups)};
  Value grouped = linalg::Conv2DNgchwGfchwOp::create(
                      builder, loc, TypeRange{sums.getType()}, factors, sums,
                      DenseIntElementsAttr::get(type, strides),
                      DenseIntElementsAttr::get(type, dilations))
                      .getResult(0);
  return tensor::CollapseShapeOp::create(builder, loc, result, grouped,
                                         getParts(1, /*hasChannel=*/true));
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
  std::optional<ContractionLayout> layout = ContractionLayout::get(maps);
  if (layout && (layout->group || layout->multiplier > 1))
    return GroupedConvolution(builder, loc, *layout, maps)
        .build(lhs, rhs, init);
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
