//===- TosaContraction.cpp - Contractions in TOSA -------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TosaContraction.h"

#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"

using namespace mlir;

namespace quanta {

TosaContractionBuilder::TosaContractionBuilder(
    OpBuilder &builder, Location loc, const TosaContraction &contraction,
    const ContractionLayout &layout, std::string &reason)
    : builder(builder), loc(loc), tosa(builder, loc), contraction(contraction),
      layout(layout), reason(reason) {}

LogicalResult TosaContractionBuilder::refuse(StringRef why) const {
  reason = why.str();
  return failure();
}

Value TosaContractionBuilder::getBias(int64_t channels) {
  if (contraction.bias)
    return contraction.bias;
  auto type = RankedTensorType::get(
      {ShapedType::isDynamic(channels) ? 1 : channels}, builder.getI32Type());
  return tosa.constant(
      DenseElementsAttr::get(type, builder.getI32IntegerAttr(0)));
}

Value TosaContractionBuilder::orderResult(Value value,
                                          ArrayRef<unsigned> iterators) {
  SmallVector<int64_t> order;
  for (AffineExpr expr : contraction.maps[2].getResults())
    order.push_back(
        llvm::find(iterators, cast<AffineDimExpr>(expr).getPosition()) -
        iterators.begin());
  return tosa.transpose(value, order);
}

namespace {

int64_t getProduct(ArrayRef<int64_t> sizes) {
  return ShapedType::isDynamicShape(sizes) ? ShapedType::kDynamic
                                           : ShapedType::getNumElements(sizes);
}

SmallVector<int64_t> select(ArrayRef<int64_t> sizes, ArrayRef<int64_t> dims) {
  SmallVector<int64_t> result;
  for (int64_t dim : dims)
    result.push_back(sizes[dim]);
  return result;
}

/// Matrix products, and batches of them.
class ProductBuilder : TosaContractionBuilder {
public:
  using TosaContractionBuilder::TosaContractionBuilder;

  /// The sums in the form of the result, whose type is `resultType`.
  Value build(RankedTensorType resultType);

private:
  /// The iterators of the result's dimensions in TOSA, and their sizes.
  SmallVector<unsigned> resultIterators;
  SmallVector<int64_t> resultSizes;

  /// A tensor in TOSA, and the sizes that it has with each group of its
  /// dimensions as one.
  struct Matrix {
    Value value;
    SmallVector<int64_t> sizes;
  };
  Matrix order(Value value, AffineMap map,
               std::initializer_list<ArrayRef<unsigned>> groups);

  bool isConvolution() const;
  Value buildConvolution();
  Value buildMatmul();

  /// Plain integers: tosa.matmul takes no factor with several scales.
  Value toStorage(Value value) {
    auto type = cast<RankedTensorType>(value.getType());
    auto quantized = dyn_cast<quant::QuantizedType>(type.getElementType());
    if (!quantized)
      return value;
    return quant::StorageCastOp::create(
        builder, loc, type.clone(quantized.getStorageType()), value);
  }

  /// `value` and the bias, which repeats along all dimensions but `channelDim`.
  Value addBias(Value value, int64_t channelDim) {
    auto type = cast<RankedTensorType>(value.getType());
    SmallVector<int64_t> sizes(type.getRank(), 1);
    sizes[channelDim] = getShape(contraction.bias)[0];
    return tosa::AddOp::create(builder, loc, type, value,
                               tosa.reshape(contraction.bias, sizes));
  }
};

ProductBuilder::Matrix
ProductBuilder::order(Value value, AffineMap map,
                      std::initializer_list<ArrayRef<unsigned>> groups) {
  Matrix result;
  SmallVector<int64_t> order;
  for (ArrayRef<unsigned> group : groups) {
    SmallVector<int64_t> dims = ContractionLayout::getDims(map, group);
    result.sizes.push_back(getProduct(select(getShape(value), dims)));
    order.append(dims);
  }
  result.value = tosa.transpose(value, order);
  return result;
}

/// Whether it has the form of a fully connected layer.
bool ProductBuilder::isConvolution() const {
  return layout.batch.empty() &&
         contraction.rhs.getDefiningOp<tosa::ConstOp>() &&
         (!contraction.bias || layout.columns.size() == 1);
}

/// TOSA's operation with a bias: rows are images of one pixel.
Value ProductBuilder::buildConvolution() {
  const ContractionLayout &l = layout;
  Matrix left =
      order(contraction.lhs, contraction.maps[0], {l.batch, l.rows, l.sums});
  Matrix right =
      order(contraction.rhs, contraction.maps[1], {l.columns, l.sums});
  int64_t rows = left.sizes[1], columns = right.sizes[0];
  Value x = tosa.reshape(left.value, {rows, 1, 1, left.sizes[2]});
  Value w = tosa.reshape(right.value, {columns, 1, 1, right.sizes[1]}, 0);
  if (!x || !w)
    return {};
  SmallVector<int64_t> zeros(4, 0), ones(2, 1);
  Type i32 = builder.getI32Type();
  Value y = tosa::Conv2DOp::create(
      builder, loc, RankedTensorType::get({rows, 1, 1, columns}, i32), x, w,
      getBias(columns), tosa.zeroPoint(contraction.lhsZeroPoint, 8),
      tosa.zeroPoint(contraction.rhsZeroPoint, 8), zeros, ones, ones, i32);
  y = tosa.reshape(y, resultSizes);
  return y ? orderResult(y, resultIterators) : Value();
}

Value ProductBuilder::buildMatmul() {
  const ContractionLayout &l = layout;
  Value lhs = contraction.lhs, rhs = contraction.rhs;
  if (isa<quant::UniformQuantizedPerAxisType>(
          getElementTypeOrSelf(rhs.getType()))) {
    lhs = toStorage(lhs);
    rhs = toStorage(rhs);
  }
  Matrix left = order(lhs, contraction.maps[0], {l.batch, l.rows, l.sums});
  Matrix right = order(rhs, contraction.maps[1], {l.batch, l.sums, l.columns});
  Value x = tosa.reshape(left.value, left.sizes);
  Value w = tosa.reshape(right.value, right.sizes, 2);
  if (!x || !w)
    return {};
  auto type = RankedTensorType::get(
      {left.sizes[0], left.sizes[1], right.sizes[2]}, builder.getI32Type());
  Value y = tosa::MatMulOp::create(builder, loc, type, x, w,
                                   tosa.zeroPoint(contraction.lhsZeroPoint, 8),
                                   tosa.zeroPoint(contraction.rhsZeroPoint, 8));
  // Next to the product, where its reader knows a bias as such.
  Value bias = contraction.bias;
  int64_t channelDim = contraction.channelDim;
  bool isOfColumns =
      l.columns.size() == 1 && contraction.maps[2].getResult(channelDim) ==
                                   builder.getAffineDimExpr(l.columns.front());
  if (bias && isOfColumns)
    y = addBias(y, 2);
  y = tosa.reshape(y, resultSizes);
  if (!y)
    return {};
  y = orderResult(y, resultIterators);
  return bias && !isOfColumns ? addBias(y, channelDim) : y;
}

Value ProductBuilder::build(RankedTensorType resultType) {
  llvm::append_range(resultIterators, layout.batch);
  llvm::append_range(resultIterators, layout.rows);
  llvm::append_range(resultIterators, layout.columns);
  for (unsigned iterator : resultIterators) {
    SmallVector<int64_t> dims =
        ContractionLayout::getDims(contraction.maps[2], iterator);
    resultSizes.push_back(resultType.getDimSize(dims.front()));
  }
  Value result = isConvolution() ? buildConvolution() : buildMatmul();
  if (!result)
    (void)refuse("it has several dynamic sizes");
  return result;
}

} // namespace

Value TosaContraction::build(OpBuilder &builder, Location loc,
                             RankedTensorType resultType, std::string &reason) {
  std::optional<ContractionLayout> layout = ContractionLayout::get(maps);
  if (!layout) {
    reason = "it reads its factors at other indices than matrix products and "
             "convolutions do";
    return {};
  }
  if (!layout->windows.empty())
    return buildTosaConvolution(builder, loc, *this, *layout, reason);
  return ProductBuilder(builder, loc, *this, *layout, reason).build(resultType);
}

} // namespace quanta
