//===- ConvertQuantToQuanta.cpp - From upstream's quantization casts ------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/IR/Quanta.h"
#include "quanta/Numerics/QuantParams.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_CONVERTQUANTTOQUANTA
#include "quanta/Transforms/Passes.h.inc"

namespace {

/// Why a cast between these types has no counterpart here. Only weights, which
/// are dequantized, have a scale for each block.
LogicalResult checkCast(Operation *op, Type floatType, Type quantizedType) {
  auto floats = dyn_cast<RankedTensorType>(floatType);
  auto quantized = dyn_cast<RankedTensorType>(quantizedType);
  if (!floats || !quantized || !floats.getElementType().isF32())
    return op->emitOpError()
           << "has no counterpart in quanta: it casts " << floatType << " and "
           << quantizedType << ", not ranked tensors of f32";
  return verifyQuantizedType(
      quantized, quantized.getElementType(), [&] { return op->emitOpError(); },
      /*isWeight=*/isa<quant::DequantizeCastOp>(op));
}

struct ConvertQuantToQuantaPass
    : impl::ConvertQuantToQuantaBase<ConvertQuantToQuantaPass> {
  void runOnOperation() override {
    WalkResult result = getOperation().walk([](Operation *op) {
      OpBuilder builder(op);
      if (auto cast = dyn_cast<quant::QuantizeCastOp>(op)) {
        Type type = cast.getResult().getType();
        if (failed(checkCast(op, cast.getInput().getType(), type)))
          return WalkResult::interrupt();
        // Rounding to wider storage is not exact in f32.
        if (QuantParams::get(getElementTypeOrSelf(type))->storageWidth() > 16) {
          op->emitOpError() << "has no counterpart in quanta: it rounds to "
                               "more than 16 bits of storage";
          return WalkResult::interrupt();
        }
        cast.replaceAllUsesWith(QuantizeOp::create(builder, op->getLoc(), type,
                                                   cast.getInput(),
                                                   StringAttr())
                                    .getResult());
        op->erase();
      } else if (auto cast = dyn_cast<quant::DequantizeCastOp>(op)) {
        Type type = cast.getResult().getType();
        if (failed(checkCast(op, type, cast.getInput().getType())))
          return WalkResult::interrupt();
        cast.replaceAllUsesWith(DequantizeOp::create(builder, op->getLoc(),
                                                     type, cast.getInput(),
                                                     StringAttr())
                                    .getResult());
        op->erase();
      }
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};

} // namespace
} // namespace quanta
