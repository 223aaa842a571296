//===- WeightTypes.cpp - Quantized types of constant weights --------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WeightTypes.h"

#include "quanta/Numerics/QuantParams.h"
#include "quanta/Transforms/Constants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <cfloat>
#include <cmath>

using namespace mlir;
using mlir::quant::QuantizationFlags::Signed;

namespace quanta {

static FailureOr<SmallVector<float>> readWeight(QuantizableOpInterface op,
                                                Value weight) {
  std::optional<SmallVector<float>> values = getConstantFloats(weight);
  if (!values)
    return op.emitOpError() << "has a weight whose values cannot be read";
  for (auto [index, value] : llvm::enumerate(*values))
    if (!std::isfinite(value))
      return op.emitOpError() << "has a weight with the value " << value
                              << " at element " << index;
  return std::move(*values);
}

/// `weights` with `missing` zeros behind each row along `dim`.
static Value padConstant(OpBuilder &builder, Location loc,
                         DenseElementsAttr weights, int64_t dim,
                         int64_t missing) {
  SmallVector<int64_t> shape(weights.getType().getShape());
  int64_t row = shape[dim];
  for (int64_t size : ArrayRef(shape).drop_front(dim + 1))
    row *= size;
  int64_t padded = row / shape[dim] * (shape[dim] + missing);
  shape[dim] += missing;
  SmallVector<float> values(ShapedType::getNumElements(shape), 0.0f);
  for (auto [index, value] : llvm::enumerate(weights.getValues<float>()))
    values[static_cast<int64_t>(index) / row * padded +
           static_cast<int64_t>(index) % row] = value;
  return createConstant(builder, loc, shape, ArrayRef<float>(values));
}

namespace {
/// Storage of a weight, and the scales and zero points found so far.
struct WeightTypeBuilder {
  MLIRContext *context;
  unsigned width;
  bool isSigned, isSymmetric;
  RangeSelection selection;
  int64_t min, max;
  SmallVector<double> scales = {};
  SmallVector<int64_t> zeroPoints = {};

  WeightTypeBuilder(MLIRContext *context, const OperandScheme &scheme)
      : context(context), width(getWidth(scheme.weightStorage)),
        isSigned(scheme.weightStorage != WeightStorage::U8 &&
                 scheme.weightStorage != WeightStorage::U4),
        isSymmetric(scheme.weightSymmetry == Symmetry::Symmetric),
        selection(scheme.weightRangeSelection),
        min(isSigned ? -(int64_t(1) << (width - 1)) : 0),
        max(min + (int64_t(1) << width) - 1) {
    // Zero in the middle, as many steps on both sides.
    if (isSymmetric && isSigned)
      ++min;
  }

  static unsigned getWidth(WeightStorage storage) {
    if (storage == WeightStorage::I16)
      return 16;
    return storage == WeightStorage::I8 || storage == WeightStorage::U8 ? 8 : 4;
  }

  void add(ArrayRef<float> values) {
    double scale = 0;
    int64_t zeroPoint = isSigned ? 0 : int64_t(1) << (width - 1);
    if (isSymmetric) {
      int64_t steps = (int64_t(1) << (width - 1)) - 1;
      scale = selectMagnitude(values, selection, steps) /
              static_cast<double>(steps);
    } else {
      RealRange range = selectWeightRange(values, selection, max - min + 1);
      if (range.max > range.min) {
        auto type =
            chooseAffineType(context, range.min, range.max, isSigned, width);
        scale = type.getScale();
        zeroPoint = type.getZeroPoint();
      }
    }
    // Zeros alone have any scale.
    scales.push_back(scale > 0 ? std::max(static_cast<float>(scale), FLT_MIN)
                               : 1.0);
    zeroPoints.push_back(zeroPoint);
  }

  /// Beside the others, such a channel is as good as zero, and its own scale
  /// would leave no normal f32 for that of the sums.
  void raiseNegligible() {
    constexpr double negligible = 0x1p-64;
    double largest = *llvm::max_element(scales);
    for (double &scale : scales)
      if (scale <= largest * negligible)
        scale = largest;
  }

  /// One scale, or one for each index of the dimension.
  Type get(std::optional<int32_t> axis) const {
    auto storage = IntegerType::get(context, width);
    auto expressed = Float32Type::get(context);
    unsigned flags = isSigned ? Signed : 0;
    if (!axis)
      return quant::UniformQuantizedType::get(flags, storage, expressed,
                                              scales.front(),
                                              zeroPoints.front(), min, max);
    return quant::UniformQuantizedPerAxisType::get(
        flags, storage, expressed, scales, zeroPoints, *axis, min, max);
  }
};
} // namespace

FailureOr<Type> chooseWeightType(QuantizableOpInterface op, OpOperand &factor,
                                 const OperandScheme &scheme) {
  if (scheme.weight == WeightGranularity::PerBlock)
    return op.emitOpError() << "would have a weight with a scale for each "
                               "block, which only the scheme weight_only has";
  if (scheme.weightStorage == WeightStorage::I16 &&
      scheme.weightSymmetry == Symmetry::Affine)
    return op.emitOpError() << "would have an affine weight of 16 bits, which "
                               "are symmetric";
  auto type = cast<RankedTensorType>(factor.get().getType());
  std::optional<int32_t> axis = op.getWeightAxis(factor.getOperandNumber());
  if (scheme.weight == WeightGranularity::PerTensor)
    axis = std::nullopt;
  FailureOr<SmallVector<float>> values = readWeight(op, factor.get());
  if (failed(values))
    return failure();
  int64_t inner = 1, channels = 1;
  if (axis) {
    channels = type.getDimSize(*axis);
    inner = ShapedType::getNumElements(type.getShape().drop_front(*axis + 1));
  }
  std::vector<std::vector<float>> parts(channels);
  for (auto [index, value] : llvm::enumerate(*values))
    parts[static_cast<int64_t>(index) / inner % channels].push_back(value);
  WeightTypeBuilder builder(op.getContext(), scheme);
  if (builder.isSymmetric && builder.isSigned) {
    SmallVector<double> maxAbs;
    for (ArrayRef<float> part : parts)
      maxAbs.push_back(selectMagnitude(part, builder.selection, builder.max));
    return Type(
        chooseSymmetricType(op.getContext(), maxAbs, axis, builder.width));
  }
  for (ArrayRef<float> part : parts)
    builder.add(part);
  builder.raiseNegligible();
  return builder.get(axis);
}

//===----------------------------------------------------------------------===//
// Weights beside float activations
//===----------------------------------------------------------------------===//

/// The dimensions of a weight whose indices are output channels: those that the
/// result has too, of several groups or products of matrices more than one.
static SmallVector<int32_t> getChannelDims(QuantizableOpInterface op,
                                           unsigned operand) {
  SmallVector<int32_t> dims;
  for (auto [dim, resultDim] : llvm::enumerate(op.getResultDims(operand)))
    if (resultDim)
      dims.push_back(static_cast<int32_t>(dim));
  return dims;
}

void padToBlocks(QuantizableOpInterface op, const OperandScheme &scheme) {
  if (scheme.scheme != Scheme::WeightOnly ||
      scheme.weight != WeightGranularity::PerBlock)
    return;
  for (OpOperand *factor : op.getFactors()) {
    std::optional<int32_t> dim =
        op.getContractedDim(factor->getOperandNumber());
    DenseElementsAttr weights = getDenseConstant(factor->get());
    if (!dim || !weights)
      continue;
    int64_t size = weights.getType().getShape()[*dim];
    int64_t missing = llvm::alignTo(size, scheme.blockSize) - size;
    if (size < scheme.blockSize || missing == 0)
      return;
    OpBuilder builder(op);
    for (OpOperand *padded : op.getFactors()) {
      int32_t along = *op.getContractedDim(padded->getOperandNumber());
      auto type = cast<RankedTensorType>(padded->get().getType());
      SmallVector<OpFoldResult> low(type.getRank(), builder.getIndexAttr(0)),
          high(low);
      high[along] = builder.getIndexAttr(missing);
      Value zero = arith::ConstantOp::create(builder, op.getLoc(),
                                             builder.getF32FloatAttr(0.0f));
      padded->set(
          padded == factor
              ? padConstant(builder, op.getLoc(), weights, along, missing)
              : tensor::PadOp::create(builder, op.getLoc(), Type(),
                                      padded->get(), low, high, zero));
    }
    return;
  }
}

FailureOr<Type> chooseWeightOnlyType(QuantizableOpInterface op,
                                     OpOperand &factor,
                                     const OperandScheme &scheme) {
  if (scheme.weightStorage == WeightStorage::I16)
    return op.emitOpError() << "would have a weight of 16 bits beside a float "
                               "activation: the scheme weight_only stores 8 "
                               "bits or 4";
  auto type = cast<RankedTensorType>(factor.get().getType());
  ArrayRef<int64_t> shape = type.getShape();
  FailureOr<SmallVector<float>> values = readWeight(op, factor.get());
  if (failed(values))
    return failure();
  // Consecutive indices of each dimension that share a scale.
  SmallVector<int64_t> blocks(shape);
  SmallVector<int32_t> channelDims;
  if (scheme.weight != WeightGranularity::PerTensor)
    channelDims = getChannelDims(op, factor.getOperandNumber());
  for (int32_t dim : channelDims)
    blocks[dim] = 1;
  std::optional<int32_t> summed =
      op.getContractedDim(factor.getOperandNumber());
  // A shorter channel is one block.
  bool isBlocked = scheme.weight == WeightGranularity::PerBlock && summed &&
                   shape[*summed] >= scheme.blockSize;
  if (isBlocked)
    blocks[*summed] = scheme.blockSize;

  SmallVector<int64_t> counts;
  int64_t total = 1;
  for (auto [size, block] : llvm::zip(shape, blocks)) {
    counts.push_back(block > 0 ? size / block : 0);
    total *= counts.back();
  }
  // Without elements, any scale will do.
  bool isEmpty = total == 0;
  std::vector<std::vector<float>> parts(std::max<int64_t>(total, 1));
  for (auto [index, value] : llvm::enumerate(*values)) {
    int64_t part = 0, stride = 1, rest = index;
    for (int64_t dim = shape.size() - 1; dim >= 0; --dim) {
      part += rest % shape[dim] / blocks[dim] * stride;
      rest /= shape[dim];
      stride *= counts[dim];
    }
    parts[part].push_back(value);
  }
  MLIRContext *context = op.getContext();
  WeightTypeBuilder builder(context, scheme);
  for (ArrayRef<float> part : parts)
    builder.add(part);

  if ((isBlocked || channelDims.size() > 1) && !isEmpty) {
    SmallVector<int64_t> sizes(blocks.size(), 0);
    for (auto [dim, block] : llvm::enumerate(blocks))
      if (llvm::is_contained(channelDims, static_cast<int32_t>(dim)) ||
          (isBlocked && static_cast<int32_t>(dim) == *summed))
        sizes[dim] = block;
    return Type(getBlockType(
        IntegerType::get(context, builder.width), builder.isSigned,
        {static_cast<int32_t>(builder.min), static_cast<int32_t>(builder.max)},
        counts, sizes, builder.scales, builder.zeroPoints));
  }
  return builder.get(channelDims.empty() || isEmpty
                         ? std::nullopt
                         : std::optional<int32_t>(channelDims.front()));
}

} // namespace quanta
