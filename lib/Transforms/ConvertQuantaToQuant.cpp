//===- ConvertQuantaToQuant.cpp - To upstream's quantization casts --------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/IR/Quanta.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/IR/Builders.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_CONVERTQUANTATOQUANT
#include "quanta/Transforms/Passes.h.inc"

namespace {

struct ConvertQuantaToQuantPass
    : impl::ConvertQuantaToQuantBase<ConvertQuantaToQuantPass> {
  void runOnOperation() override {
    getOperation().walk([](Operation *op) {
      OpBuilder builder(op);
      if (auto quantize = dyn_cast<QuantizeOp>(op)) {
        quantize.replaceAllUsesWith(
            quant::QuantizeCastOp::create(
                builder, op->getLoc(), quantize.getType(), quantize.getInput())
                .getResult());
        op->erase();
      } else if (auto dequantize = dyn_cast<DequantizeOp>(op)) {
        dequantize.replaceAllUsesWith(
            quant::DequantizeCastOp::create(builder, op->getLoc(),
                                            dequantize.getType(),
                                            dequantize.getInput())
                .getResult());
        op->erase();
      }
    });
  }
};

} // namespace
} // namespace quanta
