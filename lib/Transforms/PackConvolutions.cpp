//===- PackConvolutions.cpp - Lay constant kernels out for the dot product ===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PackConvolutions.h"

#include "ConvProducer.h"
#include "MultiplyAdd.h"
#include "NarrowWeights.h"
#include "TargetDots.h"

#include "quanta/IR/Stage.h"
#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/ContractArithmetic.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_PACKCONVOLUTIONS
#include "quanta/Transforms/Passes.h.inc"

namespace {

/// Whether the image is sign-extended; nothing if kernels do not compute the
/// body: they take weights as they are, and fuse f32 products with sums only
/// where a weight is narrower.
std::optional<bool> matchBody(linalg::LinalgOp op) {
  std::optional<MultiplyAdd> body = matchMultiplyAdd(op);
  if (!body || body->lhs.zeroPoint != 0 || body->rhs.zeroPoint != 0 ||
      !body->rhs.isSigned ||
      (body->isFused && getElementTypeOrSelf(op->getOperand(1)).isF32()))
    return std::nullopt;
  return body->lhs.isSigned;
}

std::optional<ConstantConv2D> matchConstantConv2D(linalg::LinalgOp op) {
  if (!op.hasPureTensorSemantics())
    return std::nullopt;
  std::optional<Conv2D> conv = matchConv2D(op);
  if (!conv || !Conv2D::isChannelsLast(conv->inputDims) ||
      !Conv2D::isChannelsLast(conv->outputDims))
    return std::nullopt;
  std::optional<StoredWeights> stored = matchStoredWeights(op);
  std::optional<bool> lhsSigned;
  if (stored && stored->lhs == 0 && stored->rhs == 1)
    lhsSigned = true;
  else if (op.getNumDpsInputs() == 2 && hasFactorTypes(op))
    lhsSigned = matchBody(op);
  DenseElementsAttr weights = getDenseConstant(op->getOperand(1));
  auto inputType = cast<RankedTensorType>(op->getOperand(0).getType());
  auto outputType = cast<RankedTensorType>(op->getResult(0).getType());
  // Kernels for depthwise ones need the sizes of images.
  unsigned open = conv->isDepthwise() ? 1 : 3;
  if (!lhsSigned || !weights || weights.getNumElements() == 0 ||
      ShapedType::isDynamicShape(inputType.getShape().drop_front(open)) ||
      ShapedType::isDynamicShape(outputType.getShape().drop_front(open)))
    return std::nullopt;
  Value init = op.getDpsInits().front();
  Value bias = getBroadcastVector(init, 3);
  if (!bias && !isZeroTensor(init))
    return std::nullopt;
  AffineMap map = op.getIndexingMapsArray()[1];
  std::array<unsigned, 4> weightDims;
  for (auto [dim, iterator] : llvm::zip(
           weightDims, std::array<unsigned, 4>{conv->taps[0], conv->taps[1],
                                               conv->channel, conv->filter}))
    dim = *map.getResultPosition(getAffineDimExpr(iterator, op->getContext()));
  return ConstantConv2D{*conv,
                        weights,
                        weightDims,
                        bias,
                        inputType.getDimSize(3),
                        outputType.getDimSize(3),
                        *lhsSigned,
                        stored};
}

/// Calls `use(run, element of the run, filter, weight)` for every weight.
template <typename T, typename Use>
void forEachWeight(const ConstantConv2D &match, const ConvolutionRuns &runs,
                   Use use) {
  auto type = cast<RankedTensorType>(match.weights.getType());
  SmallVector<int64_t> strides = computeStrides(type.getShape());
  // f16 and bf16 are moved as the integers of their bits.
  DenseElementsAttr weights = match.weights;
  if constexpr (std::is_same_v<T, int16_t>)
    weights = weights.bitcast(IntegerType::get(weights.getContext(), 16));
  auto values = weights.getValues<T>();
  const auto &dims = match.weightDims;
  auto value = values.begin();
  for (int64_t row = 0; row < match.conv.kernel[0]; ++row)
    for (int64_t column = 0; column < match.conv.kernel[1]; ++column)
      for (int64_t channel = 0; channel < match.channels; ++channel)
        for (int64_t filter = 0; filter < match.filters; ++filter) {
          int64_t tap = column * match.channels + channel;
          int64_t from = row * strides[dims[0]] + column * strides[dims[1]] +
                         channel * strides[dims[2]] + filter * strides[dims[3]];
          use(row * runs.perRow + tap / runs.length, tap % runs.length, filter,
              *(value + from));
        }
}

/// The layout that quanta.fused_conv_2d describes.
template <typename T>
Value packWeights(OpBuilder &builder, Location loc, const ConstantConv2D &match,
                  const ConvolutionRuns &runs, const DotShape &shape,
                  DotAttrInterface dot) {
  auto type = cast<RankedTensorType>(match.weights.getType());
  PackedShape packed = shape.pack(match.filters, runs.depth(shape.depthUnit()));
  SmallVector<T> result(packed.columns * packed.depth, T(0));
  forEachWeight<T>(
      match, runs, [&](int64_t run, int64_t element, int64_t filter, T weight) {
        int64_t start = filter / shape.columns() * shape.columns();
        int64_t width = std::min(shape.columns(), packed.columns - start);
        int64_t group =
            (run * shape.paddedDepth(runs.length) + element) / shape.kGroup;
        result[start * packed.depth +
               (group * width + filter - start) * shape.kGroup +
               element % shape.kGroup] = weight;
      });
  if constexpr (std::is_same_v<T, int16_t>)
    return createConstant(builder, loc, {packed.size()}, ArrayRef<T>(result),
                          cast<FloatType>(type.getElementType()));
  else if constexpr (std::is_same_v<T, int8_t>)
    return createConstant(builder, loc, {packed.size()},
                          ArrayRef<T>(shareBytes(result, dot)));
  else
    return createConstant(builder, loc, {packed.size()}, ArrayRef<T>(result));
}

/// The same of weights that stay integers.
Value packStoredWeights(OpBuilder &builder, Location loc,
                        const ConstantConv2D &match,
                        const ConvolutionRuns &runs, const DotShape &shape) {
  int64_t depth = runs.depth(shape.depthUnit());
  SmallVector<int8_t> result(shape.pack(match.filters, depth).size());
  const Conv2D &conv = match.conv;
  packStored(
      *match.stored, shape, match.filters, depth,
      [&](int64_t k, int64_t filter, MutableArrayRef<int64_t> iterators) {
        int64_t tap = k / match.channels;
        iterators[conv.taps[0]] = tap / conv.kernel[1];
        iterators[conv.taps[1]] = tap % conv.kernel[1];
        iterators[conv.channel] = k % match.channels;
        iterators[conv.filter] = filter;
      },
      result);
  return createConstant(builder, loc, {static_cast<int64_t>(result.size())},
                        ArrayRef<int8_t>(result));
}

/// The bias padded to whole vectors, with what the change of signedness of the
/// image adds to every sum: its elements lose `shift`.
Value packIntegerBias(OpBuilder &builder, Location loc,
                      const ConstantConv2D &match, const ConvolutionRuns &runs,
                      const DotShape &shape, int32_t shift) {
  SmallVector<uint32_t> sums(shape.pack(match.filters, 1).columns, 0);
  if (match.bias)
    llvm::copy(*getConstantInts(match.bias), sums.begin());
  if (shift != 0)
    forEachWeight<int8_t>(match, runs,
                          [&](int64_t, int64_t, int64_t filter, int8_t weight) {
                            sums[filter] += static_cast<uint32_t>(shift) *
                                            static_cast<uint32_t>(weight);
                          });
  SmallVector<int32_t> bias(sums.begin(), sums.end());
  return createConstant(builder, loc, {static_cast<int64_t>(bias.size())},
                        ArrayRef<int32_t>(bias));
}

Value packFloatBias(OpBuilder &builder, Location loc,
                    const ConstantConv2D &match, const DotShape &shape) {
  SmallVector<float> bias(shape.pack(match.filters, 1).columns, 0.0f);
  if (match.bias)
    llvm::copy(*getConstantFloats(match.bias), bias.begin());
  return createConstant(builder, loc, {static_cast<int64_t>(bias.size())},
                        ArrayRef<float>(bias));
}

/// Vectors in a block of channels: of the tiles that fit the registers, those
/// that need the fewest cycles for an image's row. In quarters of a cycle: a
/// dot takes two, and as long to finish as ten of them, an activation one, and
/// a vector of weights, which the first cache seldom has, two. The number is a
/// multiple of `unit` unless that of the instruction is best.
int64_t chooseVectors(int64_t width, int64_t filters, const DotShape &shape,
                      int64_t unit) {
  int64_t all = llvm::divideCeil(filters, shape.lanes);
  int64_t best = shape.vectors, bestCost = std::numeric_limits<int64_t>::max();
  for (int64_t vectors = std::min(all, shape.vectors); vectors > 1; --vectors) {
    if (vectors % unit != 0)
      continue;
    auto costOf = [&](int64_t side) {
      int64_t tiles = llvm::divideCeil(width, shape.withVectors(vectors).rows);
      int64_t cost = 0;
      for (int64_t tile = 0; tile < tiles; ++tile) {
        int64_t pixels = width / tiles + (tile < width % tiles);
        cost += 2 * std::max<int64_t>(10, pixels * side) + pixels + 2 * side;
      }
      return cost;
    };
    int64_t cost = all / vectors * costOf(vectors);
    if (all % vectors != 0)
      cost += costOf(all % vectors);
    if (cost < bestCost) {
      best = vectors;
      bestCost = cost;
    }
  }
  return best;
}

void pack(linalg::LinalgOp op, const ConstantConv2D &match,
          DotAttrInterface dot, const std::optional<NarrowWeights> &narrow) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  DotShape shape = dot.getDotShape();
  auto resultType = cast<RankedTensorType>(op->getResult(0).getType());
  // All pixels of an image are one row to a single tap, if they are to what is
  // computed with it. Where sizes are open, rows are taken for long ones.
  bool isOpen = ShapedType::isDynamicShape(resultType.getShape().slice(1, 2));
  int64_t width = isOpen ? 256 : resultType.getDimSize(2);
  if (!isOpen && match.conv.isPointwise() && !isReadByRows(op))
    width *= resultType.getDimSize(1);
  ConvolutionRuns runs = ConvolutionRuns::get(
      match.conv.kernel, match.conv.dilations, match.channels);
  bool flip = !shape.isFloat && match.lhsSigned != shape.lhsSigned;
  // Registers of matrices take whole bytes, and as many columns as there are.
  bool usesMatrices = shape.canUseMatrices(runs.length, flip);
  bool isNarrow = narrow && !shape.isFloat && !usesMatrices;
  int64_t vectors = usesMatrices ? shape.vectors
                                 : chooseVectors(width, match.filters, shape,
                                                 /*unit=*/isNarrow ? 2 : 1);
  if (isNarrow) {
    dot = getNarrowDot(dot, narrow->bits, narrow->low(), vectors);
    shape = dot.getDotShape();
  }
  IntegerAttr vectorsAttr;
  if (vectors != shape.vectors) {
    vectorsAttr = builder.getI64IntegerAttr(vectors);
    shape = shape.withVectors(vectors);
  }
  Value rhs, init;
  if (shape.isFloat) {
    rhs = match.stored ? packStoredWeights(builder, loc, match, runs, shape)
          : isa<HalfFmaAttr>(dot)
              ? packWeights<int16_t>(builder, loc, match, runs, shape, dot)
              : packWeights<float>(builder, loc, match, runs, shape, dot);
    init = packFloatBias(builder, loc, match, shape);
  } else {
    // u8 read as i8 is 128 too small, i8 read as u8 128 too large.
    int32_t shift = !flip ? 0 : match.lhsSigned ? -128 : 128;
    rhs = packWeights<int8_t>(builder, loc, match, runs, shape, dot);
    init = packIntegerBias(builder, loc, match, runs, shape, shift);
  }
  PaddedImage padded = PaddedImage::get(op->getOperand(0));
  // Only what is zero to the instruction can be left out.
  if (shape.isFloat || isOpen || padded.padding != (flip ? -128 : 0))
    padded = {op->getOperand(0), {}};
  else if (match.channels % shape.kGroup != 0)
    padded.padSides(builder, loc);
  Value output = createEmptyLike(builder, loc, op.getDpsInits().front(),
                                 resultType.getElementType());
  replaceWithFused(
      op, FusedConv2DOp::create(builder, loc, TypeRange(resultType),
                                padded.image, rhs, init, ValueRange(), output,
                                dot, match.conv.kernel, match.conv.strides,
                                match.conv.dilations, padded.pads, vectorsAttr,
                                builder.getAffineMapArrayAttr({}), flip));
}

/// The instruction for weights like these; null if there is none.
DotAttrInterface chooseDot(const ConstantConv2D &match,
                           DotAttrInterface integerDot,
                           DotAttrInterface floatDot) {
  if (match.stored) {
    const Conv2D &conv = match.conv;
    if (conv.isDepthwise())
      return {};
    ConvolutionRuns runs =
        ConvolutionRuns::get(conv.kernel, conv.dilations, match.channels);
    auto followsTaps = [&](const StoredParameter &parameter) {
      return parameter.map && llvm::any_of(conv.taps, [&](unsigned tap) {
               return parameter.map.isFunctionOfDim(tap);
             });
    };
    if (followsTaps(match.stored->scales) ||
        followsTaps(match.stored->zeroPoints))
      return {};
    return getStoredDot(*match.stored, conv.channel, match.channels,
                        runs.length, floatDot);
  }
  auto type = dyn_cast<FloatType>(match.weights.getElementType());
  if (!type || type.isF32())
    return type ? floatDot : integerDot;
  DotShape shape = floatDot.getDotShape();
  return HalfFmaAttr::get(type.getContext(), shape.lanes, shape.vectors,
                          shape.rows, type);
}

/// Where bytes are widened, nothing can mask those of a vector that is not
/// full.
bool canInterleave(const DotShape &shape, int64_t channels) {
  return shape.interleaves &&
         (!shape.widensLhs || channels >= shape.lanes * shape.kGroup);
}

struct PackConvolutionsPass : impl::PackConvolutionsBase<PackConvolutionsPass> {
  void runOnOperation() override {
    if (failed(checkStage(getOperation(),
                          {Stage::Float, Stage::Integer, Stage::Kernel},
                          getArgument())))
      return signalPassFailure();
    ModuleOp module = getOperation();
    FailureOr<TargetDots> dots = TargetDots::get(module, getArgument());
    if (failed(dots))
      return signalPassFailure();
    auto [integerDot, floatDot] = *dots;
    SmallVector<linalg::LinalgOp> ops;
    module.walk([&](linalg::LinalgOp op) { ops.push_back(op); });
    for (linalg::LinalgOp op : ops) {
      op = turnColumn(expandConv1D(op));
      // Those that are dequantized have an instruction of their own, and those
      // of products of matrices are seen by `quanta-pack-weights`.
      std::optional<NarrowWeights> narrow;
      if (matchConv2D(op) && !matchStoredWeights(op))
        narrow = widenWeights(op);
      if (std::optional<ConstantConv2D> match = matchConstantConv2D(op)) {
        DotAttrInterface dot = chooseDot(*match, integerDot, floatDot);
        if (dot && !match->conv.isDepthwise()) {
          pack(op, *match, dot, narrow);
          continue;
        }
        if (dot && canInterleave(dot.getDotShape(), match->channels)) {
          packDepthwiseConv2D(op, *match, dot);
          continue;
        }
      }
      // But for convolutions that were not packed above.
      if (auto stored = matchStoredWeights(op);
          stored &&
          !op.getIndexingMapsArray()[stored->lhs].isProjectedPermutation())
        widenWeights(op);
    }
    RewritePatternSet patterns(&getContext());
    populateExpandConv1DConsumers(patterns);
    populateTurnColumnConsumers(patterns);
    if (failed(applyPatternsGreedily(module, std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace

PaddedImage PaddedImage::get(Value value) {
  auto pad = value.getDefiningOp<tensor::PadOp>();
  Value constant = pad ? pad.getConstantPaddingValue() : Value();
  IntegerAttr padding;
  if (!constant || !matchPattern(constant, m_Constant(&padding)) ||
      !padding.getType().isInteger(8))
    return {value, {}};
  ArrayRef<int64_t> low = pad.getStaticLow(), high = pad.getStaticHigh();
  // Dynamic ones count as negative.
  auto isStatic = [](int64_t pad) { return pad >= 0; };
  if (!llvm::all_of(low, isStatic) || !llvm::all_of(high, isStatic) ||
      low.size() != 4 || low[0] != 0 || high[0] != 0 || low[3] != 0 ||
      high[3] != 0 ||
      ShapedType::isDynamicShape(pad.getSourceType().getShape().drop_front()))
    return {value, {}};
  return {pad.getSource(),
          {low[1], low[2], high[1], high[2]},
          static_cast<int8_t>(padding.getInt())};
}

void PaddedImage::padSides(OpBuilder &builder, Location loc) {
  if (pads.empty() || (pads[1] == 0 && pads[3] == 0))
    return;
  auto sides = [&](int64_t pad) {
    return SmallVector<OpFoldResult>{
        builder.getIndexAttr(0), builder.getIndexAttr(0),
        builder.getIndexAttr(pad), builder.getIndexAttr(0)};
  };
  Value value = arith::ConstantOp::create(builder, loc,
                                          builder.getI8IntegerAttr(padding));
  image = tensor::PadOp::create(builder, loc, Type(), image, sides(pads[1]),
                                sides(pads[3]), value);
  pads[1] = pads[3] = 0;
}

void replaceWithFused(linalg::LinalgOp op, FusedOpInterface fused) {
  OpBuilder builder(fused);
  Block &block = fused.getEpilogue().emplaceBlock();
  Value accumulator = block.addArgument(
      getElementTypeOrSelf(op->getResult(0).getType()), op.getLoc());
  builder.setInsertionPointToEnd(&block);
  YieldOp::create(builder, op.getLoc(), accumulator);
  op->getResult(0).replaceAllUsesWith(fused->getResult(0));
  op->erase();
}

} // namespace quanta
