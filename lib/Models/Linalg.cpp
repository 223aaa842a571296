//===- Linalg.cpp - Interfaces of upstream linalg operations --------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Models/Linalg.h"

#include "quanta/IR/Quanta.h"
#include "quanta/IR/WindowStep.h"
#include "quanta/Interfaces/Iterations.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/DialectRegistry.h"

using namespace mlir;

namespace quanta {
namespace {

/// Every structured operation with a reduction multiplies once for each point
/// of its iteration space.
template <typename OpTy>
struct MacModel : MacOpInterface::ExternalModel<MacModel<OpTy>, OpTy> {
  int64_t getMacCount(Operation *op) const {
    return countIterations(cast<linalg::LinalgOp>(op));
  }
  bool isQuantizedCompute(Operation *op) const {
    return llvm::all_of(op->getOperandTypes(), [](Type type) {
      return getElementTypeOrSelf(type).isInteger();
    });
  }
};

/// The iterator along which the right factor may have one scale for each index:
/// one that both it and the result have. If the left factor does not have it,
/// it indexes output channels; of several, the innermost counts.
std::optional<unsigned> getChannelIterator(linalg::LinalgOp op) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  std::optional<unsigned> shared, own;
  for (AffineExpr expr : maps[1].getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim || !findDim(maps[2], dim.getPosition()))
      continue;
    (maps[0].isFunctionOfDim(dim.getPosition()) ? shared : own) =
        dim.getPosition();
  }
  return own ? own : shared;
}

/// Reorders iterators: those of the result, then those that move a window, then
/// the other ones that are summed over.
SmallVector<AffineMap> sumWindowFirst(ArrayRef<AffineMap> maps) {
  unsigned dims = maps[2].getNumDims();
  SmallVector<unsigned> classes(dims, 2);
  for (unsigned dim = 0; dim < dims; ++dim) {
    if (maps[2].isFunctionOfDim(dim))
      classes[dim] = 0;
    else if (!findDim(maps[0], dim) || !findDim(maps[1], dim))
      classes[dim] = 1;
  }
  SmallVector<unsigned> order = llvm::to_vector(llvm::seq(dims));
  llvm::sort(order, [&](unsigned a, unsigned b) {
    return std::make_pair(classes[a], a) < std::make_pair(classes[b], b);
  });
  MLIRContext *context = maps[2].getContext();
  SmallVector<AffineExpr> replacements(dims);
  for (auto [position, dim] : llvm::enumerate(order))
    replacements[dim] = getAffineDimExpr(position, context);
  SmallVector<AffineMap> result;
  for (AffineMap map : maps)
    result.push_back(map.replaceDimsAndSymbols(replacements, {}, dims, 0));
  return result;
}

bool isMatmul(linalg::LinalgOp op) {
  auto matmul = dyn_cast<linalg::MatmulOp>(op.getOperation());
  return matmul && !matmul.hasUserDefinedMaps();
}

/// Contractions and convolutions: products of two factors, summed.
template <typename OpTy>
struct ContractionModel
    : QuantizableOpInterface::ExternalModel<ContractionModel<OpTy>, OpTy> {
  SmallVector<OpOperand *> getFactors(Operation *op) const {
    return {&op->getOpOperand(0), &op->getOpOperand(1)};
  }
  std::optional<int32_t> getWeightAxis(Operation *op,
                                       unsigned operandNumber) const {
    auto linalgOp = cast<linalg::LinalgOp>(op);
    std::optional<unsigned> channel = getChannelIterator(linalgOp);
    if (operandNumber != 1 || !channel)
      return std::nullopt;
    return findDim(linalgOp.getIndexingMapsArray()[1], *channel);
  }
  std::optional<int32_t> getContractedDim(Operation *op,
                                          unsigned operandNumber) const {
    auto linalgOp = cast<linalg::LinalgOp>(op);
    SmallVector<AffineMap> maps = linalgOp.getIndexingMapsArray();
    for (unsigned dim = 0, e = linalgOp.getNumLoops(); dim < e; ++dim) {
      std::optional<int32_t> position = findDim(maps[operandNumber], dim);
      if (position && findDim(maps[1 - operandNumber], dim) &&
          !maps[2].isFunctionOfDim(dim))
        return position;
    }
    return std::nullopt;
  }
  SmallVector<std::optional<int32_t>>
  getResultDims(Operation *op, unsigned operandNumber) const {
    SmallVector<AffineMap> maps =
        cast<linalg::LinalgOp>(op).getIndexingMapsArray();
    SmallVector<std::optional<int32_t>> dims;
    for (AffineExpr expr : maps[operandNumber].getResults()) {
      auto dim = dyn_cast<AffineDimExpr>(expr);
      dims.push_back(dim ? findDim(maps[2], dim.getPosition()) : std::nullopt);
    }
    return dims;
  }
  OpOperand *getAccumulatorInit(Operation *op) const {
    return &op->getOpOperand(2);
  }
  int32_t getChannelResultDim(Operation *op) const {
    auto linalgOp = cast<linalg::LinalgOp>(op);
    AffineMap result = linalgOp.getIndexingMapsArray()[2];
    if (std::optional<unsigned> channel = getChannelIterator(linalgOp))
      return *findDim(result, *channel);
    return static_cast<int32_t>(result.getNumResults()) - 1;
  }
  LogicalResult checkQuantizable(Operation *op, std::string &reason) const {
    auto linalgOp = cast<linalg::LinalgOp>(op);
    if (!linalgOp.hasPureTensorSemantics()) {
      reason = "works on buffers, not tensors";
      return failure();
    }
    for (Value operand : op->getOperands()) {
      if (!getElementTypeOrSelf(operand).isF32()) {
        reason = "its element type is not f32";
        return failure();
      }
      if (auto type = dyn_cast<RankedTensorType>(operand.getType());
          type && type.getEncoding()) {
        reason = "a tensor of it has an encoding, as sparse ones do";
        return failure();
      }
    }
    SmallVector<AffineMap> maps = linalgOp.getIndexingMapsArray();
    auto resultType = cast<RankedTensorType>(op->getResult(0).getType());
    if (resultType.getRank() == 0) {
      reason = "its result has rank 0";
      return failure();
    }
    for (auto [position, expr] : llvm::enumerate(maps[2].getResults())) {
      auto dim = dyn_cast<AffineDimExpr>(expr);
      if (!dim) {
        reason = "its result is not indexed by single dimensions";
        return failure();
      }
      if (resultType.isDynamicDim(position) &&
          !isSizeKnown(maps, dim.getPosition())) {
        reason = "a dynamic size of its result does not follow from those of "
                 "its factors";
        return failure();
      }
    }
    return success();
  }
  Value buildQuantized(Operation *op, OpBuilder &builder, ValueRange factors,
                       Value bias, RankedTensorType accumulatorType) const {
    auto linalgOp = cast<linalg::LinalgOp>(op);
    if (isMatmul(linalgOp))
      return MatmulOp::create(builder, op->getLoc(), accumulatorType,
                              factors[0], factors[1], bias);
    return ContractOp::create(
        builder, op->getLoc(), accumulatorType, factors[0], factors[1], bias,
        builder.getAffineMapArrayAttr(linalgOp.getIndexingMapsArray()),
        builder.getI32IntegerAttr(getChannelResultDim(op)));
  }
  Value buildWeightOnly(Operation *op, OpBuilder &builder, ValueRange factors,
                        unsigned weight, Value init) const {
    SmallVector<AffineMap> maps =
        sumWindowFirst(cast<linalg::LinalgOp>(op).getIndexingMapsArray());
    return WeightOnlyContractOp::create(
        builder, op->getLoc(), factors[1 - weight], factors[weight], init,
        builder.getAffineMapArrayAttr(
            {maps[1 - weight], maps[weight], maps[2]}));
  }
};

template <typename... OpTys> void attachModels(MLIRContext *context) {
  (OpTys::template attachInterface<MacModel<OpTys>, ContractionModel<OpTys>>(
       *context),
   ...);
}

} // namespace

void registerLinalgModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context,
                            linalg::LinalgDialect *dialect) {
    attachModels<
        linalg::MatmulOp, linalg::BatchMatmulOp, linalg::BatchReduceMatmulOp,
        linalg::ContractOp, linalg::Mmt4DOp, linalg::BatchMmt4DOp,
        linalg::BatchVecmatOp, linalg::MatvecOp, linalg::VecmatOp,
        linalg::BatchMatvecOp, linalg::Conv1DNcwFcwOp, linalg::Conv1DNwcWcfOp,
        linalg::Conv2DNchwFchwOp, linalg::Conv2DNhwcHwcfOp,
        linalg::Conv2DNhwcFhwcOp, linalg::Conv2DNgchwGfchwOp,
        linalg::Conv2DNgchwFgchwOp, linalg::DepthwiseConv1DNcwCwOp,
        linalg::DepthwiseConv1DNwcWcOp, linalg::DepthwiseConv2DNhwcHwcOp,
        linalg::DepthwiseConv2DNchwChwOp, linalg::Conv3DNcdhwFcdhwOp,
        linalg::Conv3DNdhwcDhwcfOp, linalg::Conv1DOp, linalg::Conv2DOp,
        linalg::Conv3DOp, linalg::Conv2DNhwgcGfhwcOp,
        linalg::DepthwiseConv2DNhwcHwcmOp, linalg::DepthwiseConv3DNdhwcDhwcOp,
        linalg::DepthwiseConv3DNcdhwCdhwOp,
        linalg::DepthwiseConv3DNdhwcDhwcmOp>(context);
    linalg::DotOp::attachInterface<MacModel<linalg::DotOp>>(*context);
    context->loadDialect<QuantaDialect>();
  });
}

} // namespace quanta
