//===- StoredWeights.cpp - Products with weights stored as integers -------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StoredWeights.h"

#include "quanta/Transforms/Constants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

#include <cstring>

using namespace mlir;

namespace quanta {

/// The operand of `op` whose element `value` is.
static std::optional<unsigned> getInput(linalg::LinalgOp op, Value value) {
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument || argument.getOwner() != op.getBlock() ||
      argument.getArgNumber() >= op.getNumDpsInputs())
    return std::nullopt;
  return argument.getArgNumber();
}

/// A scalar constant, or an element of a constant tensor.
static bool matchParameter(linalg::LinalgOp op, Value value,
                           StoredParameter &parameter) {
  TypedAttr attr;
  if (matchPattern(value, m_Constant(&attr))) {
    parameter.values = DenseElementsAttr::get(
        RankedTensorType::get({}, value.getType()), Attribute(attr));
    return true;
  }
  std::optional<unsigned> input = getInput(op, value);
  if (!input)
    return false;
  parameter.values = getDenseConstant(op->getOperand(*input));
  parameter.map = op.getIndexingMapsArray()[*input];
  return !!parameter.values;
}

std::optional<StoredProduct> matchStoredProduct(linalg::LinalgOp op) {
  if (!op.hasPureTensorSemantics() || op.getNumDpsInputs() < 2 ||
      op.getNumDpsInits() != 1 || op.getNumLoops() < 3)
    return std::nullopt;
  Block *body = op.getBlock();
  auto fma = body->getTerminator()->getOperand(0).getDefiningOp<math::FmaOp>();
  unsigned output = op.getNumDpsInputs();
  if (!fma || fma.getC() != body->getArgument(output) || !fma.getType().isF32())
    return std::nullopt;
  std::optional<unsigned> lhs = getInput(op, fma.getA());
  if (!lhs)
    return std::nullopt;
  StoredProduct product;
  Value value = fma.getB();
  if (auto scale = value.getDefiningOp<arith::MulFOp>()) {
    if (!matchParameter(op, scale.getRhs(), product.scales))
      return std::nullopt;
    value = scale.getLhs();
  }
  auto convert = value.getDefiningOp<arith::SIToFPOp>();
  if (!convert || !convert.getIn().getType().isInteger(32))
    return std::nullopt;
  value = convert.getIn();
  if (auto subtract = value.getDefiningOp<arith::SubIOp>()) {
    if (!matchParameter(op, subtract.getRhs(), product.zeroPoints))
      return std::nullopt;
    value = subtract.getLhs();
  }
  Operation *extension = value.getDefiningOp();
  if (!isa_and_nonnull<arith::ExtSIOp, arith::ExtUIOp>(extension))
    return std::nullopt;
  std::optional<unsigned> rhs = getInput(op, extension->getOperand(0));
  if (!rhs)
    return std::nullopt;
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  for (unsigned index : {*lhs, *rhs, output})
    if (!maps[index].isProjectedPermutation())
      return std::nullopt;
  product.bits = extension->getOperand(0).getType().getIntOrFloatBitWidth();
  product.weights = getDenseConstant(op->getOperand(*rhs));
  if (!product.weights || (product.bits != 8 && product.bits != 4))
    return std::nullopt;
  product.isFloat = true;
  product.lhs = {op->getOperand(*lhs), maps[*lhs], true, 0};
  product.rhs = {op->getOperand(*rhs), maps[*rhs],
                 isa<arith::ExtSIOp>(extension), 0};
  product.init = op->getOperand(output);
  // In the other order the weights would be the left factor.
  if (!classifyProduct(maps[output], product) ||
      product.rhs.tensor != op->getOperand(*rhs))
    return std::nullopt;
  return product;
}

/// How many elements along K share a parameter: a divisor of K, or 0 if they do
/// not follow each other.
static int64_t getBlock(const StoredParameter &parameter, unsigned k,
                        int64_t size) {
  if (!parameter.values || !parameter.map || !parameter.map.isFunctionOfDim(k))
    return size;
  for (AffineExpr expr : parameter.map.getResults()) {
    if (!expr.isFunctionOfDim(k))
      continue;
    if (isa<AffineDimExpr>(expr))
      return 1;
    auto division = dyn_cast<AffineBinaryOpExpr>(expr);
    auto divisor = division ? dyn_cast<AffineConstantExpr>(division.getRHS())
                            : AffineConstantExpr();
    if (!divisor || division.getKind() != AffineExprKind::FloorDiv ||
        !isa<AffineDimExpr>(division.getLHS()) || divisor.getValue() <= 0 ||
        size % divisor.getValue() != 0)
      return 0;
    return divisor.getValue();
  }
  return size;
}

DotAttrInterface getStoredDot(const StoredProduct &product,
                              DotAttrInterface floatDot) {
  int64_t size = Product::sizeOf(product.rhs, product.k);
  int64_t scales = getBlock(product.scales, product.k, size);
  int64_t zeroPoints = getBlock(product.zeroPoints, product.k, size);
  // Sizes of which one divides the other: the smaller one is both's.
  int64_t block = std::min(scales, zeroPoints);
  if (block <= 0 || scales % block != 0 || zeroPoints % block != 0)
    return {};
  DotShape shape = floatDot.getDotShape();
  return StoredFmaAttr::get(floatDot.getContext(), shape.lanes, shape.vectors,
                            shape.rows, product.bits, product.rhs.isSigned,
                            block, !!product.zeroPoints.values);
}

namespace {
/// Position of an element of a constant, from the iterators.
struct ConstantIndex {
  AffineMap map;
  SmallVector<int64_t> shape;

  size_t get(ArrayRef<int64_t> iterators) const {
    int64_t index = 0;
    for (auto [expr, size] : llvm::zip(map.getResults(), shape))
      index = index * size + evaluate(expr, iterators);
    return index;
  }

private:
  static int64_t evaluate(AffineExpr expr, ArrayRef<int64_t> iterators) {
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      return iterators[dim.getPosition()];
    if (auto constant = dyn_cast<AffineConstantExpr>(expr))
      return constant.getValue();
    auto division = cast<AffineBinaryOpExpr>(expr);
    return evaluate(division.getLHS(), iterators) /
           cast<AffineConstantExpr>(division.getRHS()).getValue();
  }
};

/// A parameter's values, ready to be looked up.
template <typename T> class ParameterReader {
public:
  ParameterReader(const StoredParameter &parameter, T neutral) {
    if (parameter.values)
      values = llvm::to_vector(parameter.values.getValues<T>());
    else
      values = {neutral};
    if (parameter.values && parameter.map)
      index = {parameter.map,
               SmallVector<int64_t>(parameter.values.getType().getShape())};
  }
  T get(ArrayRef<int64_t> iterators) const {
    return values[index.map ? index.get(iterators) : 0];
  }

private:
  SmallVector<T> values;
  ConstantIndex index;
};
} // namespace

SmallVector<int8_t> packStored(const StoredProduct &product,
                               DotAttrInterface dot,
                               SmallVectorImpl<int64_t> &sizes) {
  DotShape shape = dot.getDotShape();
  int64_t k = Product::sizeOf(product.rhs, product.k),
          n = Product::sizeOf(product.rhs, product.n());
  PackedShape packed = shape.pack(n, k);
  int64_t batches = 1;
  for (int64_t position : product.batch) {
    sizes.push_back(Product::sizeOf(product.rhs, product.outDims[position]));
    batches *= sizes.back();
  }
  SmallVector<int32_t> weights;
  weights.reserve(product.weights.getNumElements());
  if (product.bits == 8)
    llvm::append_range(weights, product.weights.getValues<int8_t>());
  else
    for (const APInt &weight : product.weights.getValues<APInt>())
      weights.push_back(static_cast<int32_t>(weight.getSExtValue()));
  ConstantIndex weightIndex{
      product.rhs.map,
      SmallVector<int64_t>(product.weights.getType().getShape())};
  ParameterReader<float> scales(product.scales, 1.0f);
  ParameterReader<int32_t> zeroPoints(product.zeroPoints, 0);

  SmallVector<int8_t> result(batches * packed.size(), 0);
  SmallVector<int64_t> iterators(product.rhs.map.getNumDims(), 0);
  int64_t block = shape.storedBlock, group = shape.storedGroup();
  for (int64_t batch = 0; batch < batches; ++batch) {
    int64_t rest = batch;
    for (int64_t dim = sizes.size() - 1; dim >= 0; --dim) {
      iterators[product.outDims[product.batch[dim]]] = rest % sizes[dim];
      rest /= sizes[dim];
    }
    int8_t *to = result.data() + batch * packed.size();
    for (int64_t column = 0; column < n; ++column) {
      int64_t first = column / shape.columns() * shape.columns();
      int64_t width = std::min(shape.columns(), packed.columns - first);
      int64_t inside = column - first;
      iterators[product.n()] = column;
      for (int64_t start = 0; start < k; start += block) {
        iterators[product.k] = start;
        int8_t *head = to + first * packed.depth +
                       start / block * width * shape.storedBlockBytes();
        float scale = scales.get(iterators);
        std::memcpy(head + 4 * inside, &scale, 4);
        if (shape.storesZeroPoints)
          head[4 * width + inside] =
              static_cast<int8_t>(zeroPoints.get(iterators));
        int8_t *body = head + width * shape.storedHeadBytes();
        for (int64_t depth = 0; depth < block; ++depth) {
          iterators[product.k] = start + depth;
          int32_t weight = weights[weightIndex.get(iterators)];
          int8_t *lane = body + (depth / group * width + inside) *
                                    shape.storedGroupBytes();
          if (product.bits == 8)
            *lane = static_cast<int8_t>(weight);
          else
            lane[depth % group / 2] |=
                static_cast<int8_t>((weight & 15) << (depth % 2 * 4));
        }
      }
    }
  }
  return result;
}

} // namespace quanta
