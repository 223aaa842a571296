//===- ContractOp.cpp - Quantized contraction over any iteration space ----===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "QuantizedVerifiers.h"

#include "quanta/IR/WindowStep.h"

#include "mlir/Analysis/FlatLinearValueConstraints.h"
#include "mlir/IR/AffineMap.h"

#include <optional>

using namespace mlir;

namespace quanta {

/// `channel` where it is given; else see `quanta.contract`.
static int32_t getChannelDim(std::optional<int32_t> channel,
                             ArrayRef<AffineMap> maps, Type rhsElement) {
  if (channel)
    return *channel;
  auto rhs = QuantParams::get(rhsElement);
  if (rhs && rhs->axis &&
      *rhs->axis < static_cast<int32_t>(maps[1].getNumResults()))
    if (auto dim = dyn_cast<AffineDimExpr>(maps[1].getResult(*rhs->axis)))
      if (auto position = findDim(maps[2], dim.getPosition()))
        return *position;
  return static_cast<int32_t>(maps[2].getNumResults()) - 1;
}

int32_t ContractOp::getChannelDim() {
  return quanta::getChannelDim(getChannel(), getIndexingMaps(),
                               getRhs().getType().getElementType());
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

/// How far iterator `dim` may run if `expr` stays below `size`: the others have
/// `ranges`. Dynamic where they do not tell.
static int64_t solveRange(AffineExpr expr, unsigned dim, int64_t size,
                          ArrayRef<int64_t> ranges) {
  SmallVector<int64_t> factors;
  if (ShapedType::isDynamic(size) ||
      failed(getFlattenedAffineExpr(expr, ranges.size(), /*numSymbols=*/0,
                                    &factors)) ||
      // More would be divisions.
      factors.size() != ranges.size() + 1 || factors[dim] <= 0)
    return ShapedType::kDynamic;
  int64_t room = size - 1;
  if (llvm::SubOverflow(room, factors.back(), room))
    return ShapedType::kDynamic;
  for (auto [other, range] : llvm::enumerate(ranges)) {
    int64_t most;
    if (other == dim || factors[other] <= 0 || range == 0)
      // At its first, where it takes no room.
      continue;
    if (ShapedType::isDynamic(range) ||
        llvm::MulOverflow(factors[other], range - 1, most) ||
        llvm::SubOverflow(room, most, room))
      return ShapedType::kDynamic;
  }
  return room < 0 ? 0 : room / factors[dim] + 1;
}

LogicalResult ContractOp::inferReturnTypes(MLIRContext *,
                                           std::optional<Location> location,
                                           Adaptor adaptor,
                                           SmallVectorImpl<Type> &types) {
  auto lhs = dyn_cast<RankedTensorType>(adaptor.getLhs().getType());
  auto rhs = dyn_cast<RankedTensorType>(adaptor.getRhs().getType());
  if (!lhs || !rhs || !adaptor.getMapsAttr())
    return emitOptionalError(location, "needs ranked tensors and maps");
  auto maps =
      llvm::to_vector(adaptor.getMaps().getAsValueRange<AffineMapAttr>());
  if (maps.size() != 3 || maps[0].getNumResults() != lhs.getRank() ||
      maps[1].getNumResults() != rhs.getRank() ||
      maps[2].getNumResults() == 0 || !maps[2].isProjectedPermutation() ||
      llvm::any_of(maps, [&](AffineMap map) {
        return map.getNumDims() != maps[0].getNumDims() || map.getNumSymbols();
      }))
    return emitOptionalError(location, "maps do not fit the factors");
  auto lhsParams = QuantParams::get(lhs.getElementType());
  auto rhsParams = QuantParams::get(rhs.getElementType());
  int32_t channel =
      quanta::getChannelDim(adaptor.getChannel(), maps, rhs.getElementType());
  if (!lhsParams || !rhsParams || channel < 0 ||
      channel >= static_cast<int32_t>(maps[2].getNumResults()))
    return emitOptionalError(
        location, "factors must be quantized, and channels in the result");

  std::array<RankedTensorType, 2> factors{lhs, rhs};
  auto forEachSize = [&](function_ref<void(AffineExpr, int64_t)> visit) {
    for (auto [type, map] : llvm::zip_first(factors, maps))
      for (auto [expr, size] :
           llvm::zip_equal(map.getResults(), type.getShape()))
        visit(expr, size);
  };
  SmallVector<int64_t> ranges(maps[0].getNumDims(), ShapedType::kDynamic);
  forEachSize([&](AffineExpr expr, int64_t size) {
    if (auto dim = dyn_cast<AffineDimExpr>(expr);
        dim && ShapedType::isDynamic(ranges[dim.getPosition()]))
      ranges[dim.getPosition()] = size;
  });
  SmallVector<int64_t> shape;
  for (auto expr : maps[2].getResults()) {
    unsigned dim = cast<AffineDimExpr>(expr).getPosition();
    int64_t range = ranges[dim];
    if (!findDim(maps[0], dim) && !findDim(maps[1], dim))
      forEachSize([&](AffineExpr expr, int64_t size) {
        int64_t most = solveRange(expr, dim, size, ranges);
        if (!ShapedType::isDynamic(most))
          range = ShapedType::isDynamic(range) ? most : std::min(range, most);
      });
    shape.push_back(range);
  }
  types.push_back(RankedTensorType::get(
      shape, getAccumulatorType(*lhsParams, *rhsParams, channel)));
  return success();
}

/// A result may leave out what factors still have room for.
bool ContractOp::isCompatibleReturnTypes(TypeRange inferred, TypeRange actual) {
  auto most = cast<RankedTensorType>(inferred.front());
  auto type = dyn_cast<RankedTensorType>(actual.front());
  return type && type.getRank() == most.getRank() &&
         llvm::all_of_zip(
             type.getShape(), most.getShape(), [](int64_t size, int64_t limit) {
               return ShapedType::isDynamic(size) ||
                      ShapedType::isDynamic(limit) || size <= limit;
             });
}

//===----------------------------------------------------------------------===//
// Verifier
//===----------------------------------------------------------------------===//

LogicalResult ContractOp::verify() {
  SmallVector<AffineMap> maps = getIndexingMaps();
  auto lhsType = getLhs().getType(), rhsType = getRhs().getType();
  auto resultType = getResult().getType();
  if (failed(verifyQuantizedTensors(*this)) ||
      failed(
          verifyContractionMaps(*this, maps, {lhsType, rhsType, resultType})))
    return failure();
  int32_t channel = getChannelDim();
  if (channel < 0 || channel >= resultType.getRank())
    return emitOpError() << "channel " << channel
                         << " is not a dimension of the result";
  auto lhs = *QuantParams::get(lhsType.getElementType());
  auto rhs = *QuantParams::get(rhsType.getElementType());
  int32_t rhsAxis =
      findDim(maps[1], getIterator(maps[2], channel)).value_or(-1);
  if (failed(verifyFactors(*this, lhs, rhs, rhsAxis)) ||
      failed(verifyAccumulator(*this, "result", resultType, channel, lhs, rhs)))
    return failure();
  if (!getBias())
    return success();
  return verifyBias(*this, getBias(), resultType.getDimSize(channel), lhs, rhs);
}

int64_t ContractOp::getMacCount() {
  return countProducts(
      getIndexingMaps(),
      {getLhs().getType(), getRhs().getType(), getResult().getType()});
}

bool ContractOp::isQuantizedCompute() { return true; }

} // namespace quanta
