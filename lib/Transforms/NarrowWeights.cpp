//===- NarrowWeights.cpp - Constant weights of less than a byte -----------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NarrowWeights.h"

#include "quanta/Targets/DotBuilders.h"
#include "quanta/Transforms/Constants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace quanta {

std::optional<NarrowWeights> widenWeights(linalg::LinalgOp op) {
  std::optional<NarrowWeights> result;
  if (!op.hasPureTensorSemantics() || op.getNumReductionLoops() == 0)
    return result;
  OpBuilder builder(op);
  Type byte = builder.getI8Type();
  for (OpOperand *input : op.getDpsInputOperands()) {
    BlockArgument argument = op.getMatchingBlockArgument(input);
    DenseElementsAttr weights =
        argument.getType().isInteger() &&
                argument.getType().getIntOrFloatBitWidth() < 8
            ? getDenseConstant(input->get())
            : DenseElementsAttr();
    bool isSigned =
        llvm::all_of(argument.getUsers(), llvm::IsaPred<arith::ExtSIOp>);
    if (!weights || (!isSigned && !llvm::all_of(argument.getUsers(),
                                                llvm::IsaPred<arith::ExtUIOp>)))
      continue;
    DenseElementsAttr bytes = weights.mapValues(byte, [&](APInt weight) {
      return isSigned ? weight.sext(8) : weight.zext(8);
    });
    result =
        NarrowWeights{arith::ConstantOp::create(builder, op.getLoc(), bytes),
                      argument.getType().getIntOrFloatBitWidth(), isSigned};
    input->set(result->bytes);
    argument.setType(byte);
    if (isSigned)
      continue;
    for (Operation *user : llvm::make_early_inc_range(argument.getUsers())) {
      OpBuilder inner(user);
      user->getResult(0).replaceAllUsesWith(arith::ExtSIOp::create(
          inner, user->getLoc(), user->getResult(0).getType(), argument));
      user->erase();
    }
  }
  return result;
}

DotAttrInterface getNarrowDot(DotAttrInterface dot, unsigned bits, int64_t low,
                              int64_t vectors) {
  for (int64_t stored : {2, 4})
    if (bits <= stored && vectors % (8 / stored) == 0 &&
        dot.getDotShape().vectors % (8 / stored) == 0)
      return NarrowDotAttr::get(dot.getContext(), dot, stored, low);
  return dot;
}

SmallVector<int8_t> shareBytes(ArrayRef<int8_t> weights, DotAttrInterface dot) {
  auto narrow = dyn_cast<NarrowDotAttr>(dot);
  if (!narrow)
    return SmallVector<int8_t>(weights);
  DotShape shape = dot.getDotShape();
  int64_t vector = shape.lanes * shape.kGroup;
  int64_t low = storesSignedNumbers(narrow) ? 0 : narrow.getLow();
  SmallVector<int8_t> result(weights.size() / shape.sharing, 0);
  for (auto [index, weight] : llvm::enumerate(weights)) {
    int64_t i = index, part = i / vector % shape.sharing;
    uint64_t stored = static_cast<uint64_t>(weight - low) &
                      ((uint64_t(1) << narrow.getBits()) - 1);
    result[i / (vector * shape.sharing) * vector + i % vector] |=
        static_cast<int8_t>(stored << (narrow.getBits() * part));
  }
  return result;
}

} // namespace quanta
