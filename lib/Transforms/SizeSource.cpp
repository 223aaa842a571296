//===- SizeSource.cpp - Where the sizes of tensors come from --------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SizeSource.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"

using namespace mlir;

namespace quanta {

SizeSource SizeSource::of(Value scalar) {
  return {ShapedType::kDynamic, scalar, -1};
}

SizeSource SizeSource::of(Value tensor, int64_t dim) {
  return {ShapedType::kDynamic, tensor, dim};
}

Value SizeSource::build(OpBuilder &b, Location loc) const {
  if (!value)
    return arith::ConstantIndexOp::create(b, loc, size);
  return isData() ? value : linalg::createOrFoldDimOp(b, loc, value, dim);
}

SizeSource SizeFinder::get(Value tensor, int64_t dim) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (!type.isDynamicDim(dim))
    return SizeSource::of(type.getDimSize(dim));
  std::pair key(tensor, dim);
  if (auto known = sources.find(key); known != sources.end())
    return known->second;
  SizeSource source = find(tensor, dim);
  sources[key] = source;
  return source;
}

SizeSource SizeFinder::get(OpFoldResult size) {
  if (std::optional<int64_t> constant = getConstantIntValue(size))
    return SizeSource::of(*constant);
  auto value = cast<Value>(size);
  if (auto op = value.getDefiningOp<tensor::DimOp>())
    if (std::optional<int64_t> dim = op.getConstantIndex();
        dim && isa<RankedTensorType>(op.getSource().getType()))
      return get(op.getSource(), *dim);
  return SizeSource::of(value);
}

SizeSource SizeFinder::find(Value tensor, int64_t dim) {
  if (auto empty = tensor.getDefiningOp<tensor::EmptyOp>())
    return get(empty.getMixedSizes()[dim]);
  if (auto cast = tensor.getDefiningOp<tensor::CastOp>();
      cast && isa<RankedTensorType>(cast.getSource().getType()))
    return get(cast.getSource(), dim);
  if (auto expand = tensor.getDefiningOp<tensor::ExpandShapeOp>())
    return get(expand.getMixedOutputShape()[dim]);
  if (auto op = tensor.getDefiningOp<DestinationStyleOpInterface>())
    return get(op.getTiedOpOperand(cast<OpResult>(tensor))->get(), dim);
  return SizeSource::of(tensor, dim);
}

} // namespace quanta
