//===- ConvTransposeOps.cpp - Transposed convolution ---------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "QuantizedVerifiers.h"

#include "quanta/IR/ConvolutionShape.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace quanta {

template <typename OpTy>
static std::array<int64_t, OpTy::spatialDims> getOutputPads(OpTy op) {
  std::array<int64_t, OpTy::spatialDims> result = {};
  if (std::optional<ArrayRef<int64_t>> pads = op.getOutputPadding())
    llvm::copy(*pads, result.begin());
  return result;
}

/// Constraints 4 and 5.
template <typename OpTy>
static LogicalResult verifyWindow(OpTy op, const ConvolutionShape &shape) {
  constexpr size_t count = OpTy::spatialDims;
  auto isPositive = [](int64_t entry) { return entry > 0; };
  auto isNegative = [](int64_t entry) { return entry < 0; };
  for (ArrayRef<int64_t> list :
       {ArrayRef(shape.strides), ArrayRef(shape.dilations)})
    if (list.size() != count || !llvm::all_of(list, isPositive))
      return op.emitOpError()
             << "needs " << count << " positive strides and dilations";
  if (shape.pads.size() != 2 * count || llvm::any_of(shape.pads, isNegative))
    return op.emitOpError()
           << "needs " << 2 * count << " pads that are not negative";
  auto outputPadding = op.getOutputPadding();
  if (outputPadding && (outputPadding->size() != count ||
                        llvm::any_of(*outputPadding, isNegative)))
    return op.emitOpError() << "needs " << count
                            << " entries of output_padding that are not "
                               "negative";
  if (shape.groups <= 0 || shape.channels % shape.groups != 0)
    return op.emitOpError() << "cannot part " << shape.channels
                            << " channels into " << shape.groups << " groups";
  int64_t channels = op.getWeights().getType().getDimSize(0);
  if (channels != shape.channels)
    return op.emitOpError() << "weights have " << channels
                            << " channels, but the input " << shape.channels;
  return success();
}

/// Constraint 6.
template <typename OpTy>
static LogicalResult verifySizes(OpTy op, const ConvolutionShape &shape) {
  constexpr int64_t count = OpTy::spatialDims;
  RankedTensorType input = op.getInput().getType(),
                   weights = op.getWeights().getType(),
                   result = op.getResult().getType();
  std::array<int64_t, count> outputPads = op.getOutputPads();
  SmallVector<int64_t> sizes(count + 2);
  sizes[0] = input.getDimSize(0);
  sizes[shape.channelDim] = shape.filters;
  for (int64_t i = 0; i < count; ++i) {
    int64_t dim = shape.firstSpatialDim + i;
    int64_t reach, steps, &out = sizes[dim];
    if (weights.getDimSize(2 + i) < 1 || input.getDimSize(dim) < 1 ||
        llvm::MulOverflow(shape.dilations[i], weights.getDimSize(2 + i) - 1,
                          reach) ||
        llvm::MulOverflow(shape.strides[i], input.getDimSize(dim) - 1, steps) ||
        llvm::AddOverflow(reach, steps, out) ||
        llvm::AddOverflow(out, outputPads[i] + 1, out) ||
        llvm::SubOverflow(out, shape.pads[i], out) ||
        llvm::SubOverflow(out, shape.pads[count + i], out) || out < 1)
      return op.emitOpError()
             << "has no result along dimension " << dim
             << ": strides, kernel, pads and " << input << " do not fit";
  }
  if (failed(verifyCompatibleShape(sizes, result.getShape())))
    return op.emitOpError() << "result has type " << result << ", expected "
                            << result.clone(sizes);
  return success();
}

template <typename OpTy> static LogicalResult verifyTransposed(OpTy op) {
  if (failed(verifyQuantizedTensors(op)) || failed(verifyWindowRanks(op)))
    return failure();
  RankedTensorType input = op.getInput().getType(),
                   weights = op.getWeights().getType(),
                   result = op.getResult().getType();
  if (ShapedType::isDynamicShape(input.getShape().drop_front()) ||
      ShapedType::isDynamicShape(result.getShape().drop_front()) ||
      !weights.hasStaticShape())
    return op.emitOpError() << "needs static sizes of all but the batch";
  ConvolutionShape shape = getConvolutionShape(op);
  if (failed(verifyWindow(op, shape)) || failed(verifySizes(op, shape)))
    return failure();
  auto inputParams = *QuantParams::get(input.getElementType());
  auto weightParams = *QuantParams::get(weights.getElementType());
  auto channel = static_cast<int32_t>(shape.channelDim);
  if (weightParams.axis && shape.groups > 1)
    return op.emitOpError()
           << "weights of several groups must be quantized per "
              "tensor";
  if (failed(verifyFactors(op, inputParams, weightParams, /*rhsAxis=*/1)) ||
      failed(verifyAccumulator(op, "result", result, channel, inputParams,
                               weightParams)))
    return failure();
  if (!op.getBias())
    return success();
  return verifyBias(op, op.getBias(), shape.filters, inputParams, weightParams);
}

template <typename OpTy> static int64_t countMacs(OpTy op) {
  int64_t count = 1;
  for (ArrayRef<int64_t> sizes :
       {op.getInput().getType().getShape(),
        op.getWeights().getType().getShape().drop_front()})
    for (int64_t size : sizes)
      count *= ShapedType::isDynamic(size) ? 1 : size;
  return count;
}

std::array<int64_t, 1> ConvTranspose1DOp::getOutputPads() {
  return quanta::getOutputPads(*this);
}
std::array<int64_t, 2> ConvTranspose2DOp::getOutputPads() {
  return quanta::getOutputPads(*this);
}

LogicalResult ConvTranspose1DOp::verify() { return verifyTransposed(*this); }
LogicalResult ConvTranspose2DOp::verify() { return verifyTransposed(*this); }

int64_t ConvTranspose1DOp::getMacCount() { return countMacs(*this); }
int64_t ConvTranspose2DOp::getMacCount() { return countMacs(*this); }

bool ConvTranspose1DOp::isQuantizedCompute() { return true; }
bool ConvTranspose2DOp::isQuantizedCompute() { return true; }

} // namespace quanta
