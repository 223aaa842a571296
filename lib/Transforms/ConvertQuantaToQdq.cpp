//===- ConvertQuantaToQdq.cpp - Float operations between casts ------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EraseDead.h"
#include "FloatForms.h"
#include "RewriteFamilies.h"
#include "RoundParts.h"

#include "quanta/IR/Quanta.h"
#include "quanta/IR/Stage.h"
#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/NamedContractions.h"
#include "quanta/Transforms/NamedOps.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_CONVERTQUANTATOQDQ
#include "quanta/Transforms/Passes.h.inc"

namespace {

class Converter {
public:
  LogicalResult convert(Operation *op);

private:
  /// The floats that accumulators stand for: these are not rounded in between.
  DenseMap<Value, Value> floats;

  Value getFloat(OpBuilder &builder, Value quantized);
  /// `value` takes the place of the quantized result of `op`.
  void replace(OpBuilder &builder, Operation *op, Value value,
               StringAttr name = {});

  LogicalResult convertContraction(Operation *op, Value lhs, Value rhs,
                                   Value bias, ArrayRef<AffineMap> maps,
                                   int64_t channelDim);
  LogicalResult convertOp(WeightOnlyContractOp op);
  LogicalResult convertOp(RequantizeOp op);
  LogicalResult convertOp(DequantizeOp op);
  LogicalResult convertOp(LookupOp op);
  LogicalResult convertOp(PadOp op);
  LogicalResult convertOp(EmbeddingOp op);
  LogicalResult convertOp(ResizeOp op);
  LogicalResult convertOp(ConcatOp op);
  template <typename FloatOp, typename OpTy>
  LogicalResult convertBinary(OpTy op);
  /// By its form on floats.
  template <typename OpTy>
  LogicalResult convertUnary(OpTy op, Value (*build)(OpBuilder &, OpTy, Value));
  LogicalResult convertMove(Operation *op);
};

Value Converter::getFloat(OpBuilder &builder, Value quantized) {
  if (Value known = floats.lookup(quantized))
    return known;
  auto type = cast<RankedTensorType>(quantized.getType());
  return DequantizeOp::create(builder, quantized.getLoc(),
                              type.clone(builder.getF32Type()), quantized);
}

void Converter::replace(OpBuilder &builder, Operation *op, Value value,
                        StringAttr name) {
  Value result = op->getResult(0);
  auto type = cast<RankedTensorType>(result.getType());
  auto floatType = type.clone(builder.getF32Type());
  if (value.getType() != floatType)
    value = tensor::CastOp::create(builder, op->getLoc(), floatType, value);
  if (isAccumulator(type)) {
    floats[result] = value;
    return;
  }
  result.replaceAllUsesWith(
      QuantizeOp::create(builder, op->getLoc(), type, value, name));
}

/// The constant bias in float, if contractions get the same integers back.
FailureOr<Value> getFloatBias(OpBuilder &builder, Operation *op, Value bias) {
  auto cast = bias.getDefiningOp<quant::StorageCastOp>();
  std::optional<SmallVector<int32_t>> values =
      cast ? getConstantInts(cast.getInput()) : std::nullopt;
  if (!values)
    return op->emitOpError()
           << "has a bias that is not constant, which QDQ form has no "
              "counterpart for";
  QuantParams params = getQuantParams(bias);
  SmallVector<float> result;
  for (auto [channel, value] : llvm::enumerate(*values)) {
    double scale = params.scales[params.scales.size() == 1 ? 0 : channel];
    result.push_back(
        reference::dequantize(value, static_cast<float>(scale), 0));
    int32_t back;
    if (!reference::quantizeBias(result.back(), scale, back) || back != value)
      return op->emitOpError()
             << "has the bias " << value << " in channel " << channel
             << ", which f32 rounds: QDQ form would change it";
  }
  return createConstant(builder, op->getLoc(),
                        {static_cast<int64_t>(result.size())},
                        ArrayRef<float>(result));
}

/// Whether what reads the accumulators gives the same bits where their scales
/// are the products of the factors' scales as f32, in which QDQ form keeps
/// them.
static LogicalResult checkScales(Operation *op, Value lhs, Value rhs) {
  QuantParams left = getQuantParams(lhs), right = getQuantParams(rhs);
  QuantParams sums = getQuantParams(op->getResult(0));
  // What reads sums with one scale may have several.
  size_t channels = sums.scales.size();
  for (Operation *user : op->getUsers())
    if (auto to = QuantParams::get(getElementTypeOrSelf(user->getResult(0))))
      channels = std::max(channels, to->scales.size());
  for (size_t channel = 0; channel < channels; ++channel) {
    double scale = sums.scales[sums.axis ? channel : 0];
    double product = static_cast<double>(left.scale(left.axis ? channel : 0)) *
                     static_cast<double>(right.scale(right.axis ? channel : 0));
    bool isSame = true;
    StringRef what = "accumulators";
    double kept = scale, made = product;
    for (Operation *user : op->getUsers()) {
      if (isa<DequantizeOp>(user)) {
        isSame &= static_cast<float>(product) == static_cast<float>(scale);
        continue;
      }
      QuantParams to = getQuantParams(user->getResult(0));
      double result = to.scales[to.axis ? channel : 0];
      auto rounded = static_cast<double>(static_cast<float>(result));
      if (reference::requantizeMultiplier(product, rounded) ==
          reference::requantizeMultiplier(scale, result))
        continue;
      isSame = false;
      if (product == scale)
        std::tie(what, kept, made) = std::tuple("results", result, rounded);
    }
    if (!isSame)
      return op->emitOpError()
             << "has " << what << " of the scale "
             << llvm::formatv("{0:e16}", kept).str() << " in channel "
             << channel << ", which QDQ form, with scales of f32, makes "
             << llvm::formatv("{0:e16}", made).str() << " with other results";
  }
  return success();
}

LogicalResult Converter::convertContraction(Operation *op, Value lhs, Value rhs,
                                            Value bias,
                                            ArrayRef<AffineMap> maps,
                                            int64_t channelDim) {
  for (Operation *user : op->getUsers())
    if (!isa<RequantizeOp, DequantizeOp>(user))
      return op->emitOpError()
             << "has i32 accumulators that are read by '" << user->getName()
             << "', but QDQ form has floats in their place";
  if (failed(checkScales(op, lhs, rhs)))
    return failure();
  OpBuilder builder(op);
  Location loc = op->getLoc();
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  Value left = getFloat(builder, lhs), right = getFloat(builder, rhs);
  SmallVector<int64_t> otherDims;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (dim != channelDim)
      otherDims.push_back(dim);
  SmallVector<OpFoldResult> sizes =
      getResultSizes(builder, loc, left, right, maps, type);
  Value init =
      tensor::EmptyOp::create(builder, loc, sizes, builder.getF32Type());
  if (bias) {
    FailureOr<Value> values = getFloatBias(builder, op, bias);
    if (failed(values))
      return failure();
    init = linalg::BroadcastOp::create(builder, loc, *values, init, otherDims)
               .getResult()[0];
  } else {
    Value zero =
        arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(0.0f));
    init = linalg::FillOp::create(builder, loc, zero, init).getResult(0);
  }
  Value result = buildNamedContraction(builder, loc, left, right, init, maps);
  if (!result)
    return op->emitOpError()
           << "reads its factors at indices for which linalg has no named "
              "operation, so QDQ form cannot say it";
  replace(builder, op, result);
  return success();
}

/// Whether the sums start from zeros or from one row.
static bool startsFromRow(WeightOnlyContractOp op) {
  SmallVector<AffineMap> maps = op.getIndexingMaps();
  if (isZeroTensor(op.getInit()))
    return true;
  for (auto [dim, expr] : llvm::enumerate(maps[2].getResults()))
    if (maps[1].isFunctionOfDim(cast<AffineDimExpr>(expr).getPosition()) &&
        getBroadcastVector(op.getInit(), static_cast<int64_t>(dim)))
      return true;
  return false;
}

LogicalResult Converter::convertOp(WeightOnlyContractOp op) {
  Type element = op.getWeights().getType().getElementType();
  if (isa<FloatType>(element))
    return op->emitOpError() << "has weights in " << element
                             << ", which QDQ form has no counterpart for";
  if (!startsFromRow(op))
    return op->emitOpError() << "starts its sums from a tensor that is no "
                                "repeated row, which would be added behind "
                                "them on the way back";
  OpBuilder builder(op);
  Value result = buildNamedContraction(builder, op.getLoc(), op.getLhs(),
                                       getFloat(builder, op.getWeights()),
                                       op.getInit(), op.getIndexingMaps());
  if (!result)
    return op->emitOpError() << "has no counterpart in linalg";
  op.getResult().replaceAllUsesWith(result);
  return success();
}

LogicalResult Converter::convertOp(RequantizeOp op) {
  OpBuilder builder(op);
  QuantParams to = getQuantParams(op.getResult());
  std::optional<ArrayRef<int64_t>> clamp = op.getClamp();
  if (clamp && to.axis)
    return op->emitOpError()
           << "clamps a result with several scales, for which the float bounds "
              "differ from channel to channel: QDQ form cannot say it";
  Value x = getFloat(builder, op.getInput());
  if (clamp)
    x = buildFloatClamp(builder, op.getLoc(), x, *clamp, to);
  replace(builder, op, x, op.getNameAttr());
  return success();
}

template <typename FloatOp, typename OpTy>
LogicalResult Converter::convertBinary(OpTy op) {
  OpBuilder builder(op);
  Value lhs = getFloat(builder, op.getLhs());
  Value rhs = getFloat(builder, op.getRhs());
  Value x = buildBroadcast(
      builder, op.getLoc(), lhs, rhs,
      op.getResult().getType().clone(builder.getF32Type()),
      [](OpBuilder &b, Location loc, Value lhs, Value rhs) -> Value {
        return FloatOp::create(b, loc, lhs, rhs);
      });
  if (auto clamp = op.getClamp())
    x = buildFloatClamp(builder, op.getLoc(), x, *clamp,
                        getQuantParams(op.getResult()));
  replace(builder, op, x, op.getNameAttr());
  return success();
}

template <typename OpTy>
LogicalResult Converter::convertUnary(OpTy op, Value (*build)(OpBuilder &, OpTy,
                                                              Value)) {
  OpBuilder builder(op);
  replace(builder, op, build(builder, op, getFloat(builder, op.getInput())),
          op.getNameAttr());
  return success();
}

/// Of what the program was given, it is in QDQ form already.
LogicalResult Converter::convertOp(DequantizeOp op) {
  if (Value known = floats.lookup(op.getInput()))
    op.replaceAllUsesWith(known);
  return success();
}

LogicalResult Converter::convertOp(LookupOp op) {
  if (getQuantParams(op.getInput()).axis || getQuantParams(op.getResult()).axis)
    return op->emitOpError() << "has one table for several scales: as a "
                                "function of floats it is many";
  return convertUnary(op, buildFloatLookup);
}

LogicalResult Converter::convertOp(PadOp op) {
  return convertUnary(op, buildFloatPad);
}

LogicalResult Converter::convertOp(EmbeddingOp op) {
  OpBuilder builder(op);
  Value rows = buildEmbedding(builder, op, getFloat(builder, op.getTable()),
                              op.getIndices(), builder.getF32Type());
  if (!op.getType().getElementType().isF32()) {
    replace(builder, op, rows);
    return success();
  }
  if (rows.getType() != op.getType())
    rows = tensor::CastOp::create(builder, op.getLoc(), op.getType(), rows);
  op.replaceAllUsesWith(rows);
  return success();
}

LogicalResult Converter::convertOp(ResizeOp op) {
  if (op.getMode() == ResizeMode::Linear)
    return op->emitOpError() << "weighs exact integers, which floats in QDQ "
                                "form would round";
  OpBuilder builder(op);
  replace(builder, op,
          buildNearest(builder, op, getFloat(builder, op.getInput())));
  return success();
}

LogicalResult Converter::convertOp(ConcatOp op) {
  OpBuilder builder(op);
  SmallVector<Value> inputs;
  for (Value input : op.getInputs())
    inputs.push_back(getFloat(builder, input));
  replace(builder, op,
          tensor::ConcatOp::create(builder, op.getLoc(), op.getDim(), inputs));
  return success();
}

/// An operation of `tensor` that moves elements: the same on floats.
LogicalResult Converter::convertMove(Operation *op) {
  OpBuilder builder(op);
  IRMapping mapping;
  for (Value operand : op->getOperands())
    if (isa<quant::QuantizedType>(getElementTypeOrSelf(operand.getType())))
      mapping.map(operand, getFloat(builder, operand));
  Operation *moved = builder.clone(*op, mapping);
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  moved->getResult(0).setType(type.clone(builder.getF32Type()));
  // What is put together from parts is rounded once, as a whole.
  bool isPart =
      isa<tensor::EmptyOp>(op) ||
      (isa<tensor::InsertSliceOp>(op) &&
       llvm::all_of(op->getUsers(), llvm::IsaPred<tensor::InsertSliceOp>));
  if (isPart)
    floats[op->getResult(0)] = moved->getResult(0);
  else
    replace(builder, op, moved->getResult(0));
  return success();
}

LogicalResult Converter::convert(Operation *op) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<MatmulOp, ContractOp>([&](auto contraction) {
        return convertContraction(op, contraction.getLhs(),
                                  contraction.getRhs(), contraction.getBias(),
                                  contraction.getIndexingMaps(),
                                  contraction.getChannelDim());
      })
      .Case<AddOp>([&](auto add) { return convertBinary<arith::AddFOp>(add); })
      .Case<SubOp>([&](auto sub) { return convertBinary<arith::SubFOp>(sub); })
      .Case<MulOp>([&](auto mul) { return convertBinary<arith::MulFOp>(mul); })
      .Case<MaxPoolOp, AveragePoolOp>(
          [&](auto pool) { return convertUnary(pool, buildFloatPool); })
      .Case<WeightOnlyContractOp, RequantizeOp, DequantizeOp, LookupOp, PadOp,
            EmbeddingOp, ResizeOp, ConcatOp>(
          [&](auto typed) { return convertOp(typed); })
      .Case<tensor::CollapseShapeOp, tensor::ExpandShapeOp,
            tensor::ExtractSliceOp, tensor::InsertSliceOp, tensor::EmptyOp,
            tensor::CastOp>([&](auto move) { return convertMove(move); })
      // It is what QDQ form is made of.
      .Case<QuantizeOp>([](auto) { return success(); })
      .Default([](Operation *other) -> LogicalResult {
        if (isa<QuantaDialect>(other->getDialect()))
          return other->emitOpError() << "has no counterpart in QDQ form";
        return success();
      });
}

struct ConvertQuantaToQdqPass
    : impl::ConvertQuantaToQdqBase<ConvertQuantaToQdqPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(checkStage(module, Stage::Quantized, getArgument())) ||
        failed(expandNamedOps(module)))
      return signalPassFailure();
    roundParts(module);
    // Only operations on quantized tensors: float ones stay.
    SmallVector<Operation *> ops;
    WalkResult result = module.walk([&](Operation *op) {
      bool isOther = false;
      auto isQuantized = [&](Type type) {
        Type element = getElementTypeOrSelf(type);
        isOther |= isa<quant::QuantizedType>(element) &&
                   !QuantParams::getOfWeight(element);
        return isa<quant::QuantizedType>(element);
      };
      if (op->getNumResults() == 1 && op->getNumRegions() == 0 &&
          (llvm::any_of(op->getOperandTypes(), isQuantized) ||
           llvm::any_of(op->getResultTypes(), isQuantized)))
        ops.push_back(op);
      else if (isa<DynamicQuantizeOp, WeightOnlyContractOp>(op))
        ops.push_back(op);
      if (!isOther)
        return WalkResult::advance();
      op->emitOpError() << "works on a quantized type that is not uniform, "
                           "which quanta.dequantize does not take";
      return WalkResult::interrupt();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    Converter converter;
    for (Operation *op : ops)
      if (failed(converter.convert(op)))
        return signalPassFailure();
    eraseDead(ops);
  }
};

} // namespace
} // namespace quanta
