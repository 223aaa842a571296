//===- ExpandConv1D.cpp - Sequences as images of one row ------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PackConvolutions.h"

#include "quanta/Transforms/Constants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace quanta {

namespace {

/// `value` with a dimension of size 1 before dimension `position`.
Value addUnitDim(OpBuilder &builder, Location loc, Value value,
                 int64_t position) {
  auto type = cast<RankedTensorType>(value.getType());
  if (auto pad = value.getDefiningOp<tensor::PadOp>())
    // Padding stays where kernels look for it.
    if (Value constant = pad.getConstantPaddingValue()) {
      auto insert = [&](SmallVector<OpFoldResult> sizes) {
        sizes.insert(sizes.begin() + position, builder.getIndexAttr(0));
        return sizes;
      };
      Value source = addUnitDim(builder, loc, pad.getSource(), position);
      return tensor::PadOp::create(builder, loc, Type(), source,
                                   insert(pad.getMixedLowPad()),
                                   insert(pad.getMixedHighPad()), constant);
    }
  SmallVector<int64_t> shape(type.getShape());
  shape.insert(shape.begin() + position, 1);
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, value);
  sizes.insert(sizes.begin() + position, builder.getIndexAttr(1));
  SmallVector<ReassociationIndices> groups;
  for (int64_t dim = 0, at = 0; dim < type.getRank(); ++dim) {
    groups.push_back({at++});
    if (dim == position)
      groups.back().push_back(at++);
  }
  return tensor::ExpandShapeOp::create(builder, loc, type.clone(shape), value,
                                       groups, sizes);
}

/// Where the weights have the dimension of the window, if `op` is a convolution
/// of sequences, channels last, with constant weights.
std::optional<int64_t> matchConv1D(linalg::LinalgOp op) {
  if (!op.hasPureTensorSemantics() || op.getNumDpsInputs() < 2 ||
      op.getNumDpsInits() != 1 || !getDenseConstant(op->getOperand(1)))
    return std::nullopt;
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  AffineMap input = maps[0], weights = maps[1], output = maps.back();
  if (input.getNumResults() != 3 || output.getNumResults() != 3 ||
      !weights.isProjectedPermutation() || !output.isProjectedPermutation() ||
      !isa<AffineDimExpr>(input.getResult(0)) ||
      input.getResult(1).getKind() != AffineExprKind::Add ||
      !isa<AffineDimExpr>(input.getResult(2)) ||
      input.getResult(0) != output.getResult(0) ||
      !input.getResult(1).isFunctionOfDim(output.getDimPosition(1)) ||
      !weights.isFunctionOfDim(output.getDimPosition(2)) ||
      !weights.isFunctionOfDim(
          cast<AffineDimExpr>(input.getResult(2)).getPosition()))
    return std::nullopt;
  for (auto [position, expr] : llvm::enumerate(weights.getResults())) {
    unsigned dim = cast<AffineDimExpr>(expr).getPosition();
    if (!output.isFunctionOfDim(dim) && input.getResult(1).isFunctionOfDim(dim))
      return position;
  }
  return std::nullopt;
}

} // namespace

linalg::LinalgOp expandConv1D(linalg::LinalgOp op) {
  std::optional<int64_t> window = matchConv1D(op);
  if (!window)
    return op;
  OpBuilder b(op);
  Location loc = op.getLoc();
  Value init = op.getDpsInits().front();
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, init);
  sizes.insert(sizes.begin() + 1, b.getIndexAttr(1));
  Value start = buildStart(b, loc, init, sizes);
  if (!start)
    return op;

  SmallVector<Value> inputs = op.getDpsInputs();
  inputs[0] = addUnitDim(b, loc, inputs[0], 1);
  DenseElementsAttr weights = getDenseConstant(inputs[1]);
  SmallVector<int64_t> shape(weights.getType().getShape());
  shape.insert(shape.begin() + *window, 1);
  inputs[1] = arith::ConstantOp::create(
      b, loc,
      weights.reshape(
          RankedTensorType::get(shape, weights.getType().getElementType())));

  // Two iterators more: the row of the output, and that of the kernel.
  unsigned row = op.getNumLoops(), tap = row + 1, dims = row + 2;
  SmallVector<AffineMap> maps;
  for (auto [index, map] : llvm::enumerate(op.getIndexingMapsArray())) {
    SmallVector<AffineExpr> exprs(map.getResults());
    AffineExpr y = b.getAffineDimExpr(row), i = b.getAffineDimExpr(tap);
    if (index == 0)
      exprs.insert(exprs.begin() + 1, y + i);
    else if (index == 1)
      exprs.insert(exprs.begin() + *window, i);
    else if (index == inputs.size())
      exprs.insert(exprs.begin() + 1, y);
    maps.push_back(AffineMap::get(dims, 0, exprs, b.getContext()));
  }
  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  iterators.push_back(utils::IteratorType::parallel);
  iterators.push_back(utils::IteratorType::reduction);
  auto generic = linalg::GenericOp::create(b, loc, start.getType(), inputs,
                                           start, maps, iterators);
  b.cloneRegionBefore(op->getRegion(0), generic.getRegion(),
                      generic.getRegion().begin());
  Value result = tensor::CollapseShapeOp::create(
      b, loc, op->getResult(0).getType(), generic.getResult(0),
      ArrayRef<ReassociationIndices>{{0}, {1, 2}, {3}});
  op->getResult(0).replaceAllUsesWith(result);
  op->erase();
  return cast<linalg::LinalgOp>(generic.getOperation());
}

Value buildStart(OpBuilder &builder, Location loc, Value init,
                 ArrayRef<OpFoldResult> sizes) {
  auto type = cast<RankedTensorType>(init.getType());
  Value bias = getBroadcastVector(init, type.getRank() - 1);
  if (!bias && !isZeroTensor(init))
    return {};
  Value empty =
      tensor::EmptyOp::create(builder, loc, sizes, type.getElementType());
  if (bias)
    return linalg::BroadcastOp::create(
               builder, loc, bias, empty,
               llvm::to_vector(
                   llvm::seq<int64_t>(static_cast<int64_t>(sizes.size()) - 1)))
        ->getResult(0);
  Value zero = arith::ConstantOp::create(
      builder, loc, builder.getZeroAttr(type.getElementType()));
  return linalg::FillOp::create(builder, loc, zero, empty).getResult(0);
}

bool isBehindConvolution(Value value) {
  if (auto before = value.getDefiningOp<linalg::GenericOp>())
    return value.getType() == before.getResult(0).getType() &&
           linalg::isElementwise(before);
  return isa_and_nonnull<FusedOpInterface>(value.getDefiningOp());
}

void populateExpandConv1DConsumers(RewritePatternSet &patterns) {
  linalg::populateFoldReshapeOpsByExpansionPatterns(
      patterns, [](OpOperand *operand) {
        auto collapse = operand->get().getDefiningOp<tensor::CollapseShapeOp>();
        auto consumer = dyn_cast<linalg::GenericOp>(operand->getOwner());
        if (!collapse || !collapse->hasOneUse() || !consumer ||
            !linalg::isElementwise(consumer))
          return false;
        return isBehindConvolution(collapse.getSrc());
      });
}

} // namespace quanta
