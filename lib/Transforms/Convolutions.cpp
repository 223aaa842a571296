//===- Convolutions.cpp - Recognise convolutions --------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Convolutions.h"

using namespace mlir;

namespace quanta {

namespace {
/// An iterator times a positive number.
struct Term {
  unsigned dim;
  int64_t factor;
};
} // namespace

static std::optional<Term> matchTerm(AffineExpr expr) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return Term{dim.getPosition(), 1};
  auto product = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!product || product.getKind() != AffineExprKind::Mul)
    return std::nullopt;
  auto dim = dyn_cast<AffineDimExpr>(product.getLHS());
  auto factor = dyn_cast<AffineConstantExpr>(product.getRHS());
  if (!dim || !factor || factor.getValue() < 1)
    return std::nullopt;
  return Term{dim.getPosition(), factor.getValue()};
}

std::optional<Conv2D> matchConv2D(linalg::LinalgOp op) {
  if (op.getNumDpsInputs() < 2 || op.getNumDpsInits() != 1)
    return std::nullopt;
  SmallVector<AffineMap> all = op.getIndexingMapsArray();
  std::array<AffineMap, 3> maps{all[0], all[1], all.back()};
  if (maps[0].getNumResults() != 4 || maps[2].getNumResults() != 4 ||
      !maps[1].isProjectedPermutation() || !maps[2].isProjectedPermutation() ||
      maps[0].getNumSymbols() != 0)
    return std::nullopt;
  auto position = [](AffineMap map, unsigned dim) -> std::optional<unsigned> {
    return map.getResultPosition(getAffineDimExpr(dim, map.getContext()));
  };
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  Conv2D conv;
  int spatial = 0, images = 0, channels = 0;
  for (auto [index, expr] : llvm::enumerate(maps[0].getResults())) {
    auto place = static_cast<int64_t>(index);
    if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
      bool inOutput = maps[2].isFunctionOfDim(dim.getPosition());
      if (maps[1].isFunctionOfDim(dim.getPosition())) {
        ++channels;
        conv.channel = dim.getPosition();
        conv.inputDims[3] = place;
      } else if (inOutput) {
        ++images;
        conv.inputDims[0] = place;
        conv.outputDims[0] = *position(maps[2], dim.getPosition());
      } else {
        return std::nullopt;
      }
      continue;
    }
    auto sum = dyn_cast<AffineBinaryOpExpr>(expr);
    if (!sum || sum.getKind() != AffineExprKind::Add || spatial == 2)
      return std::nullopt;
    std::optional<Term> out = matchTerm(sum.getLHS()),
                        tap = matchTerm(sum.getRHS());
    if (!out || !tap)
      return std::nullopt;
    if (!maps[2].isFunctionOfDim(out->dim))
      std::swap(out, tap);
    if (!maps[2].isFunctionOfDim(out->dim) ||
        maps[2].isFunctionOfDim(tap->dim) ||
        maps[1].isFunctionOfDim(out->dim) ||
        !maps[1].isFunctionOfDim(tap->dim) ||
        ShapedType::isDynamic(ranges[tap->dim]))
      return std::nullopt;
    conv.taps[spatial] = tap->dim;
    conv.kernel[spatial] = ranges[tap->dim];
    conv.strides[spatial] = out->factor;
    conv.dilations[spatial] = tap->factor;
    conv.inputDims[1 + spatial] = place;
    conv.outputDims[1 + spatial] = *position(maps[2], out->dim);
    ++spatial;
  }
  if (spatial != 2 || images != 1 || channels != 1)
    return std::nullopt;
  // What is left of the output's dimensions is the channels'.
  conv.outputDims[3] =
      6 - conv.outputDims[0] - conv.outputDims[1] - conv.outputDims[2];
  conv.filter =
      cast<AffineDimExpr>(maps[2].getResult(conv.outputDims[3])).getPosition();
  unsigned weightDims = conv.isDepthwise() ? 3 : 4;
  if (maps[1].getNumResults() != weightDims ||
      !maps[1].isFunctionOfDim(conv.filter) ||
      op.getNumLoops() != 3 + weightDims ||
      (!conv.isDepthwise() && maps[2].isFunctionOfDim(conv.channel)))
    return std::nullopt;
  return conv;
}

} // namespace quanta
