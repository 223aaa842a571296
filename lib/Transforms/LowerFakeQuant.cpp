//===- LowerFakeQuant.cpp - Lower quanta.fake_quant to float arithmetic ---===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FakeQuantGrad.h"

#include "quanta/IR/Quanta.h"
#include "quanta/IR/Stage.h"
#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/ContractArithmetic.h"
#include "quanta/Transforms/DynamicArithmetic.h"
#include "quanta/Transforms/FloatLayers.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_LOWERFAKEQUANT
#include "quanta/Transforms/Passes.h.inc"

namespace {
struct LowerFakeQuantPass : impl::LowerFakeQuantBase<LowerFakeQuantPass> {
  void runOnOperation() override {
    if (failed(checkStage(getOperation(), {Stage::Simulated}, getArgument())))
      return signalPassFailure();
    forgetFloatLayers(getOperation());
    getOperation().walk([](FakeQuantOp op) {
      OpBuilder builder(op);
      Value result;
      // A weight is rounded now: contractions are generated for constant ones.
      if (std::optional<SmallVector<float>> values = getRoundedConstant(op))
        result = createConstant(builder, op.getLoc(),
                                op.getInput().getType().getShape(),
                                ArrayRef<float>(*values));
      else
        result = buildFakeQuant(builder, op.getLoc(), op.getInput(),
                                op.getQuantizedType());
      // `tensor.empty` of static sizes loses nothing, dynamic ones stay `?`.
      op.replaceAllUsesWith(result);
      op.erase();
    });
    getOperation().walk([](FakeQuantGradOp op) { lowerFakeQuantGrad(op); });
    getOperation().walk([](DynamicFakeQuantOp op) {
      OpBuilder builder(op);
      op.replaceAllUsesWith(buildDynamicFakeQuant(
          builder, op.getLoc(), op.getInput(), op.getRows(),
          *QuantParams::get(op.getQuantizedType()), op.getSymmetric()));
      op.erase();
    });
  }
};
} // namespace

} // namespace quanta
