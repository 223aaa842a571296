//===- FloatFactors.cpp - Why a contraction has float factors -------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FloatFactors.h"

#include "quanta/IR/Quanta.h"

#include "llvm/ADT/SmallVectorExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace quanta {

std::string describeFloatFactors(QuantizableOpInterface op) {
  SmallVector<OpOperand *> missing =
      llvm::filter_to_vector(op.getFactors(), [](OpOperand *factor) {
        return !isa_and_nonnull<DequantizeOp, FakeQuantOp, DynamicFakeQuantOp>(
            factor->get().getDefiningOp());
      });
  if (missing.empty())
    return "a factor has more than 8 bits";
  if (missing.size() > 1)
    return "its factors do not come directly from a quantization";
  bool isLeft = missing.front() == op.getFactors().front();
  Operation *producer = missing.front()->get().getDefiningOp();
  std::string source =
      producer ? ("'" + producer->getName().getStringRef() + "'").str()
               : "an argument";
  return llvm::formatv("its {0} factor comes from {1} and not directly from a "
                       "quantize-dequantize pair",
                       isLeft ? "left" : "right", source);
}

} // namespace quanta
