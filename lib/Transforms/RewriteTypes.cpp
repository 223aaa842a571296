//===- RewriteTypes.cpp - linalg on integer storage -----------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AccumulatorChecks.h"
#include "RewriteFamilies.h"
#include "Signatures.h"

#include "quanta/IR/Quanta.h"
#include "quanta/IR/Stage.h"
#include "quanta/Numerics/QuantParams.h"
#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/ContractArithmetic.h"
#include "quanta/Transforms/DynamicArithmetic.h"
#include "quanta/Transforms/FloatLayers.h"
#include "quanta/Transforms/NamedContractions.h"
#include "quanta/Transforms/NamedOps.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Func/Transforms/FuncConversions.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/SCF/Transforms/Patterns.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/DialectConversion.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_REWRITETYPES
#include "quanta/Transforms/Passes.h.inc"

namespace {

QuantParams getParams(Value value) {
  return *QuantParams::get(
      cast<RankedTensorType>(value.getType()).getElementType());
}

/// Quantized tensors become tensors of their signless storage.
class StorageTypeConverter : public TypeConverter {
public:
  StorageTypeConverter() {
    addConversion([](Type type) { return type; });
    addConversion([](RankedTensorType type) -> Type {
      auto quantized = dyn_cast<quant::QuantizedType>(type.getElementType());
      if (!quantized)
        return type;
      return type.clone(IntegerType::get(
          type.getContext(), quantized.getStorageTypeIntegralWidth()));
    });
  }
};

//===----------------------------------------------------------------------===//
// Quantized operations
//===----------------------------------------------------------------------===//

struct QuantizeLowering : OpConversionPattern<QuantizeOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(QuantizeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    replaceWithStored(op,
                      buildQuantize(rewriter, op.getLoc(), adaptor.getInput(),
                                    getParams(op.getResult())),
                      rewriter);
    return success();
  }
};

struct DequantizeLowering : OpConversionPattern<DequantizeOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(DequantizeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Type element = op.getInput().getType().getElementType();
    replaceWithStored(op,
                      buildDequantize(rewriter, op.getLoc(), adaptor.getInput(),
                                      *QuantParams::getOfWeight(element)),
                      rewriter);
    return success();
  }
};

struct RequantizeLowering : OpConversionPattern<RequantizeOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(RequantizeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    QuantParams to = getParams(op.getResult());
    reference::StorageRange range = to.range;
    if (auto clamp = op.getClamp())
      range = {static_cast<int32_t>((*clamp)[0]),
               static_cast<int32_t>((*clamp)[1])};
    replaceWithStored(op,
                      buildRequantize(rewriter, op.getLoc(), adaptor.getInput(),
                                      getParams(op.getInput()), to, range),
                      rewriter);
    return success();
  }
};

/// Upstream's storage cast changes the type only: nothing is left of it.
struct StorageCastLowering : OpConversionPattern<quant::StorageCastOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(quant::StorageCastOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOp(op, adaptor.getInput());
    return success();
  }
};

/// Both contractions: they differ in their maps only.
template <typename OpTy>
struct ContractionLowering : OpConversionPattern<OpTy> {
  using OpAdaptor = typename OpConversionPattern<OpTy>::OpAdaptor;

  ContractionLowering(TypeConverter &converter, MLIRContext *context,
                      bool keepZeroPoints)
      : OpConversionPattern<OpTy>(converter, context),
        keepZeroPoints(keepZeroPoints) {}

  LogicalResult
  matchAndRewrite(OpTy op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    SmallVector<AffineMap> maps = op.getIndexingMaps();
    QuantParams lhs = getParams(op.getLhs()), rhs = getParams(op.getRhs());
    Value bias = adaptor.getBias();
    bool fold = !keepZeroPoints && lhs.hasZeroPoint();
    if (fold) {
      std::optional<SmallVector<int32_t>> corrected =
          foldZeroPoint(op, maps, lhs, rhs);
      fold = corrected.has_value();
      if (fold)
        bias = createConstant(rewriter, loc,
                              {static_cast<int64_t>(corrected->size())},
                              ArrayRef<int32_t>(*corrected));
    }
    Value init = buildInit(rewriter, op, maps, adaptor, bias);
    int32_t lhsZeroPoint = fold ? 0 : lhs.zeroPoint(0);
    Value result = buildContraction(rewriter, loc, maps, adaptor, init, lhs,
                                    rhs, lhsZeroPoint);
    // A factor may tell more about sizes than the result's type.
    Type type = this->getTypeConverter()->convertType(op.getResult().getType());
    if (result.getType() != type)
      result = tensor::CastOp::create(rewriter, loc, type, result);
    rewriter.replaceOp(op, result);
    return success();
  }

private:
  bool keepZeroPoints;

  /// `bias[channel] - zp * sum w[...]` over all that one output sums, where
  /// weights and bias are constants and the sums depend on the channel alone.
  static std::optional<SmallVector<int32_t>>
  foldZeroPoint(OpTy op, ArrayRef<AffineMap> maps, const QuantParams &lhs,
                const QuantParams &rhs) {
    Value storage = getStorage(op.getRhs());
    if (!storage || rhs.hasZeroPoint())
      return std::nullopt;
    RankedTensorType resultType = op.getResult().getType();
    auto channelExpr = maps[2].getResult(op.getChannelDim());
    RankedTensorType rhsType = op.getRhs().getType();
    std::optional<unsigned> channelDim;
    for (auto [position, expr] : llvm::enumerate(maps[1].getResults())) {
      auto dim = dyn_cast<AffineDimExpr>(expr);
      if (expr == channelExpr)
        channelDim = position;
      // Another parallel dimension: the sums differ along it too.
      else if (!dim || maps[2].isFunctionOfDim(dim.getPosition()))
        return std::nullopt;
    }
    int64_t channels = resultType.getDimSize(op.getChannelDim());
    if (!channelDim || ShapedType::isDynamic(channels))
      return std::nullopt;
    std::optional<SmallVector<int32_t>> weights = getStoredValues(op.getRhs());
    if (!weights)
      return std::nullopt;
    SmallVector<uint32_t> sums(channels, 0);
    if (op.getBias()) {
      Value biasStorage = getStorage(op.getBias());
      auto bias = biasStorage ? getConstantInts(biasStorage) : std::nullopt;
      if (!bias)
        return std::nullopt;
      sums.assign(bias->begin(), bias->end());
    }
    int64_t inner = ShapedType::getNumElements(
        rhsType.getShape().drop_front(*channelDim + 1));
    // Modulo 2^32, as the sums of the contraction are.
    uint32_t zeroPoint = static_cast<uint32_t>(lhs.zeroPoint(0));
    for (auto [index, weight] : llvm::enumerate(*weights))
      sums[static_cast<int64_t>(index) / inner % channels] -=
          zeroPoint * static_cast<uint32_t>(weight);
    return SmallVector<int32_t>(sums.begin(), sums.end());
  }

  static Value getStorage(Value quantized) {
    auto cast = quantized.getDefiningOp<quant::StorageCastOp>();
    return cast ? cast.getInput() : Value();
  }

  /// The accumulators to start from: the bias along the channels, or zeros.
  static Value buildInit(OpBuilder &builder, OpTy op, ArrayRef<AffineMap> maps,
                         OpAdaptor adaptor, Value bias) {
    Location loc = op.getLoc();
    RankedTensorType type = op.getResult().getType();
    SmallVector<OpFoldResult> sizes = getResultSizes(
        builder, loc, adaptor.getLhs(), adaptor.getRhs(), maps, type);
    SmallVector<int64_t> otherDims;
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      if (dim != op.getChannelDim())
        otherDims.push_back(dim);
    Value empty =
        tensor::EmptyOp::create(builder, loc, sizes, builder.getI32Type());
    if (bias)
      return linalg::BroadcastOp::create(builder, loc, bias, empty, otherDims)
          .getResult()[0];
    Value zero = arith::ConstantIntOp::create(builder, loc, 0, 32);
    return linalg::FillOp::create(builder, loc, zero, empty).getResult(0);
  }

  /// `acc + (ext(lhs) - lhsZeroPoint) * (ext(rhs) - zp_rhs)`.
  static Value buildContraction(OpBuilder &builder, Location loc,
                                SmallVector<AffineMap> maps, OpAdaptor adaptor,
                                Value init, const QuantParams &lhs,
                                const QuantParams &rhs, int32_t lhsZeroPoint) {
    using utils::IteratorType;
    SmallVector<IteratorType> iterators;
    for (unsigned dim = 0; dim < maps[2].getNumDims(); ++dim)
      iterators.push_back(maps[2].isFunctionOfDim(dim)
                              ? IteratorType::parallel
                              : IteratorType::reduction);
    SmallVector<Value> inputs{adaptor.getLhs(), adaptor.getRhs()};
    bool rhsPerChannel = rhs.hasZeroPoint() && rhs.axis;
    if (rhsPerChannel) {
      SmallVector<int32_t> zeroPoints(rhs.zeroPoints.begin(),
                                      rhs.zeroPoints.end());
      inputs.push_back(createConstant(builder, loc,
                                      {static_cast<int64_t>(zeroPoints.size())},
                                      ArrayRef<int32_t>(zeroPoints)));
      maps.insert(maps.begin() + 2,
                  AffineMap::get(maps[1].getNumDims(), 0,
                                 maps[1].getResult(*rhs.axis)));
    }
    return linalg::GenericOp::create(
               builder, loc, init.getType(), inputs, init, maps, iterators,
               [&](OpBuilder &b, Location loc, ValueRange elements) {
                 auto extend = [&](Value q,
                                   const QuantParams &params) -> Value {
                   if (params.isSigned())
                     return arith::ExtSIOp::create(b, loc, b.getI32Type(), q);
                   return arith::ExtUIOp::create(b, loc, b.getI32Type(), q);
                 };
                 auto subtract = [&](Value q, Value zeroPoint) -> Value {
                   return arith::SubIOp::create(b, loc, q, zeroPoint);
                 };
                 auto number = [&](int32_t value) -> Value {
                   return arith::ConstantIntOp::create(b, loc, value, 32);
                 };
                 Value x = extend(elements[0], lhs);
                 if (lhsZeroPoint != 0)
                   x = subtract(x, number(lhsZeroPoint));
                 Value w = extend(elements[1], rhs);
                 if (rhsPerChannel)
                   w = subtract(w, elements[2]);
                 else if (rhs.hasZeroPoint())
                   w = subtract(w, number(rhs.zeroPoint(0)));
                 Value product = arith::MulIOp::create(b, loc, x, w);
                 linalg::YieldOp::create(
                     b, loc,
                     arith::AddIOp::create(b, loc, elements.back(), product)
                         .getResult());
               })
        .getResult(0);
  }
};

//===----------------------------------------------------------------------===//
// Everything else
//===----------------------------------------------------------------------===//

/// Operations that move elements whatever they are: tensor.extract_slice,
/// reshapes, scf and so on keep their form on storage.
struct RetypeOperation : ConversionPattern {
  RetypeOperation(const TypeConverter &converter, MLIRContext *context)
      : ConversionPattern(converter, MatchAnyOpTypeTag(), 1, context) {}
  LogicalResult
  matchAndRewrite(Operation *op, ArrayRef<Value> operands,
                  ConversionPatternRewriter &rewriter) const override {
    if (!isa<tensor::TensorDialect>(op->getDialect()) ||
        op->getNumRegions() != 0)
      return rewriter.notifyMatchFailure(
          op, "only tensor operations can be retyped");
    SmallVector<Type> types;
    if (failed(getTypeConverter()->convertTypes(op->getResultTypes(), types)))
      return failure();
    OperationState state(op->getLoc(), op->getName(), operands, types);
    state.propertiesAttr = op->getPropertiesAsAttribute();
    state.addAttributes(llvm::to_vector(op->getDiscardableAttrs()));
    rewriter.replaceOp(op, rewriter.create(state));
    return success();
  }
};

struct RewriteTypesPass : impl::RewriteTypesBase<RewriteTypesPass> {
  using RewriteTypesBase::RewriteTypesBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(checkStage(module, {Stage::Quantized, Stage::Integer},
                          getArgument())))
      return signalPassFailure();
    forgetFloatLayers(module);
    keepSignatures(module);
    // The reference multiplies zeros too: it is what the other form is compared
    // with.
    if (!reference)
      formConvTranspose(module);
    if (failed(expandNamedOps(module)))
      return signalPassFailure();
    bool mayWrap = false;
    module.walk([&](Operation *op) {
      if (!allowWrap && isa<MatmulOp, ContractOp>(op))
        mayWrap |= failed(keepFromWrapping(op));
    });
    if (mayWrap)
      return signalPassFailure();
    StorageTypeConverter converter;
    RewritePatternSet patterns(&getContext());
    ConversionTarget target(getContext());
    target.markUnknownOpDynamicallyLegal([&](Operation *op) {
      if (isa<quant::StorageCastOp>(op))
        return false;
      if (auto func = dyn_cast<func::FuncOp>(op))
        return converter.isSignatureLegal(func.getFunctionType()) &&
               converter.isLegal(&func.getBody());
      return converter.isLegal(op);
    });
    // Weights in 16 bits have no type that would tell.
    target.addIllegalOp<WeightOnlyContractOp>();
    patterns.add<QuantizeLowering, DequantizeLowering, RequantizeLowering,
                 StorageCastLowering, RetypeOperation>(converter,
                                                       &getContext());
    patterns
        .add<ContractionLowering<MatmulOp>, ContractionLowering<ContractOp>>(
            converter, &getContext(), reference);
    populateDynamicLowerings(converter, patterns);
    populateRewriteElementwise(converter, patterns);
    populateRewriteGathers(converter, patterns);
    populateRewritePools(converter, patterns);
    populateRewriteShapes(converter, patterns);
    populateRewriteWeightOnly(converter, patterns);
    populateFunctionOpInterfaceTypeConversionPattern<func::FuncOp>(patterns,
                                                                   converter);
    populateReturnOpTypeConversionPattern(patterns, converter);
    populateCallOpTypeConversionPattern(patterns, converter);
    scf::populateSCFStructuralTypeConversions(converter, patterns);
    if (failed(applyFullConversion(module, target, std::move(patterns))))
      signalPassFailure();
  }

private:
  /// Storage is signless: the signature keeps what a caller must pass.
  static void keepSignatures(ModuleOp module) {
    for (auto func : module.getOps<func::FuncOp>())
      if (func.isPublic())
        keepSignature(func);
  }
};

} // namespace
} // namespace quanta
