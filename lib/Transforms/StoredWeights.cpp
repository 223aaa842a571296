//===- StoredWeights.cpp - Products with weights stored as integers -------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StoredWeights.h"

#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/Transposes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
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

std::optional<StoredWeights> matchStoredWeights(linalg::LinalgOp op) {
  if (!op.hasPureTensorSemantics() || op.getNumDpsInputs() < 2 ||
      op.getNumDpsInits() != 1)
    return std::nullopt;
  Block *body = op.getBlock();
  auto fma = body->getTerminator()->getOperand(0).getDefiningOp<math::FmaOp>();
  if (!fma || fma.getC() != body->getArgument(op.getNumDpsInputs()) ||
      !fma.getType().isF32())
    return std::nullopt;
  std::optional<unsigned> lhs = getInput(op, fma.getA());
  if (!lhs)
    return std::nullopt;
  StoredWeights stored;
  Value value = fma.getB();
  if (auto scale = value.getDefiningOp<arith::MulFOp>()) {
    if (!matchParameter(op, scale.getRhs(), stored.scales))
      return std::nullopt;
    value = scale.getLhs();
  }
  auto convert = value.getDefiningOp<arith::SIToFPOp>();
  if (!convert || !convert.getIn().getType().isInteger(32))
    return std::nullopt;
  value = convert.getIn();
  if (auto subtract = value.getDefiningOp<arith::SubIOp>()) {
    if (!matchParameter(op, subtract.getRhs(), stored.zeroPoints))
      return std::nullopt;
    value = subtract.getLhs();
  }
  Operation *extension = value.getDefiningOp();
  if (!isa_and_nonnull<arith::ExtSIOp, arith::ExtUIOp>(extension))
    return std::nullopt;
  std::optional<unsigned> rhs = getInput(op, extension->getOperand(0));
  if (!rhs)
    return std::nullopt;
  stored.lhs = *lhs;
  stored.rhs = *rhs;
  stored.map = op.getIndexingMapsArray()[*rhs];
  stored.bits = extension->getOperand(0).getType().getIntOrFloatBitWidth();
  stored.isSigned = isa<arith::ExtSIOp>(extension);
  stored.weights = getDenseConstant(op->getOperand(*rhs));
  if (!stored.weights || (stored.bits != 8 && stored.bits != 4))
    return std::nullopt;
  return stored;
}

std::optional<StoredProduct> matchStoredProduct(linalg::LinalgOp op) {
  std::optional<StoredWeights> stored = matchStoredWeights(op);
  if (!stored || op.getNumLoops() < 3)
    return std::nullopt;
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  unsigned output = op.getNumDpsInputs();
  for (unsigned index : {stored->lhs, stored->rhs, output})
    if (!maps[index].isProjectedPermutation())
      return std::nullopt;
  StoredProduct product;
  product.isFloat = true;
  product.lhs = {op->getOperand(stored->lhs), maps[stored->lhs], true, 0};
  product.rhs = {op->getOperand(stored->rhs), stored->map, stored->isSigned, 0};
  product.init = op->getOperand(output);
  product.stored = *stored;
  // In the other order the weights would be the left factor.
  if (!classifyProduct(maps[output], product) ||
      product.rhs.tensor != op->getOperand(stored->rhs))
    return std::nullopt;
  return product;
}

linalg::LinalgOp moveStoredWeightsRight(linalg::LinalgOp op) {
  std::optional<StoredWeights> stored = matchStoredWeights(op);
  if (!stored)
    return op;
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  AffineMap lhs = maps[stored->lhs], out = maps.back();
  if (!lhs.isProjectedPermutation() || !stored->map.isProjectedPermutation() ||
      !out.isProjectedPermutation())
    return op;
  // Dimensions of the result that the weights have alone.
  std::optional<int64_t> own;
  for (auto [position, expr] : llvm::enumerate(out.getResults())) {
    unsigned dim = cast<AffineDimExpr>(expr).getPosition();
    if (stored->map.isFunctionOfDim(dim) && !lhs.isFunctionOfDim(dim))
      own = position;
  }
  int64_t rank = out.getNumResults();
  if (!own || *own == rank - 1)
    return op;
  Value init = op.getDpsInits().front();
  Value vector = getBroadcastVector(init, *own);
  if (!vector && !isZeroTensor(init))
    return op;

  OpBuilder b(op);
  Location loc = op.getLoc();
  auto permutation = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  permutation.erase(permutation.begin() + *own);
  permutation.push_back(*own);
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, init);
  applyPermutationToVector(sizes, permutation);
  Value empty = tensor::EmptyOp::create(b, loc, sizes, b.getF32Type());
  Value start;
  if (vector) {
    auto rows = llvm::to_vector(llvm::seq<int64_t>(0, rank - 1));
    start =
        linalg::BroadcastOp::create(b, loc, vector, empty, rows)->getResult(0);
  } else {
    Value zero = arith::ConstantOp::create(b, loc, b.getF32FloatAttr(0.0f));
    start = linalg::FillOp::create(b, loc, zero, empty).getResult(0);
  }
  SmallVector<AffineExpr> exprs(out.getResults());
  applyPermutationToVector(exprs, permutation);
  maps.back() = AffineMap::get(out.getNumDims(), 0, exprs, b.getContext());
  auto moved =
      linalg::GenericOp::create(b, loc, start.getType(), op.getDpsInputs(),
                                start, maps, op.getIteratorTypesArray());
  moved.getRegion().takeBody(op->getRegion(0));
  Value result = buildTranspose(b, loc, moved.getResult(0),
                                invertPermutationVector(permutation));
  op->getResult(0).replaceAllUsesWith(result);
  op->erase();
  return cast<linalg::LinalgOp>(moved.getOperation());
}

/// How many elements along K share a parameter: a divisor of `size`, or `all`
/// if it does not depend on K, or 0 if they do not follow each other.
static int64_t getBlock(const StoredParameter &parameter, unsigned k,
                        int64_t size, int64_t all) {
  if (!parameter.values || !parameter.map || !parameter.map.isFunctionOfDim(k))
    return all;
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

DotAttrInterface getStoredDot(const StoredWeights &stored, unsigned k,
                              int64_t size, int64_t all,
                              DotAttrInterface floatDot) {
  int64_t scales = getBlock(stored.scales, k, size, all);
  int64_t zeroPoints = getBlock(stored.zeroPoints, k, size, all);
  // Sizes of which one divides the other: the smaller one is both's.
  int64_t block = std::min(scales, zeroPoints);
  if (block <= 0 || scales % block != 0 || zeroPoints % block != 0)
    return {};
  DotShape shape = floatDot.getDotShape();
  return StoredFmaAttr::get(floatDot.getContext(), shape.lanes, shape.vectors,
                            shape.rows, stored.bits, stored.isSigned, block,
                            !!stored.zeroPoints.values);
}

DotAttrInterface getStoredDot(const StoredProduct &product,
                              DotAttrInterface floatDot) {
  int64_t size = Product::sizeOf(product.rhs, product.k);
  return getStoredDot(product.stored, product.k, size, size, floatDot);
}

namespace {
/// Position of an element of a constant, from the iterators.
struct ConstantIndex {
  AffineMap map;
  SmallVector<int64_t> shape;

  size_t get(ArrayRef<int64_t> iterators) const {
    int64_t index = 0;
    for (auto [position, size] : llvm::zip(map.compose(iterators), shape))
      index = index * size + position;
    return index;
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

void packStored(const StoredWeights &stored, const DotShape &shape, int64_t n,
                int64_t k, SetIterators setIterators,
                MutableArrayRef<int8_t> to) {
  PackedShape packed = shape.pack(n, k);
  SmallVector<int32_t> weights;
  weights.reserve(stored.weights.getNumElements());
  if (stored.bits == 8)
    llvm::append_range(weights, stored.weights.getValues<int8_t>());
  else
    for (const APInt &weight : stored.weights.getValues<APInt>())
      weights.push_back(static_cast<int32_t>(weight.getSExtValue()));
  ConstantIndex weightIndex{
      stored.map, SmallVector<int64_t>(stored.weights.getType().getShape())};
  ParameterReader<float> scales(stored.scales, 1.0f);
  ParameterReader<int32_t> zeroPoints(stored.zeroPoints, 0);

  llvm::fill(to, 0);
  SmallVector<int64_t> iterators(stored.map.getNumDims(), 0);
  int64_t block = shape.storedBlock, group = shape.storedGroup();
  for (int64_t column = 0; column < n; ++column) {
    int64_t first = column / shape.columns() * shape.columns();
    int64_t width = std::min(shape.columns(), packed.columns - first);
    int64_t inside = column - first;
    for (int64_t start = 0; start < k; start += block) {
      setIterators(start, column, iterators);
      int8_t *head = to.data() + first * packed.depth +
                     start / block * width * shape.storedBlockBytes();
      float scale = scales.get(iterators);
      std::memcpy(head + 4 * inside, &scale, 4);
      if (shape.storesZeroPoints)
        head[4 * width + inside] =
            static_cast<int8_t>(zeroPoints.get(iterators));
      int8_t *body = head + width * shape.storedHeadBytes();
      for (int64_t depth = 0; depth < block; ++depth) {
        setIterators(start + depth, column, iterators);
        int32_t weight = weights[weightIndex.get(iterators)];
        int8_t *lane =
            body + (depth / group * width + inside) * shape.storedGroupBytes();
        if (stored.bits == 8)
          *lane = static_cast<int8_t>(weight);
        else
          lane[depth % group / 2] |=
              static_cast<int8_t>((weight & 15) << (depth % 2 * 4));
      }
    }
  }
}

SmallVector<int8_t> packStored(const StoredProduct &product,
                               DotAttrInterface dot,
                               SmallVectorImpl<int64_t> &sizes) {
  DotShape shape = dot.getDotShape();
  int64_t k = Product::sizeOf(product.rhs, product.k),
          n = Product::sizeOf(product.rhs, product.n());
  int64_t size = shape.pack(n, k).size();
  int64_t batches = 1;
  for (int64_t position : product.batch) {
    sizes.push_back(Product::sizeOf(product.rhs, product.outDims[position]));
    batches *= sizes.back();
  }
  SmallVector<int8_t> result(batches * size);
  for (int64_t batch = 0; batch < batches; ++batch)
    packStored(
        product.stored, shape, n, k,
        [&](int64_t depth, int64_t column, MutableArrayRef<int64_t> iterators) {
          int64_t rest = batch;
          for (int64_t dim = sizes.size() - 1; dim >= 0; --dim) {
            iterators[product.outDims[product.batch[dim]]] = rest % sizes[dim];
            rest /= sizes[dim];
          }
          iterators[product.k] = depth;
          iterators[product.n()] = column;
        },
        MutableArrayRef(result).slice(batch * size, size));
  return result;
}

} // namespace quanta
