//===- Quantize.cpp - Compute on quantized tensors ------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AccumulatorRange.h"
#include "QuantizePatterns.h"

#include "quanta/IR/Quanta.h"
#include "quanta/IR/Stage.h"
#include "quanta/Numerics/QuantParams.h"
#include "quanta/Transforms/Clamp.h"
#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/ContractArithmetic.h"
#include "quanta/Transforms/Passes.h"
#include "quanta/Transforms/SplitActivations.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/Support/FormatVariadic.h"

#include <cfloat>
#include <cmath>

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_QUANTIZE
#include "quanta/Transforms/Passes.h.inc"

namespace {

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

/// A factor on its way to a quantized contraction.
struct Factor {
  Value quantized;
  /// What a range found at run time adds: scales and zero points of the
  /// dimensions `rows` of the factor; null where there are none.
  Value scale, zeroPoint;
  SmallVector<int64_t> rows;
  /// Dimensions of the result that index the rows.
  SmallVector<int64_t> resultDims;

  QuantParams getParams() const {
    return *QuantParams::get(getElementTypeOrSelf(quantized.getType()));
  }
};

class ContractionQuantizer {
public:
  void run(QuantizableOpInterface op);

private:
  bool runWeightOnly(QuantizableOpInterface op);
  static bool runFloat(QuantizableOpInterface op);
  static void replaceWithStored(QuantizableOpInterface op, ValueRange factors,
                                unsigned weight);
  /// Quantized form of each fake-quantized value.
  DenseMap<Operation *, Factor> quantized;

  Factor quantizeFactor(Operation *op);
  Value quantizeFactor(FakeQuantOp op);
  static Value quantizeWeight(OpBuilder &builder, FakeQuantOp op,
                              RankedTensorType type, ArrayRef<float> values);
};

Value ContractionQuantizer::quantizeWeight(OpBuilder &builder, FakeQuantOp op,
                                           RankedTensorType type,
                                           ArrayRef<float> values) {
  auto params = *QuantParams::getOfWeight(op.getQuantizedType());
  SmallVector<APInt> storage;
  storage.reserve(values.size());
  for (auto [index, value] : llvm::enumerate(values)) {
    size_t channel = params.getChannel(type.getShape(), index);
    int32_t q = reference::quantize(value, params.scale(channel),
                                    params.zeroPoint(channel), params.range);
    storage.emplace_back(params.storageWidth(), static_cast<uint64_t>(q),
                         /*isSigned=*/true, /*implicitTrunc=*/true);
  }
  auto storageType =
      RankedTensorType::get(type.getShape(), params.storageType());
  Value constant = arith::ConstantOp::create(
      builder, op.getLoc(), DenseElementsAttr::get(storageType, storage));
  return quant::StorageCastOp::create(builder, op.getLoc(), type, constant);
}

Value ContractionQuantizer::quantizeFactor(FakeQuantOp op) {
  OpBuilder builder(op);
  RankedTensorType type = getQuantizedTensorType(op);
  if (auto values = getConstantFloats(op.getInput()))
    return quantizeWeight(builder, op, type, *values);
  return QuantizeOp::create(builder, op.getLoc(), type, op.getInput(),
                            op.getNameAttr());
}

Factor ContractionQuantizer::quantizeFactor(Operation *op) {
  Factor &result = quantized[op];
  if (result.quantized)
    return result;
  if (auto dequantize = dyn_cast<DequantizeOp>(op)) {
    result.quantized = dequantize.getInput();
    return result;
  }
  if (auto fake = dyn_cast<FakeQuantOp>(op)) {
    result.quantized = quantizeFactor(fake);
    return result;
  }
  OpBuilder builder(op);
  auto dynamic = createDynamicQuantize(builder, cast<DynamicFakeQuantOp>(op));
  result = {dynamic.getResult(),
            dynamic.getScale(),
            dynamic.getZeroPoint(),
            SmallVector<int64_t>(dynamic.getRows()),
            {}};
  return result;
}

/// The dimensions of the result that index the rows of a factor, or why there
/// are none.
FailureOr<SmallVector<int64_t>> getResultDims(QuantizableOpInterface op,
                                              OpOperand &factor,
                                              DynamicFakeQuantOp fake,
                                              std::string &reason) {
  if (factor.getOperandNumber() != 0 && !fake.getSymmetric()) {
    reason = "its right factor has zero points that are known only at run time";
    return failure();
  }
  SmallVector<std::optional<int32_t>> dims =
      op.getResultDims(factor.getOperandNumber());
  SmallVector<int64_t> result;
  for (int64_t row : fake.getRows()) {
    if (!dims[row]) {
      reason = "a factor has several scales along a dimension that is summed "
               "over";
      return failure();
    }
    result.push_back(*dims[row]);
  }
  return result;
}

/// `acc - zp * sum w` for the zero points of a left factor.
Value subtractZeroPoint(OpBuilder &builder, Location loc, Value accumulators,
                        const Factor &lhs, Value weights) {
  SmallVector<AffineMap> maps = getMatmulMaps(builder.getContext());
  if (auto contract = accumulators.getDefiningOp<ContractOp>())
    maps = contract.getIndexingMaps();
  SmallVector<AffineExpr> rowExprs;
  for (int64_t row : lhs.rows)
    rowExprs.push_back(maps[0].getResult(row));
  return SubtractZeroPointOp::create(
      builder, loc, accumulators.getType(), accumulators, lhs.zeroPoint,
      weights,
      builder.getAffineMapArrayAttr(
          {maps[2],
           AffineMap::get(maps[0].getNumDims(), 0, rowExprs,
                          builder.getContext()),
           maps[1]}));
}

/// Multiplies a result with the scales of its factors' rows, and adds a vector
/// along `channelDim`: the end of rule 7. `bias` may be null.
Value applyDynamicScales(OpBuilder &builder, Location loc, Value tensor,
                         ArrayRef<Factor> factors, Value bias,
                         int64_t channelDim) {
  ElementwiseBuilder elementwise(builder, loc, tensor);
  SmallVector<unsigned> scales;
  for (const Factor &factor : factors)
    if (factor.scale)
      scales.push_back(elementwise.addInput(factor.scale, factor.resultDims));
  std::optional<unsigned> added;
  if (bias)
    added = elementwise.addInput(bias, {channelDim});
  return elementwise.build(builder.getF32Type(), [&](OpBuilder &b, Location loc,
                                                     ValueRange elements) {
    Value x = elements[0];
    for (unsigned scale : scales)
      x = arith::MulFOp::create(b, loc, x,
                                elementwise.get(b, loc, elements, scale));
    if (added)
      x = arith::AddFOp::create(b, loc, x,
                                elementwise.get(b, loc, elements, *added));
    return x;
  });
}

/// The quantized type of a factor: of a fake-quant, or of what a dequantization
/// reads. Null for a float factor, and for a weight with blocks, which no
/// integer contraction takes.
Type getFactorType(Operation *factor) {
  if (auto fake = dyn_cast_or_null<FakeQuantOp>(factor))
    return QuantParams::get(fake.getQuantizedType()) ? fake.getQuantizedType()
                                                     : Type();
  if (auto fake = dyn_cast_or_null<DynamicFakeQuantOp>(factor))
    return fake.getQuantizedType();
  auto dequantize = dyn_cast_or_null<DequantizeOp>(factor);
  Type type =
      dequantize ? dequantize.getInput().getType().getElementType() : Type();
  auto params = type ? QuantParams::get(type) : std::optional<QuantParams>();
  return params && params->storageWidth() <= 8 ? type : Type();
}

/// Whether the scales of the factors can be taken out of the sums.
LogicalResult checkAxes(QuantizableOpInterface op, Type lhs, Type rhs,
                        std::string &reason) {
  std::optional<int32_t> axis = QuantParams::get(rhs)->axis;
  if (!QuantParams::get(lhs)->axis && (!axis || axis == op.getWeightAxis(1)))
    return success();
  reason = "a factor is quantized along a dimension that is not its output "
           "channels";
  return failure();
}

/// Whether sums of products have a scale: that of the factors' product in each
/// channel, which is to be a normal f32.
LogicalResult checkScales(Type lhs, Type rhs, std::string &reason) {
  QuantParams left = *QuantParams::get(lhs), right = *QuantParams::get(rhs);
  for (double first : left.scales)
    for (double second : right.scales) {
      double product = first * second;
      auto rounded = static_cast<float>(product);
      if (std::isfinite(rounded) && rounded >= FLT_MIN)
        continue;
      reason = llvm::formatv("the scale of its sums, {0:E2} * {1:E2}, is not a "
                             "normal f32",
                             first, second);
      return failure();
    }
  return success();
}

/// Whether the sums of `built`, which is to replace `op`, are proven to fit
/// i32. If they may not, `built` is erased and `op` stays in float. With
/// `lateZeroPoint`, that of the left factor is subtracted from the sums.
bool checkAccumulators(QuantizableOpInterface op, Operation *built,
                       bool lateZeroPoint) {
  AccumulatorRange range = AccumulatorRange::get(built);
  // Any zero point may come: differences reach as far down as up.
  if (lateZeroPoint)
    range.makeSymmetric();
  if (!range.terms) {
    // Its length is only known at run time.
    op.emitRemark() << "sums an unknown number of products; its i32 "
                       "accumulators hold "
                    << range.getMaxTerms() << " of them";
    return true;
  }
  if (range.fitsI32())
    return true;
  std::string reason =
      llvm::formatv("its sums of {0} products reach [{1}, {2}], which does not "
                    "fit i32 accumulators",
                    *range.terms, range.low, range.high);
  op.emitRemark() << "stays in float: " << reason;
  op->setAttr(attrs::floatReason, StringAttr::get(op->getContext(), reason));
  built->erase();
  return false;
}

/// The weight that `value` is: a constant to be rounded to at most 8 bits, or
/// one that is stored as integers and dequantized.
Operation *getStoredWeight(Value value) {
  if (auto fake = value.getDefiningOp<FakeQuantOp>())
    return getConstant(fake.getInput()) && !fake.getFloatType() &&
                   QuantParams::getOfWeight(fake.getQuantizedType())
                           ->storageWidth() <= 8
               ? fake
               : nullptr;
  auto dequantize = value.getDefiningOp<DequantizeOp>();
  auto cast = dequantize
                  ? dequantize.getInput().getDefiningOp<quant::StorageCastOp>()
                  : nullptr;
  return cast && getConstant(cast.getInput()) &&
                 QuantParams::getOfWeight(
                     dequantize.getInput().getType().getElementType())
                         ->storageWidth() <= 8
             ? dequantize
             : nullptr;
}

/// A weight that meets a float activation stays stored as integers.
bool ContractionQuantizer::runWeightOnly(QuantizableOpInterface op) {
  SmallVector<Value> values;
  std::optional<unsigned> weight;
  std::string reason;
  for (auto [index, factor] : llvm::enumerate(op.getFactors())) {
    values.push_back(factor->get());
    Operation *producer = factor->get().getDefiningOp();
    if (getStoredWeight(factor->get()) && !weight)
      weight = index;
    else if (getFactorType(producer))
      return false;
  }
  if (!weight || failed(op.checkQuantizable(reason)))
    return false;
  values[*weight] = quantizeFactor(values[*weight].getDefiningOp()).quantized;
  replaceWithStored(op, values, *weight);
  return true;
}

/// A contraction whose factors are both rounded to f16, or both to bf16.
bool ContractionQuantizer::runFloat(QuantizableOpInterface op) {
  SmallVector<FakeQuantOp> fakes;
  for (OpOperand *factor : op.getFactors()) {
    auto fake = factor->get().getDefiningOp<FakeQuantOp>();
    if (!fake || !fake.getFloatType() ||
        (!fakes.empty() && fakes[0].getFloatType() != fake.getFloatType()))
      return false;
    fakes.push_back(fake);
  }
  std::string reason;
  if (failed(op.checkQuantizable(reason)))
    return false;
  unsigned weight = getConstant(fakes[0].getInput()) ? 0 : 1;
  SmallVector<Value> values(fakes.begin(), fakes.end());
  OpBuilder builder(fakes[weight]);
  values[weight] = buildStored(builder, fakes[weight]);
  replaceWithStored(op, values, weight);
  return true;
}

/// The dimension of the result along which kernels have the columns of factor
/// `weight`: the last that no other factor has.
int64_t getColumnDim(QuantizableOpInterface op, unsigned weight) {
  OpOperand &factor = *op.getFactors()[weight];
  std::optional<int64_t> own;
  auto others =
      op.getResultDims(op.getFactors()[1 - weight]->getOperandNumber());
  for (std::optional<int32_t> dim : op.getResultDims(factor.getOperandNumber()))
    if (dim && !llvm::is_contained(others, dim))
      own = std::max<int64_t>(own.value_or(*dim), *dim);
  return own.value_or(op.getChannelResultDim());
}

/// `factors` with the right operand of the product, number `weight`, as it is
/// stored.
void ContractionQuantizer::replaceWithStored(QuantizableOpInterface op,
                                             ValueRange factors,
                                             unsigned weight) {
  OpBuilder builder(op);
  // A constant to start from is part of the sums; anything else is added to
  // them, so that kernels start from one row.
  Value init = op.getAccumulatorInit()->get();
  bool isStart =
      isZeroTensor(init) || getBroadcastVector(init, getColumnDim(op, weight));
  Value start = init;
  if (!isStart)
    start = createZerosLike(builder, op.getLoc(), init);
  Value result = op.buildWeightOnly(builder, factors, weight, start);
  if (!isStart)
    result = addElements(builder, op.getLoc(), result, init);
  op->getResult(0).replaceAllUsesWith(result);
  op->erase();
}

/// What rounds each factor to a type that integer contractions take; nothing if
/// one is not rounded so.
std::optional<SmallVector<Operation *>>
getRoundings(QuantizableOpInterface op) {
  SmallVector<Operation *> roundings;
  for (OpOperand *factor : op.getFactors()) {
    roundings.push_back(factor->get().getDefiningOp());
    if (!getFactorType(roundings.back()))
      return std::nullopt;
  }
  return roundings;
}

/// For each factor the dimensions of the result that index its rows; nothing,
/// with the reason, if these factors cannot be multiplied as integers.
std::optional<SmallVector<SmallVector<int64_t>>>
checkFactors(QuantizableOpInterface op, ArrayRef<Operation *> roundings,
             std::string &reason) {
  Type lhs = getFactorType(roundings[0]), rhs = getFactorType(roundings[1]);
  bool isQuantizable = succeeded(op.checkQuantizable(reason)) &&
                       succeeded(checkAxes(op, lhs, rhs, reason)) &&
                       succeeded(checkScales(lhs, rhs, reason));
  SmallVector<SmallVector<int64_t>> resultDims(roundings.size());
  for (auto [rounding, factor, dims] :
       llvm::zip(roundings, op.getFactors(), resultDims))
    if (auto dynamic = dyn_cast<DynamicFakeQuantOp>(rounding)) {
      auto found = getResultDims(op, *factor, dynamic, reason);
      isQuantizable &= succeeded(found);
      if (succeeded(found))
        dims = *found;
    }
  if (!isQuantizable)
    return std::nullopt;
  return resultDims;
}

/// What becomes of the value that a contraction starts its sums from.
struct Start {
  /// The sums of integers start from it; null for zeros.
  Value bias;
  /// Added along the channels to a result whose scale is known only at run
  /// time; null if nothing is.
  Value vector;
  /// Whether it is added to the result as a whole.
  bool isAdded;
};

Start convertStart(OpBuilder &builder, QuantizableOpInterface op,
                   const QuantParams &lhs, const QuantParams &rhs,
                   bool isDynamic) {
  Value init = op.getAccumulatorInit()->get();
  Value vector = getBroadcastVector(init, op.getChannelResultDim());
  if (!vector)
    return {Value(), Value(), !isZeroTensor(init)};
  if (isDynamic)
    return {Value(), vector, false};
  Value bias = quantizeBias(builder, op.getLoc(), vector,
                            getAccumulatorType(lhs, rhs, 0));
  if (!bias)
    op.emitRemark() << "keeps its bias in float: i32 cannot hold it well at "
                       "the scale of the accumulators";
  return {bias, Value(), !bias};
}

/// Replaces `op` by a contraction of integers, unless its sums may not fit.
void replaceWithIntegers(QuantizableOpInterface op, ArrayRef<Factor> factors) {
  QuantParams lhs = factors[0].getParams(), rhs = factors[1].getParams();
  bool isDynamic = factors[0].scale || factors[1].scale;
  int32_t channelDim = op.getChannelResultDim();
  auto resultType = cast<RankedTensorType>(op->getResult(0).getType());
  OpBuilder builder(op);
  Location loc = op.getLoc();
  Value init = op.getAccumulatorInit()->get();
  Start start = convertStart(builder, op, lhs, rhs, isDynamic);
  // Weights may know how many channels there are where the result does not.
  SmallVector<int64_t> shape(resultType.getShape());
  if (rhs.axis)
    shape[channelDim] = static_cast<int64_t>(rhs.scales.size());
  auto accumulatorType =
      RankedTensorType::get(shape, getAccumulatorType(lhs, rhs, channelDim));
  Value result =
      op.buildQuantized(builder, {factors[0].quantized, factors[1].quantized},
                        start.bias, accumulatorType);
  if (Attribute part = op->getAttr(attrs::upperByte))
    result.getDefiningOp()->setAttr(attrs::upperByte, part);
  if (!checkAccumulators(op, result.getDefiningOp(),
                         factors[0].zeroPoint != nullptr))
    return;
  if (factors[0].zeroPoint)
    result = subtractZeroPoint(builder, loc, result, factors[0],
                               factors[1].quantized);
  result = DequantizeOp::create(
      builder, loc, RankedTensorType::get(shape, builder.getF32Type()), result);
  if (result.getType() != resultType)
    result = tensor::CastOp::create(builder, loc, resultType, result);
  if (isDynamic)
    result = applyDynamicScales(builder, loc, result, factors, start.vector,
                                channelDim);
  if (start.isAdded)
    result = addElements(builder, loc, result, init);
  op->getResult(0).replaceAllUsesWith(result);
  op->erase();
}

void ContractionQuantizer::run(QuantizableOpInterface op) {
  if (runWeightOnly(op) || runFloat(op))
    return;
  std::optional<SmallVector<Operation *>> roundings = getRoundings(op);
  if (!roundings)
    return;
  std::string reason;
  auto resultDims = checkFactors(op, *roundings, reason);
  if (!resultDims) {
    op->setAttr(attrs::floatReason, StringAttr::get(op->getContext(), reason));
    return;
  }
  SmallVector<Factor> factors;
  for (auto [rounding, dims] : llvm::zip(*roundings, *resultDims)) {
    factors.push_back(quantizeFactor(rounding));
    factors.back().resultDims = dims;
  }
  replaceWithIntegers(op, factors);
}

struct QuantizePass : impl::QuantizeBase<QuantizePass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(checkStage(module, {Stage::Simulated, Stage::Quantized},
                          getArgument())))
      return signalPassFailure();
    splitActivations(module);
    SmallVector<QuantizableOpInterface> ops;
    module.walk([&](QuantizableOpInterface op) { ops.push_back(op); });
    ContractionQuantizer quantizer;
    for (QuantizableOpInterface op : ops)
      quantizer.run(op);
    RewritePatternSet patterns(&getContext());
    populateQuantizePatterns(patterns);
    // Without constant folding: it would duplicate weights as it moves them.
    if (failed(applyPatternsGreedily(module, std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace quanta
