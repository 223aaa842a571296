//===- ConvTranspose2DOp.cpp - Transposed convolution ---------------------===//
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

std::array<int64_t, 2> ConvTranspose2DOp::getOutputPads() {
  std::optional<ArrayRef<int64_t>> pads = getOutputPadding();
  if (!pads)
    return {0, 0};
  return {(*pads)[0], (*pads)[1]};
}

/// Constraints 4 and 5.
static LogicalResult verifyWindow(ConvTranspose2DOp op,
                                  const ConvolutionShape &shape) {
  auto isPositive = [](int64_t entry) { return entry > 0; };
  auto isNegative = [](int64_t entry) { return entry < 0; };
  for (ArrayRef<int64_t> list :
       {ArrayRef(shape.strides), ArrayRef(shape.dilations)})
    if (list.size() != 2 || !llvm::all_of(list, isPositive))
      return op.emitOpError() << "needs 2 positive strides and dilations";
  if (shape.pads.size() != 4 || llvm::any_of(shape.pads, isNegative))
    return op.emitOpError() << "needs 4 pads that are not negative";
  auto outputPadding = op.getOutputPadding();
  if (outputPadding &&
      (outputPadding->size() != 2 || llvm::any_of(*outputPadding, isNegative)))
    return op.emitOpError()
           << "needs 2 entries of output_padding that are not negative";
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
static LogicalResult verifySizes(ConvTranspose2DOp op,
                                 const ConvolutionShape &shape) {
  RankedTensorType input = op.getInput().getType(),
                   weights = op.getWeights().getType(),
                   result = op.getResult().getType();
  std::array<int64_t, 2> outputPads = op.getOutputPads();
  SmallVector<int64_t> sizes(4);
  sizes[0] = input.getDimSize(0);
  sizes[shape.channelDim] = shape.filters;
  for (int64_t i = 0; i < 2; ++i) {
    int64_t dim = shape.firstSpatialDim + i;
    int64_t reach, steps, &out = sizes[dim];
    if (weights.getDimSize(2 + i) < 1 || input.getDimSize(dim) < 1 ||
        llvm::MulOverflow(shape.dilations[i], weights.getDimSize(2 + i) - 1,
                          reach) ||
        llvm::MulOverflow(shape.strides[i], input.getDimSize(dim) - 1, steps) ||
        llvm::AddOverflow(reach, steps, out) ||
        llvm::AddOverflow(out, outputPads[i] + 1, out) ||
        llvm::SubOverflow(out, shape.pads[i], out) ||
        llvm::SubOverflow(out, shape.pads[2 + i], out) || out < 1)
      return op.emitOpError()
             << "has no result along dimension " << dim
             << ": strides, kernel, pads and " << input << " do not fit";
  }
  if (failed(verifyCompatibleShape(sizes, result.getShape())))
    return op.emitOpError() << "result has type " << result << ", expected "
                            << result.clone(sizes);
  return success();
}

LogicalResult ConvTranspose2DOp::verify() {
  if (failed(verifyQuantizedTensors(*this)))
    return failure();
  RankedTensorType input = getInput().getType(),
                   weights = getWeights().getType(),
                   result = getResult().getType();
  if (input.getRank() != 4 || weights.getRank() != 4 || result.getRank() != 4)
    return emitOpError() << "takes tensors of rank 4, not " << input.getRank()
                         << " and " << weights.getRank() << " -> "
                         << result.getRank();
  if (ShapedType::isDynamicShape(input.getShape().drop_front()) ||
      ShapedType::isDynamicShape(result.getShape().drop_front()) ||
      !weights.hasStaticShape())
    return emitOpError() << "needs static sizes of all but the batch";
  ConvolutionShape shape = getConvolutionShape(*this);
  if (failed(verifyWindow(*this, shape)) || failed(verifySizes(*this, shape)))
    return failure();
  auto inputParams = *QuantParams::get(input.getElementType());
  auto weightParams = *QuantParams::get(weights.getElementType());
  auto channel = static_cast<int32_t>(shape.channelDim);
  if (weightParams.axis && shape.groups > 1)
    return emitOpError() << "weights of several groups must be quantized per "
                            "tensor";
  if (failed(verifyFactors(*this, inputParams, weightParams, /*rhsAxis=*/1)) ||
      failed(verifyAccumulator(*this, "result", result, channel, inputParams,
                               weightParams)))
    return failure();
  if (!getBias())
    return success();
  return verifyBias(*this, getBias(), shape.filters, inputParams, weightParams);
}

int64_t ConvTranspose2DOp::getMacCount() {
  int64_t count = 1;
  for (ArrayRef<int64_t> sizes :
       {getInput().getType().getShape(),
        getWeights().getType().getShape().drop_front()})
    for (int64_t size : sizes)
      count *= ShapedType::isDynamic(size) ? 1 : size;
  return count;
}

bool ConvTranspose2DOp::isQuantizedCompute() { return true; }

} // namespace quanta
