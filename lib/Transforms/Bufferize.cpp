//===- Bufferize.cpp - Bufferization of Quanta's operations
//------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Transforms/Bufferize.h"

#include "quanta/IR/Quanta.h"

#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"
#include "mlir/IR/DialectRegistry.h"

using namespace mlir;
using namespace mlir::bufferization;

namespace quanta {
namespace {

/// Contractions with an epilogue: see FusedOpInterface.
template <typename OpTy>
struct FusedModel
    : DstBufferizableOpInterfaceExternalModel<FusedModel<OpTy>, OpTy> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand,
                              const AnalysisState &state) const {
    // Every element of the output is written; none is read.
    return !cast<DestinationStyleOpInterface>(op).isDpsInit(&operand);
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options,
                          BufferizationState &state) const {
    SmallVector<Value> operands;
    for (Value operand : op->getOperands()) {
      if (!isa<TensorType>(operand.getType())) {
        operands.push_back(operand);
        continue;
      }
      FailureOr<Value> buffer = getBuffer(rewriter, operand, options, state);
      if (failed(buffer))
        return failure();
      operands.push_back(*buffer);
    }
    Value output = operands.back();
    OperationState newState(op->getLoc(), op->getName());
    newState.addOperands(operands);
    newState.propertiesAttr = op->getPropertiesAsAttribute();
    newState.addAttributes(llvm::to_vector(op->getDiscardableAttrs()));
    newState.addRegion();
    Operation *newOp = rewriter.create(newState);
    newOp->getRegion(0).takeBody(op->getRegion(0));
    replaceOpWithBufferizedValues(rewriter, op, output);
    return success();
  }
};

} // namespace

void registerBufferizationModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, QuantaDialect *dialect) {
    FusedConv2DOp::attachInterface<FusedModel<FusedConv2DOp>>(*context);
    FusedMatmulOp::attachInterface<FusedModel<FusedMatmulOp>>(*context);
  });
}

} // namespace quanta
