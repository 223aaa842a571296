//===- ConvertQdqToQuanta.cpp - Pairs to the quantized stage --------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FloatFactors.h"

#include "quanta/IR/Quanta.h"
#include "quanta/IR/Stage.h"
#include "quanta/Interfaces/QuantizableOpInterface.h"
#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_CONVERTQDQTOQUANTA
#include "quanta/Transforms/Passes.h.inc"

namespace {

struct ConvertQdqToQuantaPass
    : impl::ConvertQdqToQuantaBase<ConvertQdqToQuantaPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(checkStage(module, {Stage::Float, Stage::Quantized},
                          getArgument())))
      return signalPassFailure();
    OpPassManager raise(ModuleOp::getOperationName());
    raise.addPass(createConvertQuantToQuanta());
    RaiseQdqOptions options;
    options.strict = true;
    raise.addPass(createRaiseQdq(options));
    if (failed(runPipeline(raise, module)) || failed(checkPairs(module)))
      return signalPassFailure();
    if (getStage(module) != Stage::Quantized)
      return;
    OpPassManager quantize(ModuleOp::getOperationName());
    quantize.addPass(createSinkDequantize());
    quantize.addPass(createFormOperations());
    // What was formed may let more values move while they are quantized.
    quantize.addPass(createSinkDequantize());
    quantize.addPass(createFuse());
    quantize.addPass(createQuantize());
    quantize.addPass(createFormLookups());
    quantize.addPass(createMergeLookups());
    quantize.addPass(createCSEPass());
    quantize.addPass(createCanonicalizerPass());
    if (failed(runPipeline(quantize, module)))
      return signalPassFailure();
    warnOfFloat(module);
  }

private:
  /// Integers are dequantized as they were quantized.
  static LogicalResult checkPairs(ModuleOp module) {
    WalkResult result = module.walk([](quant::StorageCastOp cast) {
      auto first = cast.getInput().getDefiningOp<quant::StorageCastOp>();
      Type from =
          first ? getElementTypeOrSelf(first.getInput().getType()) : Type();
      Type to = getElementTypeOrSelf(cast.getType());
      if (!isa_and_nonnull<quant::QuantizedType>(from) ||
          !isa<quant::QuantizedType>(to) || from == to)
        return WalkResult::advance();
      cast.emitError() << "dequantizes as " << to
                       << " the integers that were quantized as " << from
                       << ": the two halves of a pair need the same parameters";
      return WalkResult::interrupt();
    });
    return failure(result.wasInterrupted());
  }

  static void warnOfFloat(ModuleOp module) {
    module.walk([](QuantizableOpInterface op) {
      auto isDequantized = [](OpOperand *factor) {
        return factor->get().getDefiningOp<DequantizeOp>() != nullptr;
      };
      if (llvm::none_of(op.getFactors(), isDequantized))
        return;
      if (auto reason = op->getAttrOfType<StringAttr>(attrs::floatReason)) {
        op.emitWarning() << "stays in float: " << reason.getValue();
        return;
      }
      op.emitWarning() << "stays in float: " << describeFloatFactors(op);
    });
  }
};

} // namespace
} // namespace quanta
