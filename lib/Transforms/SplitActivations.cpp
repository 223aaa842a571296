//===- SplitActivations.cpp - Factors of 16 bits as two of 8 --------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Transforms/SplitActivations.h"

#include "QuantizePatterns.h"

#include "quanta/IR/Stage.h"
#include "quanta/Numerics/QuantParams.h"
#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/ContractArithmetic.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "llvm/ADT/Sequence.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_SPLITACTIVATIONS
#include "quanta/Transforms/Passes.h.inc"

namespace {

/// A constant in 16 bits, without zero points.
struct WideWeight {
  /// What rounds it, or what makes it a float tensor.
  Operation *op;
  QuantParams params;
  SmallVector<int32_t> values;
};

class FactorSplitter {
public:
  void run(QuantizableOpInterface op);

private:
  DenseMap<Value, Bytes> split;

  Bytes getBytes(Value factor);
  Bytes getWeightBytes(const WideWeight &weight);
};

} // namespace

/// The type of an activation of 16 bits, rounded or dequantized.
static std::optional<QuantParams> getWideType(Value value) {
  Type type;
  if (auto fake = value.getDefiningOp<FakeQuantOp>()) {
    if (!getConstant(fake.getInput()))
      type = fake.getQuantizedType();
  } else if (DequantizeOp dequantize = getDequantize(value)) {
    type = dequantize.getInput().getType().getElementType();
  }
  std::optional<QuantParams> params =
      type ? QuantParams::get(type) : std::nullopt;
  if (!params || params->storageWidth() != 16 || params->axis)
    return std::nullopt;
  return params;
}

/// Of how `value` is stored, if it is of 16 bits and has no zero points.
static std::optional<QuantParams> getWideWeightParams(Type type) {
  std::optional<QuantParams> params = QuantParams::get(type);
  if (!params || params->storageWidth() != 16 || !params->isSigned() ||
      !llvm::all_of(params->zeroPoints, [](int64_t zp) { return zp == 0; }))
    return std::nullopt;
  return params;
}

/// A constant that is rounded to 16 bits, or that a model stores so.
static std::optional<WideWeight> getWideWeight(Value value) {
  Operation *op = value.getDefiningOp();
  if (auto fake = dyn_cast_or_null<FakeQuantOp>(op)) {
    std::optional<QuantParams> params =
        getWideWeightParams(fake.getQuantizedType());
    std::optional<SmallVector<float>> floats =
        params ? getConstantFloats(fake.getInput()) : std::nullopt;
    if (!floats)
      return std::nullopt;
    auto shape = fake.getInput().getType().getShape();
    SmallVector<int32_t> values;
    for (auto [index, x] : llvm::enumerate(*floats))
      values.push_back(reference::quantize(
          x, params->scale(params->getChannel(shape, index)), 0,
          params->range));
    return WideWeight{op, std::move(*params), std::move(values)};
  }
  auto dequantize = dyn_cast_or_null<DequantizeOp>(op);
  auto cast = dequantize
                  ? dequantize.getInput().getDefiningOp<quant::StorageCastOp>()
                  : quant::StorageCastOp();
  std::optional<QuantParams> params =
      cast ? getWideWeightParams(
                 dequantize.getInput().getType().getElementType())
           : std::nullopt;
  std::optional<SmallVector<int32_t>> values =
      params ? getConstantInts(cast.getInput()) : std::nullopt;
  if (!values)
    return std::nullopt;
  return WideWeight{op, std::move(*params), std::move(*values)};
}

static bool isWide(Value value) {
  return getWideType(value) || getWideWeight(value).has_value();
}

/// Whether a factor is on integers of any width.
static bool isRounded(Value value) {
  if (getWideType(value))
    return true;
  if (auto fake = value.getDefiningOp<FakeQuantOp>())
    return QuantParams::get(fake.getQuantizedType()).has_value();
  return value.getDefiningOp<DynamicFakeQuantOp>() || getDequantize(value);
}

/// One byte of each element of `storage`, as what it adds to the value.
static Value buildByte(OpBuilder &builder, Location loc, Value storage,
                       unsigned shift, quant::UniformQuantizedType type) {
  Value byte =
      ElementwiseBuilder(builder, loc, storage)
          .build(builder.getI8Type(), [&](OpBuilder &b, Location loc,
                                          ValueRange elements) {
            Value element = elements[0];
            if (shift > 0) {
              Value bits =
                  arith::ConstantOp::create(b, loc, b.getI16IntegerAttr(shift));
              element = arith::ShRUIOp::create(b, loc, element, bits);
            }
            return arith::TruncIOp::create(b, loc, b.getI8Type(), element);
          });
  auto shape = cast<RankedTensorType>(storage.getType());
  Value quantized =
      quant::StorageCastOp::create(builder, loc, shape.clone(type), byte);
  return DequantizeOp::create(builder, loc, shape.clone(builder.getF32Type()),
                              quantized);
}

/// Elements of 8 bits as what they stand for, with the scales of `weight` times
/// `factor`.
static Value buildWeightByte(OpBuilder &builder, const WideWeight &weight,
                             double factor, int64_t zeroPoint,
                             ArrayRef<int8_t> elements) {
  const QuantParams &params = weight.params;
  SmallVector<double> scales =
      llvm::map_to_vector(llvm::seq<size_t>(0, params.scales.size()),
                          [&](size_t i) { return factor * params.scale(i); });
  Type i8 = builder.getI8Type(), f32 = builder.getF32Type();
  constexpr unsigned isSigned = quant::QuantizationFlags::Signed;
  Type type;
  if (params.axis)
    type = quant::UniformQuantizedPerAxisType::get(
        isSigned, i8, f32, scales,
        SmallVector<int64_t>(scales.size(), zeroPoint), *params.axis, -128,
        127);
  else
    type = quant::UniformQuantizedType::get(isSigned, i8, f32, scales[0],
                                            zeroPoint, -128, 127);
  auto shape = cast<RankedTensorType>(weight.op->getResult(0).getType());
  Location loc = weight.op->getLoc();
  Value constant = arith::ConstantOp::create(
      builder, loc, DenseElementsAttr::get(shape.clone(i8), elements));
  Value quantized =
      quant::StorageCastOp::create(builder, loc, shape.clone(type), constant);
  return DequantizeOp::create(builder, loc, shape, quantized);
}

/// Both bytes have a sign, and zero points of zero, if no integer is above
/// 32639: products with weights that have none are the fastest. Otherwise the
/// upper one is rounded down, and the zero point of the lower one is -128.
Bytes FactorSplitter::getWeightBytes(const WideWeight &weight) {
  Bytes &bytes = split[weight.op->getResult(0)];
  if (bytes.upper)
    return bytes;
  constexpr int32_t base = 256, half = base / 2;
  bool isNearest = llvm::all_of(
      weight.values, [](int32_t q) { return q < base * half - half; });
  SmallVector<int8_t> upper, lower;
  for (int32_t q : weight.values) {
    // The nearest multiple of 256 leaves a rest that fits a byte with a sign.
    int32_t high = (isNearest ? q + half : q) >> 8;
    int32_t rest = q - base * high;
    upper.push_back(static_cast<int8_t>(high));
    lower.push_back(static_cast<int8_t>(isNearest ? rest : rest - half));
  }
  OpBuilder builder(weight.op);
  bytes.upper = buildWeightByte(builder, weight, base, 0, upper);
  bytes.lower =
      buildWeightByte(builder, weight, 1, isNearest ? 0 : -half, lower);
  return bytes;
}

/// `s (q - z)` is `256 s (u - z / 256) + s (l - z mod 256)` for the bytes u and
/// l of q: both have zero points, and the lower one has no sign.
Bytes splitBytes(OpBuilder &builder, Location loc, Value quantized) {
  Bytes bytes;
  QuantParams params = *QuantParams::get(getElementTypeOrSelf(quantized));
  auto shape = cast<RankedTensorType>(quantized.getType());
  Value storage = quant::StorageCastOp::create(
      builder, loc, shape.clone(params.storageType()), quantized);
  constexpr int64_t base = 256;
  int64_t zeroPoint = params.zeroPoints[0];
  int64_t lowerZero = zeroPoint & (base - 1);
  auto getType = [&](bool isSigned, double scale, int64_t zeroPoint) {
    return quant::UniformQuantizedType::get(
        isSigned ? quant::QuantizationFlags::Signed : 0, builder.getI8Type(),
        builder.getF32Type(), scale, zeroPoint, isSigned ? -base / 2 : 0,
        isSigned ? base / 2 - 1 : base - 1);
  };
  double scale = params.scale(0);
  bytes.upper = buildByte(
      builder, loc, storage, 8,
      getType(params.isSigned(), base * scale, (zeroPoint - lowerZero) / base));
  bytes.lower =
      buildByte(builder, loc, storage, 0, getType(false, scale, lowerZero));
  return bytes;
}

Bytes FactorSplitter::getBytes(Value factor) {
  if (std::optional<WideWeight> weight = getWideWeight(factor))
    return getWeightBytes(*weight);
  Bytes &bytes = split[factor];
  if (bytes.upper)
    return bytes;
  Operation *producer = factor.getDefiningOp();
  OpBuilder builder(producer);
  Value quantized = producer->getOperand(0);
  if (auto fake = dyn_cast<FakeQuantOp>(producer))
    quantized = QuantizeOp::create(builder, producer->getLoc(),
                                   getQuantizedTensorType(fake),
                                   fake.getInput(), fake.getNameAttr());
  bytes = splitBytes(builder, producer->getLoc(), quantized);
  return bytes;
}

void FactorSplitter::run(QuantizableOpInterface op) {
  SmallVector<OpOperand *> factors = op.getFactors();
  std::string reason;
  if (!llvm::all_of(factors,
                    [](OpOperand *factor) { return isRounded(factor->get()); }))
    return;
  auto wide = llvm::find_if(
      factors, [](OpOperand *factor) { return isWide(factor->get()); });
  if (wide == factors.end() || failed(op.checkQuantizable(reason)))
    return;
  Bytes bytes = getBytes((*wide)->get());
  Location loc = op.getLoc();
  OpBuilder builder(op);
  Value init = op.getAccumulatorInit()->get();
  Value zeros = createZerosLike(builder, loc, init);
  // The lower one, whose sums have the finer scale, starts from the bias.
  auto upper = cast<QuantizableOpInterface>(builder.clone(*op));
  upper->setOperand((*wide)->getOperandNumber(), bytes.upper);
  upper->setOperand(op.getAccumulatorInit()->getOperandNumber(), zeros);
  upper->setAttr(attrs::upperByte, builder.getUnitAttr());
  // Sizes of the sum are those of the result.
  SmallVector<OpOperand *> readers =
      llvm::map_to_vector(op->getUses(), [](OpOperand &use) { return &use; });
  builder.setInsertionPointAfter(op);
  Value sum = addElements(builder, loc, upper->getResult(0), op->getResult(0));
  for (OpOperand *reader : readers)
    reader->set(sum);
  (*wide)->set(bytes.lower);
  // The other factor of both may have 16 bits too.
  run(op);
  run(upper);
}

void splitActivations(ModuleOp module) {
  SmallVector<QuantizableOpInterface> ops;
  module.walk([&](QuantizableOpInterface op) { ops.push_back(op); });
  FactorSplitter splitter;
  for (QuantizableOpInterface op : ops)
    splitter.run(op);
}

namespace {
struct SplitActivationsPass : impl::SplitActivationsBase<SplitActivationsPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(checkStage(module, {Stage::Simulated, Stage::Quantized},
                          getArgument())))
      return signalPassFailure();
    splitActivations(module);
  }
};
} // namespace

} // namespace quanta
