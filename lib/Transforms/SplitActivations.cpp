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

/// The upper and the lower byte of a factor, each as the float tensor that it
/// stands for: their sum is the factor.
struct Bytes {
  Value upper, lower;
};

class FactorSplitter {
public:
  void run(QuantizableOpInterface op);

private:
  DenseMap<Value, Bytes> split;

  Bytes getBytes(Value factor);
  Bytes getWeightBytes(FakeQuantOp weight);
};

} // namespace

/// The type of an activation of 16 bits, rounded or dequantized.
static std::optional<QuantParams> getWideType(Value value) {
  Type type;
  if (auto fake = value.getDefiningOp<FakeQuantOp>()) {
    if (!getConstant(fake.getInput()))
      type = fake.getQuantizedType();
  } else if (auto dequantize = value.getDefiningOp<DequantizeOp>()) {
    type = dequantize.getInput().getType().getElementType();
  }
  std::optional<QuantParams> params =
      type ? QuantParams::get(type) : std::nullopt;
  if (!params || params->storageWidth() != 16 || params->axis)
    return std::nullopt;
  return params;
}

/// The rounding of a constant to 16 bits.
static FakeQuantOp getWideWeight(Value value) {
  auto fake = value.getDefiningOp<FakeQuantOp>();
  if (!fake || !getConstant(fake.getInput()))
    return {};
  std::optional<QuantParams> params = QuantParams::get(fake.getQuantizedType());
  return params && params->storageWidth() == 16 ? fake : FakeQuantOp();
}

static bool isWide(Value value) {
  return getWideType(value) || getWideWeight(value);
}

/// Whether a factor is on integers of any width.
static bool isRounded(Value value) {
  if (getWideType(value))
    return true;
  if (auto fake = value.getDefiningOp<FakeQuantOp>())
    return QuantParams::get(fake.getQuantizedType()).has_value();
  return isa_and_nonnull<DynamicFakeQuantOp, DequantizeOp>(
      value.getDefiningOp());
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

/// Elements of 8 bits as what they stand for, with the scales of `params` times
/// `factor`.
static Value buildWeightByte(OpBuilder &builder, FakeQuantOp weight,
                             const QuantParams &params, double factor,
                             ArrayRef<int8_t> elements) {
  SmallVector<double> scales =
      llvm::map_to_vector(llvm::seq<size_t>(0, params.scales.size()),
                          [&](size_t i) { return factor * params.scale(i); });
  Type i8 = builder.getI8Type(), f32 = builder.getF32Type();
  constexpr unsigned isSigned = quant::QuantizationFlags::Signed;
  Type type;
  if (params.axis)
    type = quant::UniformQuantizedPerAxisType::get(
        isSigned, i8, f32, scales, SmallVector<int64_t>(scales.size(), 0),
        *params.axis, -128, 127);
  else
    type = quant::UniformQuantizedType::get(isSigned, i8, f32, scales[0], 0,
                                            -128, 127);
  auto shape = cast<RankedTensorType>(weight.getType());
  Location loc = weight.getLoc();
  Value constant = arith::ConstantOp::create(
      builder, loc, DenseElementsAttr::get(shape.clone(i8), elements));
  Value quantized =
      quant::StorageCastOp::create(builder, loc, shape.clone(type), constant);
  return DequantizeOp::create(builder, loc, shape, quantized);
}

/// Both bytes have a sign, and zero points of zero: products with weights that
/// have none are the fastest.
Bytes FactorSplitter::getWeightBytes(FakeQuantOp weight) {
  Bytes &bytes = split[weight];
  if (bytes.upper)
    return bytes;
  QuantParams params = *QuantParams::get(weight.getQuantizedType());
  auto shape = cast<RankedTensorType>(weight.getType()).getShape();
  SmallVector<int8_t> upper, lower;
  for (auto [index, value] :
       llvm::enumerate(*getConstantFloats(weight.getInput()))) {
    size_t channel = params.getChannel(shape, index);
    int32_t q =
        reference::quantize(value, params.scale(channel), 0, params.range);
    // The nearest multiple of 256, so that the rest fits a byte with a sign.
    int32_t high = (q + 128) >> 8;
    upper.push_back(static_cast<int8_t>(high));
    lower.push_back(static_cast<int8_t>(q - 256 * high));
  }
  OpBuilder builder(weight);
  bytes.upper = buildWeightByte(builder, weight, params, 256, upper);
  bytes.lower = buildWeightByte(builder, weight, params, 1, lower);
  return bytes;
}

/// `s (q - z)` is `256 s (u - z / 256) + s (l - z mod 256)` for the bytes u and
/// l of q: both have zero points, and the lower one has no sign.
Bytes FactorSplitter::getBytes(Value factor) {
  if (FakeQuantOp weight = getWideWeight(factor))
    return getWeightBytes(weight);
  Bytes &bytes = split[factor];
  if (bytes.upper)
    return bytes;
  QuantParams params = *getWideType(factor);
  Operation *producer = factor.getDefiningOp();
  Location loc = producer->getLoc();
  OpBuilder builder(producer);
  Value quantized;
  if (auto fake = dyn_cast<FakeQuantOp>(producer))
    quantized = QuantizeOp::create(builder, loc, getQuantizedTensorType(fake),
                                   fake.getInput(), fake.getNameAttr());
  else
    quantized = producer->getOperand(0);
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
  Value sum = addInit(builder, loc, upper->getResult(0), op->getResult(0));
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
