//===- PackWeights.cpp - Lay right factors out for the dot product --------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NarrowWeights.h"
#include "StoredWeights.h"
#include "TargetDots.h"

#include "quanta/IR/Quanta.h"
#include "quanta/IR/Stage.h"
#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/ContractArithmetic.h"
#include "quanta/Transforms/Passes.h"
#include "quanta/Transforms/Products.h"
#include "quanta/Transforms/Transposes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_PACKWEIGHTS
#include "quanta/Transforms/Passes.h.inc"

namespace {

/// Replaces one product by a `quanta.fused_matmul`.
class ProductPacker {
public:
  ProductPacker(linalg::LinalgOp op, Product product, DotAttrInterface dot)
      : op(op), product(std::move(product)), dot(dot), shape(dot.getDotShape()),
        b(op), loc(op.getLoc()) {}
  ProductPacker(linalg::LinalgOp op, const StoredProduct &product,
                DotAttrInterface dot)
      : ProductPacker(op, static_cast<const Product &>(product), dot) {
    stored = &product;
  }

  /// The right factor is `weights` if those are its own: they take less than a
  /// byte each then.
  void setNarrow(const std::optional<NarrowWeights> &weights);
  LogicalResult run();

private:
  linalg::LinalgOp op;
  Product product;
  DotAttrInterface dot;
  DotShape shape;
  OpBuilder b;
  Location loc;
  /// The same product, if its weights are stored as integers.
  const StoredProduct *stored = nullptr;
  int64_t n, k;
  /// Constant vector of N accumulators to start from, or null.
  Value bias;
  /// Whether the top bits of a factor are inverted, and its zero point then.
  bool flipLhs = false, flipRhs = false;
  int32_t lhsZeroPoint = 0, rhsZeroPoint = 0;
  /// What constant weights lose when they are packed.
  int32_t centered = 0;

  LogicalResult prepare();
  void prepareFused();
  Value extend(Value tensor);
  AffineMap arrangeLhs();
  template <typename T>
  std::pair<Value, Value> packConstant(DenseElementsAttr weights);
  std::pair<Value, Value> packAtRunTime();
  std::pair<Value, Value> packStoredWeights();
  Value sumRows();
  AffineMap getRhsMap();
};

LogicalResult ProductPacker::prepare() {
  n = Product::sizeOf(product.rhs, product.n());
  k = Product::sizeOf(product.rhs, product.k);
  if (ShapedType::isDynamic(k))
    k = Product::sizeOf(product.lhs, product.k);
  auto resultType = cast<RankedTensorType>(op->getResult(0).getType());
  if (ShapedType::isDynamic(n) || ShapedType::isDynamic(k) || n == 0 ||
      k == 0 || resultType.getShape().back() != n ||
      Product::sizeOf(product.lhs, product.k) != k ||
      Product::sizeOf(product.rhs, product.k) != k)
    return failure();
  bias = getBroadcastVector(product.init, resultType.getRank() - 1);
  if (!bias && product.isFloat && !isZeroTensor(product.init))
    return failure();
  if (product.isFloat)
    return success();
  flipLhs = product.lhs.isSigned != shape.lhsSigned;
  flipRhs = !product.rhs.isSigned;
  // i8 read as u8 is 128 too large, u8 read as i8 128 too small.
  int32_t shift = !flipLhs ? 0 : product.lhs.isSigned ? 128 : -128;
  lhsZeroPoint = product.lhs.zeroPoint + shift;
  rhsZeroPoint = product.rhs.zeroPoint - (flipRhs ? 128 : 0);
  return success();
}

void ProductPacker::setNarrow(const std::optional<NarrowWeights> &weights) {
  if (!weights || weights->bytes != product.rhs.tensor)
    return;
  if (shape.matrixRows > 0) {
    int64_t rows = 1;
    for (auto [position, dim] :
         llvm::enumerate(ArrayRef(product.outDims).drop_back())) {
      int64_t size = Product::sizeOf(product.lhs, dim);
      if (!llvm::is_contained(product.batch, static_cast<int64_t>(position)))
        rows = ShapedType::isDynamic(size) ? shape.matrixRows : rows * size;
      if (rows >= shape.matrixRows)
        return;
    }
  }
  // Less their zero point they still fit a byte, and rows need no sums.
  int64_t low = weights->low(), high = low + (1 << weights->bits) - 1;
  centered = product.rhs.zeroPoint;
  if (centered < low || centered > high)
    centered = 0;
  product.rhs.zeroPoint -= centered;
  dot = getNarrowDot(dot, weights->bits, low - centered, shape.vectors);
  shape = dot.getDotShape();
}

/// f16 or bf16 as f32: a constant now, anything else at run time.
Value ProductPacker::extend(Value tensor) {
  if (getElementTypeOrSelf(tensor).isF32())
    return tensor;
  if (auto constant =
          dyn_cast_or_null<DenseFPElementsAttr>(getDenseConstant(tensor)))
    return arith::ConstantOp::create(
        b, loc, constant.mapValues(b.getF32Type(), [](APFloat value) {
          bool losesInfo;
          value.convert(APFloat::IEEEsingle(), APFloat::rmNearestTiesToEven,
                        &losesInfo);
          return value.bitcastToAPInt();
        }));
  return ElementwiseBuilder(b, loc, tensor)
      .build(b.getF32Type(),
             [](OpBuilder &b, Location loc, ValueRange elements) -> Value {
               return arith::ExtFOp::create(b, loc, b.getF32Type(),
                                            elements[0]);
             });
}

/// Chooses the instruction of a product that is rounded once: constant right
/// factors stay in 16 bits, others become f32.
void ProductPacker::prepareFused() {
  product.lhs.tensor = extend(product.lhs.tensor);
  Type type = getElementTypeOrSelf(product.rhs.tensor);
  if (!type.isF32() && getDenseConstant(product.rhs.tensor)) {
    dot = HalfFmaAttr::get(b.getContext(), shape.lanes, shape.vectors,
                           shape.rows, cast<FloatType>(type));
    return;
  }
  product.rhs.tensor = extend(product.rhs.tensor);
  dot = FmaAttr::get(b.getContext(), shape.lanes, shape.vectors, shape.rows,
                     /*fused=*/true);
}

/// Leaves K the last dimension of lhs; returns its map.
AffineMap ProductPacker::arrangeLhs() {
  lookThroughTranspose(product.lhs.tensor, product.lhs.map);
  Factor &lhs = product.lhs;
  unsigned rank = lhs.map.getNumResults();
  SmallVector<unsigned> order(product.outDims);
  order.back() = product.k;
  if (lhs.map.getDimPosition(rank - 1) != product.k) {
    SmallVector<int64_t> permutation;
    for (unsigned dim : order)
      permutation.push_back(
          *lhs.map.getResultPosition(b.getAffineDimExpr(dim)));
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, lhs.tensor);
    applyPermutationToVector(sizes, permutation);
    Value empty = tensor::EmptyOp::create(b, loc, sizes,
                                          getElementTypeOrSelf(lhs.tensor));
    lhs.tensor =
        linalg::TransposeOp::create(b, loc, lhs.tensor, empty, permutation)
            ->getResult(0);
    SmallVector<AffineExpr> dims;
    for (unsigned dim : order)
      dims.push_back(b.getAffineDimExpr(dim));
    lhs.map = AffineMap::get(lhs.map.getNumDims(), 0, dims, b.getContext());
    return b.getMultiDimIdentityMap(rank);
  }
  SmallVector<AffineExpr> exprs;
  for (AffineExpr expr : lhs.map.getResults())
    exprs.push_back(b.getAffineDimExpr(
        llvm::find(order, cast<AffineDimExpr>(expr).getPosition()) -
        order.begin()));
  return AffineMap::get(rank, 0, exprs, b.getContext());
}

/// From the batches, K and N to the dimensions of rhs.
AffineMap ProductPacker::getRhsMap() {
  SmallVector<unsigned> order;
  for (int64_t position : product.batch)
    order.push_back(product.outDims[position]);
  order.append({product.k, product.n()});
  SmallVector<AffineExpr> exprs;
  for (AffineExpr expr : product.rhs.map.getResults())
    exprs.push_back(b.getAffineDimExpr(
        llvm::find(order, cast<AffineDimExpr>(expr).getPosition()) -
        order.begin()));
  return AffineMap::get(order.size(), 0, exprs, b.getContext());
}

template <typename T>
Value createPacked(OpBuilder &builder, Location loc, ArrayRef<int64_t> shape,
                   ArrayRef<T> values, DotAttrInterface dot) {
  if constexpr (std::is_same_v<T, int16_t>)
    return createConstant(builder, loc, shape, values,
                          cast<FloatType>(dot.getPackedType()));
  else
    return createConstant(builder, loc, shape, values);
}

/// Blocks of columns, each `[K / kGroup][columns][kGroup]`, zero padded, and
/// what the accumulators start from; once for each batch.
template <typename T>
std::pair<Value, Value> ProductPacker::packConstant(DenseElementsAttr weights) {
  // f16 and bf16 are moved as the integers of their bits.
  constexpr bool isFloat =
      std::is_same_v<T, float> || std::is_same_v<T, int16_t>;
  using Sum = std::conditional_t<isFloat, float, uint32_t>;
  if constexpr (std::is_same_v<T, int16_t>)
    weights = weights.bitcast(b.getIntegerType(16));
  AffineMap map = getRhsMap();
  SmallVector<int64_t> sizes(map.getNumDims()), strides(map.getNumDims());
  ArrayRef<int64_t> weightShape =
      cast<ShapedType>(weights.getType()).getShape();
  int64_t stride = 1;
  for (int64_t dim = weightShape.size() - 1; dim >= 0; --dim) {
    sizes[map.getDimPosition(dim)] = weightShape[dim];
    strides[map.getDimPosition(dim)] = stride;
    stride *= weightShape[dim];
  }
  ArrayRef<int64_t> batchSizes = ArrayRef(sizes).drop_back(2);
  int64_t batches = 1;
  for (int64_t size : batchSizes)
    batches *= size;
  PackedShape packed = shape.pack(n, k);
  int64_t size = packed.columns * packed.depth;
  SmallVector<T> result(batches * size, T(0));
  SmallVector<Sum> sums(batches * packed.columns, Sum(0));
  auto values = weights.getValues<T>();
  for (int64_t batch = 0; batch < batches; ++batch) {
    int64_t offset = 0, rest = batch;
    for (int64_t dim = batchSizes.size() - 1; dim >= 0; --dim) {
      offset += rest % batchSizes[dim] * strides[dim];
      rest /= batchSizes[dim];
    }
    MutableArrayRef<T> to = MutableArrayRef(result).slice(batch * size, size);
    MutableArrayRef<Sum> start =
        MutableArrayRef(sums).slice(batch * packed.columns, packed.columns);
    for (int64_t depth = 0; depth < k; ++depth)
      for (int64_t column = 0; column < n; ++column) {
        T value = values[offset + depth * *(strides.end() - 2) +
                         column * strides.back()];
        if constexpr (!isFloat) {
          value = flipRhs ? value ^ T(-128) : value;
          value -= static_cast<T>(centered);
          start[column] -= static_cast<uint32_t>(lhsZeroPoint) *
                           static_cast<uint32_t>(int32_t(value) - rhsZeroPoint);
        }
        to[shape.packedIndex(packed, depth, column)] = value;
      }
  }
  if (bias) {
    auto add = [&](auto biasValues) {
      for (int64_t i = 0; i < batches * packed.columns; ++i)
        if (i % packed.columns < n)
          sums[i] += static_cast<Sum>(biasValues[i % packed.columns]);
    };
    if constexpr (isFloat)
      add(*getConstantFloats(bias));
    else
      add(*getConstantInts(bias));
    bias = {};
  }
  SmallVector<int64_t> rhsShape(batchSizes), initShape(batchSizes);
  rhsShape.push_back(packed.size());
  initShape.push_back(packed.columns);
  using Start = std::conditional_t<isFloat, float, int32_t>;
  SmallVector<Start> starts(sums.begin(), sums.end());
  if constexpr (std::is_same_v<T, int8_t>)
    result = shareBytes(result, dot);
  return {createPacked(b, loc, rhsShape, ArrayRef<T>(result), dot),
          createConstant(b, loc, initShape, ArrayRef<Start>(starts))};
}

std::pair<Value, Value> ProductPacker::packAtRunTime() {
  lookThroughTranspose(product.rhs.tensor, product.rhs.map);
  AffineMap map = getRhsMap();
  PackedShape packed = shape.pack(n, k);
  SmallVector<OpFoldResult> sizes;
  for (unsigned dim = 0; dim + 2 < map.getNumDims(); ++dim)
    sizes.push_back(
        tensor::getMixedSize(b, loc, product.rhs.tensor,
                             *map.getResultPosition(b.getAffineDimExpr(dim))));
  auto createEmpty = [&](int64_t last, Type type) {
    SmallVector<OpFoldResult> all(sizes);
    all.push_back(b.getIndexAttr(last));
    return tensor::EmptyOp::create(b, loc, all, type).getResult();
  };
  Type accumulator = product.isFloat ? Type(b.getF32Type()) : b.getI32Type();
  Value rhs =
      createEmpty(packed.size(), getElementTypeOrSelf(product.rhs.tensor));
  Value init = createEmpty(packed.columns, accumulator);
  auto pack = PackOp::create(b, loc, TypeRange{rhs.getType(), init.getType()},
                             product.rhs.tensor, rhs, init, dot, map, flipRhs,
                             lhsZeroPoint, rhsZeroPoint);
  init = pack.getResult(1);
  if (bias && product.isFloat) {
    // Sums start from the bias: no other order gives the same bits.
    SmallVector<float> start(packed.columns, 0.0f);
    llvm::copy(*getConstantFloats(bias), start.begin());
    init = createConstant(b, loc, {packed.columns}, ArrayRef<float>(start));
    bias = {};
  }
  return {pack.getResult(0), init};
}

/// Weights that stay integers, and what the sums start from: the bias.
std::pair<Value, Value> ProductPacker::packStoredWeights() {
  SmallVector<int64_t> sizes;
  SmallVector<int8_t> bytes = packStored(*stored, dot, sizes);
  PackedShape packed = shape.pack(n, k);
  sizes.push_back(packed.size());
  SmallVector<float> start(packed.columns, 0.0f);
  if (bias)
    llvm::copy(*getConstantFloats(bias), start.begin());
  bias = {};
  return {createConstant(b, loc, sizes, ArrayRef<int8_t>(bytes)),
          createConstant(b, loc, {packed.columns}, ArrayRef<float>(start))};
}

/// `sum_k lhs[rows..., k]`, of the elements that the dot product sees.
Value ProductPacker::sumRows() {
  SmallVector<AffineExpr> rows;
  SmallVector<OpFoldResult> sizes;
  Factor &lhs = product.lhs;
  SmallVector<utils::IteratorType> iterators;
  unsigned rank = lhs.map.getNumResults();
  // In the order in which memory holds them.
  SmallVector<unsigned> order;
  for (AffineExpr expr : lhs.map.getResults())
    order.push_back(cast<AffineDimExpr>(expr).getPosition());
  for (unsigned dim : ArrayRef(product.outDims).drop_back()) {
    unsigned position = llvm::find(order, dim) - order.begin();
    rows.push_back(b.getAffineDimExpr(position));
    sizes.push_back(tensor::getMixedSize(b, loc, lhs.tensor, position));
  }
  for (unsigned dim : order)
    iterators.push_back(dim == product.k ? utils::IteratorType::reduction
                                         : utils::IteratorType::parallel);
  int32_t shift = lhsZeroPoint - lhs.zeroPoint;
  Value start = arith::ConstantIntOp::create(
      b, loc, static_cast<int32_t>(static_cast<uint32_t>(k) * shift), 32);
  Value empty = tensor::EmptyOp::create(b, loc, sizes, b.getI32Type());
  Value filled = linalg::FillOp::create(b, loc, start, empty).getResult(0);
  SmallVector<AffineMap> maps{b.getMultiDimIdentityMap(rank),
                              AffineMap::get(rank, 0, rows, b.getContext())};
  return linalg::GenericOp::create(
             b, loc, filled.getType(), lhs.tensor, filled, maps, iterators,
             [&](OpBuilder &b, Location loc, ValueRange elements) {
               Value x = elements[0];
               if (lhs.isSigned)
                 x = arith::ExtSIOp::create(b, loc, b.getI32Type(), x);
               else
                 x = arith::ExtUIOp::create(b, loc, b.getI32Type(), x);
               x = arith::AddIOp::create(b, loc, elements[1], x);
               linalg::YieldOp::create(b, loc, x);
             })
      .getResult(0);
}

LogicalResult ProductPacker::run() {
  if (failed(prepare()))
    return failure();
  if (product.isFused && !stored)
    prepareFused();
  auto resultType = cast<RankedTensorType>(op->getResult(0).getType());
  bool addsInit = !bias && !isZeroTensor(product.init);
  AffineMap lhsMap = arrangeLhs();
  std::pair<Value, Value> packed;
  DenseElementsAttr weights = getDenseConstant(product.rhs.tensor);
  if (stored)
    packed = packStoredWeights();
  else if (!weights)
    packed = packAtRunTime();
  else if (isa<HalfFmaAttr>(dot))
    packed = packConstant<int16_t>(weights);
  else if (product.isFloat)
    packed = packConstant<float>(weights);
  else
    packed = packConstant<int8_t>(weights);

  SmallVector<Value> extras;
  SmallVector<AffineMap> maps;
  unsigned rank = resultType.getRank();
  bool hasRowSums = rhsZeroPoint != 0;
  if (hasRowSums) {
    extras.push_back(sumRows());
    maps.push_back(b.getMultiDimIdentityMap(rank).dropResult(rank - 1));
  }
  // What the packed start does not hold yet: integers sum in any order.
  if (bias) {
    extras.push_back(bias);
    maps.push_back(AffineMap::get(rank, 0, b.getAffineDimExpr(rank - 1)));
  } else if (addsInit) {
    extras.push_back(product.init);
    maps.push_back(b.getMultiDimIdentityMap(rank));
  }

  Type accumulatorType = resultType.getElementType();
  Value output = createEmptyLike(b, loc, product.init, accumulatorType);
  auto fused = FusedMatmulOp::create(
      b, loc, TypeRange(resultType), product.lhs.tensor, packed.first,
      packed.second, extras, output, dot, b.getAffineMapArrayAttr(maps),
      flipLhs, ArrayRef<int64_t>(product.batch),
      lhsMap.isIdentity() ? AffineMapAttr() : AffineMapAttr::get(lhsMap));
  Block &block = fused.getEpilogue().emplaceBlock();
  Value result = block.addArgument(accumulatorType, loc);
  for (Value extra : extras)
    block.addArgument(getElementTypeOrSelf(extra), loc);
  b.setInsertionPointToEnd(&block);
  if (hasRowSums) {
    Value factor = arith::ConstantIntOp::create(b, loc, -rhsZeroPoint, 32);
    Value row = arith::MulIOp::create(b, loc, block.getArgument(1), factor);
    result = arith::AddIOp::create(b, loc, result, row);
  }
  if (extras.size() > hasRowSums)
    result = arith::AddIOp::create(b, loc, result, block.getArguments().back());
  YieldOp::create(b, loc, result);
  op->getResult(0).replaceAllUsesWith(fused->getResult(0));
  op->erase();
  return success();
}

struct PackWeightsPass : impl::PackWeightsBase<PackWeightsPass> {
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
    if (floatDot.getDotShape().isFloat && !floatDot.getPackedType().isF32()) {
      emitError(module.getLoc()) << "'" << attrs::floatDot << "' cannot be "
                                 << floatDot << ", which takes no f32 weights";
      return signalPassFailure();
    }
    SmallVector<linalg::LinalgOp> ops;
    module.walk([&](linalg::LinalgOp op) { ops.push_back(op); });
    for (linalg::LinalgOp op : ops) {
      op = moveStoredWeightsRight(op);
      std::optional<NarrowWeights> narrow;
      if (!matchStoredWeights(op))
        narrow = widenWeights(op);
      if (std::optional<Product> product = matchProduct(op)) {
        ProductPacker packer(op, *product,
                             product->isFloat ? floatDot : integerDot);
        packer.setNarrow(narrow);
        (void)packer.run();
      } else if (std::optional<StoredProduct> stored = matchStoredProduct(op))
        if (DotAttrInterface dot = getStoredDot(*stored, floatDot))
          (void)ProductPacker(op, *stored, dot).run();
    }
  }
};

} // namespace
} // namespace quanta
