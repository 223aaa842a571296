//===- FormConvTranspose.cpp - Convolutions of stretched images -----------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "QuantizedAxis.h"
#include "RewriteFamilies.h"

#include "quanta/IR/Quanta.h"
#include "quanta/IR/Stage.h"
#include "quanta/IR/WindowStep.h"
#include "quanta/Numerics/QuantParams.h"
#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/NamedOps.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_FORMCONVTRANSPOSE
#include "quanta/Transforms/Passes.h.inc"

namespace {

/// An image with what its zero point stands for between its pixels and around.
struct StretchedImage {
  /// In float, or its storage; behind two dimensions that are not stretched.
  Value image;
  SmallVector<int64_t, 2> offsets, strides;
  bool isStorage;

  static std::optional<StretchedImage> match(Value value);
};

std::optional<StretchedImage> StretchedImage::match(Value value) {
  QuantParams params = getQuantParams(value);
  auto quantize = value.getDefiningOp<QuantizeOp>();
  auto cast = value.getDefiningOp<quant::StorageCastOp>();
  if (params.axis || (!quantize && !cast))
    return std::nullopt;
  auto insert = (quantize ? quantize.getInput() : cast.getInput())
                    .getDefiningOp<tensor::InsertSliceOp>();
  auto fill = insert ? insert.getDest().getDefiningOp<linalg::FillOp>()
                     : linalg::FillOp();
  if (!fill || insert.getSourceType().getRank() != insert.getType().getRank() ||
      insert.getType().getRank() < 3)
    return std::nullopt;
  Value padding = fill.getInputs().front();
  APInt stored;
  bool isZero = quantize
                    ? matchPattern(padding, m_AnyZeroFloat())
                    : matchPattern(padding, m_ConstantInt(&stored)) &&
                          (params.isSigned()
                               ? stored.getSExtValue()
                               : static_cast<int64_t>(stored.getZExtValue())) ==
                              params.zeroPoint(0);
  if (!isZero)
    return std::nullopt;
  StretchedImage result{insert.getSource(), {}, {}, !quantize};
  // The batch and the channels are those of the whole.
  SmallVector<OpFoldResult> sizes = insert.getMixedSizes(), wholes;
  if (auto empty = fill.getOutputs().front().getDefiningOp<tensor::EmptyOp>())
    wholes = empty.getMixedSizes();
  if (wholes.empty() || !isEqualConstantIntOrValue(sizes[0], wholes[0]) ||
      !isEqualConstantIntOrValue(sizes[1], wholes[1]))
    return std::nullopt;
  for (int64_t dim = 0; dim < insert.getType().getRank(); ++dim) {
    std::optional<int64_t> offset = getConstantIntValue(
                               insert.getMixedOffsets()[dim]),
                           stride = getConstantIntValue(
                               insert.getMixedStrides()[dim]);
    if (!offset || !stride)
      return std::nullopt;
    if (dim < 2) {
      if (*offset != 0 || *stride != 1)
        return std::nullopt;
      continue;
    }
    if (insert.getSourceType().isDynamicDim(dim))
      return std::nullopt;
    result.offsets.push_back(*offset);
    result.strides.push_back(*stride);
  }
  if (llvm::all_of(result.strides, [](int64_t s) { return s == 1; }))
    return std::nullopt;
  return result;
}

/// Distances between taps of a convolution by single steps whose operands have
/// the batch or the filters first, then the channels, then the sizes of the
/// image; nothing if `op` is none.
std::optional<SmallVector<int64_t, 2>> matchDilations(ContractOp op) {
  SmallVector<AffineMap> maps = op.getIndexingMaps();
  unsigned rank = maps[2].getNumResults();
  if (rank < 3 || rank > 4 || op.getChannelDim() != 1 ||
      maps[0].getNumResults() != rank || maps[1].getNumResults() != rank ||
      maps[0].getResult(0) != maps[2].getResult(0) ||
      maps[1].getResult(0) != maps[2].getResult(1) ||
      maps[0].getResult(1) != maps[1].getResult(1) ||
      maps[0].getNumDims() != 2 * rank - 1)
    return std::nullopt;
  SmallVector<int64_t, 2> dilations;
  for (unsigned dim = 2; dim < rank; ++dim) {
    std::optional<WindowStep> step =
        matchWindowStep(maps[0].getResult(dim), maps[2]);
    MLIRContext *context = op.getContext();
    if (!step || step->stride != 1 ||
        maps[2].getResult(dim) != getAffineDimExpr(step->position, context) ||
        maps[1].getResult(dim) != getAffineDimExpr(step->tap, context))
      return std::nullopt;
    dilations.push_back(step->dilation);
  }
  return dilations;
}

/// Constant weights with channels first and taps in reverse; null if they are
/// not constant.
Value turnWeights(OpBuilder &builder, Value weights) {
  auto cast = weights.getDefiningOp<quant::StorageCastOp>();
  DenseElementsAttr constant =
      cast ? getDenseConstant(cast.getInput()) : DenseElementsAttr();
  auto type = mlir::cast<RankedTensorType>(weights.getType());
  auto perAxis =
      dyn_cast<quant::UniformQuantizedPerAxisType>(type.getElementType());
  if (!constant || (perAxis && perAxis.getQuantizedDimension() != 0))
    return {};
  int64_t filters = type.getDimSize(0), channels = type.getDimSize(1);
  int64_t taps = filters * channels == 0
                     ? 0
                     : type.getNumElements() / (filters * channels);
  auto values = llvm::to_vector(constant.getValues<APInt>());
  SmallVector<APInt> turned;
  for (int64_t channel = 0; channel < channels; ++channel)
    for (int64_t filter = 0; filter < filters; ++filter)
      for (int64_t tap = taps - 1; tap >= 0; --tap)
        turned.push_back(values[(filter * channels + channel) * taps + tap]);
  SmallVector<int64_t> shape(type.getShape());
  std::swap(shape[0], shape[1]);
  Type element = withAxis(type.getElementType(), 1);
  Value storage = arith::ConstantOp::create(
      builder, weights.getLoc(),
      DenseElementsAttr::get(
          RankedTensorType::get(shape, constant.getElementType()), turned));
  return quant::StorageCastOp::create(builder, weights.getLoc(),
                                      RankedTensorType::get(shape, element),
                                      storage);
}

struct FormConvTranspose : OpRewritePattern<ContractOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ContractOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<SmallVector<int64_t, 2>> dilations = matchDilations(op);
    std::optional<StretchedImage> stretched =
        dilations ? StretchedImage::match(op.getLhs()) : std::nullopt;
    auto type = cast<RankedTensorType>(op.getResult().getType());
    auto weightType = cast<RankedTensorType>(op.getRhs().getType());
    if (!stretched || !weightType.hasStaticShape() ||
        ShapedType::isDynamicShape(type.getShape().drop_front()))
      return rewriter.notifyMatchFailure(op, "reads no stretched image");
    auto imageType = cast<RankedTensorType>(stretched->image.getType());
    if (imageType.isDynamicDim(1))
      return rewriter.notifyMatchFailure(op, "has channels of unknown number");
    // What the padding of a transposed convolution takes away of its result.
    size_t count = dilations->size();
    SmallVector<int64_t> pads(2 * count, 0), outputPads(count, 0);
    for (size_t i = 0; i < count; ++i) {
      int64_t dim = static_cast<int64_t>(i) + 2;
      int64_t reach = (*dilations)[i] * (weightType.getDimSize(dim) - 1);
      int64_t size = imageType.getDimSize(dim);
      pads[i] = reach - stretched->offsets[i];
      if (pads[i] < 0 || size < 1 || weightType.getDimSize(dim) < 1)
        return rewriter.notifyMatchFailure(
            op, "begins with more padding than the kernel reaches");
      int64_t whole = (size - 1) * stretched->strides[i] + reach + 1 - pads[i];
      int64_t rest = type.getDimSize(dim) - whole;
      (rest < 0 ? pads[count + i] : outputPads[i]) = std::abs(rest);
    }
    Value weights = turnWeights(rewriter, op.getRhs());
    if (!weights)
      return rewriter.notifyMatchFailure(op, "its weights are not constant");
    Location loc = op.getLoc();
    RankedTensorType quantized =
        imageType.clone(getElementTypeOrSelf(op.getLhs().getType()));
    Value image =
        stretched->isStorage
            ? quant::StorageCastOp::create(rewriter, loc, quantized,
                                           stretched->image)
                  .getResult()
            : QuantizeOp::create(rewriter, loc, quantized, stretched->image)
                  .getResult();
    DenseI64ArrayAttr window[] = {
        rewriter.getDenseI64ArrayAttr(stretched->strides),
        rewriter.getDenseI64ArrayAttr(*dilations),
        rewriter.getDenseI64ArrayAttr(pads),
        rewriter.getDenseI64ArrayAttr(outputPads)};
    if (count == 1)
      replace<ConvTranspose1DOp>(op, image, weights, window, rewriter);
    else
      replace<ConvTranspose2DOp>(op, image, weights, window, rewriter);
    return success();
  }

private:
  /// `window` are strides, dilations, pads and those of the output.
  template <typename OpTy>
  static void replace(ContractOp op, Value image, Value weights,
                      ArrayRef<DenseI64ArrayAttr> window,
                      PatternRewriter &rewriter) {
    rewriter.replaceOpWithNewOp<OpTy>(
        op, op.getResult().getType(), image, weights, op.getBias(), window[0],
        window[1], window[2], window[3], /*groups=*/IntegerAttr(),
        /*channels_last=*/UnitAttr());
  }
};

struct FormConvTransposePass
    : impl::FormConvTransposeBase<FormConvTransposePass> {
  void runOnOperation() override {
    if (failed(checkStage(getOperation(), Stage::Quantized, getArgument())))
      return signalPassFailure();
    formConvTranspose(getOperation());
  }
};

} // namespace

void formConvTranspose(ModuleOp module) {
  RewritePatternSet patterns(module.getContext());
  patterns.add<FormConvTranspose>(module.getContext());
  walkAndApplyPatterns(module, std::move(patterns));
}

} // namespace quanta
