//===- FusedOpInterface.td - Contractions with an epilogue -*- tablegen -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_FUSED_OP_INTERFACE_TD
#define QUANTA_FUSED_OP_INTERFACE_TD

include "mlir/IR/OpBase.td"

def FusedOpInterface : OpInterface<"FusedOpInterface"> {
  let cppNamespace = "::quanta";
  let description = [{
    A contraction on packed weights whose elementwise tail runs on the
    accumulators while they are in registers. Its operands are, in this order,
    `lhs`, packed `rhs`, `init`, the extras and the outputs. The innermost
    dimension of the outputs indexes the channels: the lanes of the accumulators.
  }];
  let methods = [
    InterfaceMethod<"The activation.", "::mlir::Value", "getLhs">,
    InterfaceMethod<"The packed weights.", "::mlir::Value", "getRhs">,
    InterfaceMethod<"The accumulators of one row of channels to start from.",
      "::mlir::Value", "getInit">,
    InterfaceMethod<"What the epilogue reads beside the accumulator.",
      "::mlir::OperandRange", "getExtras">,
    InterfaceMethod<"Where results are stored, or the first of several places.",
      "::mlir::Value", "getOutput">,
    InterfaceMethod<"How many results the epilogue can yield.", "int64_t",
      "getMaxOutputs", (ins), "", "return 1;">,
    InterfaceMethod<"The instruction set.", "::quanta::DotAttrInterface",
      "getDot">,
    InterfaceMethod<"For each extra, the element that belongs to a result.",
      "::mlir::ArrayAttr", "getExtraMaps">,
    InterfaceMethod<"Whether the top bit of each `lhs` byte is inverted.",
      "bool", "getFlipLhs">,
    InterfaceMethod<"The scalar region behind the accumulation.",
      "::mlir::Region &", "getEpilogue">,
    InterfaceMethod<"The instruction set's shape with this operation's tile.",
      "::quanta::DotShape", "getTileShape", (ins), "",
      "return $_op.getDot().getDotShape();">,
    InterfaceMethod<"Columns in one block of the packed weights.", "int64_t",
      "getPackedColumns", (ins), "", "return $_op.getTileShape().columns();">,
  ];
  let extraClassDeclaration = [{
    /// Where results are stored: buffers or tensors of the same sizes.
    ::mlir::OperandRange getOutputs();
    /// The same contraction with other extras and outputs, and an empty epilogue
    /// region.
    FusedOpInterface cloneWithoutEpilogue(
        ::mlir::OpBuilder &builder, ::mlir::Location loc,
        ::mlir::TypeRange results, ::mlir::ValueRange extras,
        ::llvm::ArrayRef<::mlir::AffineMap> maps, ::mlir::ValueRange outputs);
  }];
}

#endif // QUANTA_FUSED_OP_INTERFACE_TD
