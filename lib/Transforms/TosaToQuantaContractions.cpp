//===- TosaToQuantaContractions.cpp - Contractions of TOSA ----------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RewriteFamilies.h"
#include "TosaToQuanta.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace quanta {

FailureOr<Value> TosaToQuanta::convertWeights(const Convolution &conv,
                                              quant::QuantizedType type) {
  SmallVector<int64_t> order{0, 3, 1, 2};
  bool isDepthwise = conv.kind == Convolution::Depthwise;
  if (isDepthwise)
    order = {2, 3, 0, 1};
  else if (conv.kind == Convolution::Transposed)
    order = {3, 0, 1, 2};
  Value storage = transposeStorage(
      getElements(conv.weight) ? conv.weight : getStorage(conv.weight), order);
  auto storageType = cast<RankedTensorType>(storage.getType());
  SmallVector<int64_t> sizes(storageType.getShape());
  QuantParams params = *QuantParams::get(type);
  if (params.axis) {
    int32_t axis = *params.axis;
    bool isOfFilters = isDepthwise ? (axis == 2 && sizes[1] == 1) ||
                                         (axis == 3 && sizes[0] == 1)
                                   : axis == 0;
    if (!isOfFilters)
      return refuse() << "its weights are quantized along dimension " << axis
                      << ", which is not that of its filters";
    SmallVector<double> scales(params.scales.begin(), params.scales.end());
    type = withScales(type, 1.0, scales,
                      conv.kind == Convolution::Transposed ? 1 : 0);
  }
  if (isDepthwise) {
    SmallVector<ReassociationIndices> groups{{0, 1}, {2}, {3}};
    auto flat = storageType.clone({sizes[0] * sizes[1], sizes[2], sizes[3]});
    auto wide = storageType.clone({sizes[0] * sizes[1], 1, sizes[2], sizes[3]});
    if (DenseElementsAttr elements = getElements(storage)) {
      storage = arith::ConstantOp::create(builder, loc, elements.reshape(wide));
    } else {
      storage =
          tensor::CollapseShapeOp::create(builder, loc, flat, storage, groups);
      storage =
          tensor::ExpandShapeOp::create(builder, loc, wide, storage, groups);
    }
    storageType = wide;
  }
  return quant::StorageCastOp::create(builder, loc,
                                      storageType.clone(Type(type)), storage)
      .getResult();
}

FailureOr<Value> TosaToQuanta::convertBias(Value bias, int64_t filters,
                                           quant::QuantizedType type) {
  DenseElementsAttr elements = getElements(bias);
  // One number is that of all filters.
  bool isSplat = elements && elements.isSplat();
  if (isSplat && elements.getSplatValue<APInt>().isZero())
    return Value();
  auto biasType = RankedTensorType::get({filters}, builder.getI32Type());
  if (isSplat)
    bias = arith::ConstantOp::create(
        builder, loc,
        DenseElementsAttr::get(biasType, elements.getSplatValue<APInt>()));
  if (bias.getType() != biasType)
    return refuse() << "its bias is of " << bias.getType()
                    << ", not of one i32 for each of its " << filters
                    << " filters";
  return as(bias, type);
}

LogicalResult TosaToQuanta::convertConvolution(const Convolution &conv) {
  auto zx = getZeroPoint(conv.inputZeroPoint);
  auto zw = getZeroPoint(conv.weightZeroPoint);
  if (failed(zx) || failed(zw))
    return failure();
  auto x = getType(conv.input, *zx), w = getType(conv.weight, *zw);
  if (failed(x) || failed(w))
    return failure();
  QuantParams left = *QuantParams::get(*x);
  if (left.axis)
    return refuse() << "its input has several scales";
  auto weightType = cast<RankedTensorType>(conv.weight.getType());
  if (!weightType.hasStaticShape())
    return refuse() << "its weights have dynamic sizes";
  bool isTransposed = conv.kind == Convolution::Transposed;
  FailureOr<Value> factor = convertWeights(conv, *w);
  if (failed(factor))
    return failure();
  Value image = as(conv.input, *x);
  QuantParams right = getQuantParams(*factor);
  int64_t filters = cast<RankedTensorType>(factor->getType())
                        .getDimSize(isTransposed ? 1 : 0);
  FailureOr<Value> start =
      convertBias(conv.bias, filters, getAccumulatorType(left, right, 0));
  if (failed(start))
    return failure();
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  if (!type.getElementType().isInteger(32))
    return refuse() << "it accumulates in " << type.getElementType()
                    << ", not in i32";
  RankedTensorType result = type.clone(getAccumulatorType(left, right, 3));
  auto list = [&](ArrayRef<int64_t> values) {
    return builder.getDenseI64ArrayAttr(values);
  };
  ArrayRef<int64_t> pad = conv.pad;
  if (!isTransposed) {
    int64_t groups =
        conv.kind == Convolution::Depthwise ? weightType.getDimSize(2) : 1;
    replace(Conv2DOp::create(
        builder, loc, result, image, *factor, *start, list(conv.stride),
        list(conv.dilation), list({pad[0], pad[2], pad[1], pad[3]}),
        builder.getI64IntegerAttr(groups), builder.getUnitAttr()));
    return success();
  }
  // What TOSA adds around the result, ONNX takes away or adds at its end.
  if (pad[0] > 0 || pad[2] > 0)
    return refuse() << "it adds elements before its result";
  replace(ConvTranspose2DOp::create(
      builder, loc, result, image, *factor, *start, list(conv.stride),
      list(conv.dilation),
      list({-pad[0], -pad[2], std::max<int64_t>(0, -pad[1]),
            std::max<int64_t>(0, -pad[3])}),
      list({std::max<int64_t>(0, pad[1]), std::max<int64_t>(0, pad[3])}),
      builder.getI64IntegerAttr(1), builder.getUnitAttr()));
  return success();
}

LogicalResult TosaToQuanta::convert(tosa::Conv2DOp conv) {
  return convertConvolution(
      {Convolution::Plain, conv.getInput(), conv.getWeight(), conv.getBias(),
       conv.getInputZp(), conv.getWeightZp(), conv.getPad(), conv.getStride(),
       conv.getDilation()});
}

LogicalResult TosaToQuanta::convert(tosa::DepthwiseConv2DOp conv) {
  return convertConvolution(
      {Convolution::Depthwise, conv.getInput(), conv.getWeight(),
       conv.getBias(), conv.getInputZp(), conv.getWeightZp(), conv.getPad(),
       conv.getStride(), conv.getDilation()});
}

LogicalResult TosaToQuanta::convert(tosa::TransposeConv2DOp conv) {
  return convertConvolution({Convolution::Transposed,
                             conv.getInput(),
                             conv.getWeight(),
                             conv.getBias(),
                             conv.getInputZp(),
                             conv.getWeightZp(),
                             conv.getOutPad(),
                             conv.getStride(),
                             {1, 1}});
}

LogicalResult TosaToQuanta::convert(tosa::MatMulOp matmul) {
  auto za = getZeroPoint(matmul.getAZp()), zb = getZeroPoint(matmul.getBZp());
  if (failed(za) || failed(zb))
    return failure();
  auto a = getType(matmul.getA(), *za), b = getType(matmul.getB(), *zb);
  if (failed(a) || failed(b))
    return failure();
  QuantParams left = *QuantParams::get(*a), right = *QuantParams::get(*b);
  if (left.axis || (right.axis && *right.axis != 2))
    return refuse() << "a factor is quantized along a dimension that is not "
                       "that of its columns";
  auto type = cast<RankedTensorType>(matmul.getType());
  if (!type.getElementType().isInteger(32))
    return refuse() << "it accumulates in " << type.getElementType()
                    << ", not in i32";
  replace(BatchMatmulOp::create(
      builder, loc, type.clone(getAccumulatorType(left, right, 2)),
      as(matmul.getA(), *a), as(matmul.getB(), *b), Value()));
  return success();
}

/// What `value` casts or reshapes, if it is accumulators.
static BatchMatmulOp getProduct(Value value) {
  auto cast = value.getDefiningOp<quant::StorageCastOp>();
  return cast ? cast.getInput().getDefiningOp<BatchMatmulOp>()
              : BatchMatmulOp();
}

/// Between rescales: the last of them takes it along.
static bool isBetweenRescales(Operation *op) {
  auto isRescale = [](Operation *other) {
    return isa_and_nonnull<tosa::RescaleOp>(other);
  };
  return llvm::all_of(op->getUsers(), isRescale) &&
         (isRescale(op->getOperand(0).getDefiningOp()) ||
          isRescale(op->getOperand(1).getDefiningOp()));
}

/// A constant vector added to the columns of a product is its bias.
LogicalResult TosaToQuanta::convert(tosa::AddOp add) {
  if (isBetweenRescales(add))
    return success();
  for (auto [product, bias] :
       {std::make_pair(add.getInput1(), add.getInput2()),
        std::make_pair(add.getInput2(), add.getInput1())}) {
    BatchMatmulOp matmul = getProduct(product);
    DenseElementsAttr elements = getElements(bias);
    if (!matmul || matmul.getBias() || !elements ||
        elements.getType().getRank() == 0 ||
        matmul.getResult().getType().getShape() !=
            cast<RankedTensorType>(add.getType()).getShape())
      continue;
    ArrayRef<int64_t> shape = elements.getType().getShape();
    int64_t columns = matmul.getResult().getType().getShape().back();
    if (shape.back() != columns || elements.getNumElements() != columns)
      continue;
    QuantParams left = getQuantParams(matmul.getLhs());
    QuantParams right = getQuantParams(matmul.getRhs());
    Value values =
        arith::ConstantOp::create(builder, loc,
                                  elements.reshape(RankedTensorType::get(
                                      {columns}, builder.getI32Type())));
    replace(BatchMatmulOp::create(
        builder, loc, matmul.getResult().getType(), matmul.getLhs(),
        matmul.getRhs(), as(values, getAccumulatorType(left, right, 0))));
    return success();
  }
  return refuse() << "it adds i32 tensors that are neither rescaled nor a "
                     "product and its constant bias";
}

LogicalResult TosaToQuanta::convertBetween() {
  if (isBetweenRescales(op))
    return success();
  return refuse() << "its operands are not rescaled from i8, or its result is "
                     "not rescaled to it";
}

LogicalResult TosaToQuanta::convert(tosa::SubOp) { return convertBetween(); }
LogicalResult TosaToQuanta::convert(tosa::MulOp) { return convertBetween(); }

} // namespace quanta
