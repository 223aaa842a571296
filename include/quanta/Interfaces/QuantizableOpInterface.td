//===- QuantizableOpInterface.td - What can be quantized ---*- tablegen -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_QUANTIZABLE_OP_INTERFACE_TD
#define QUANTA_QUANTIZABLE_OP_INTERFACE_TD

include "mlir/IR/OpBase.td"

def MacOpInterface : OpInterface<"MacOpInterface"> {
  let cppNamespace = "::quanta";
  let description = [{
    An operation that multiplies and accumulates: the unit in which the report
    states how much of a network runs in integers.
  }];
  let methods = [
    InterfaceMethod<[{
      Number of multiply-accumulates of one execution; a dynamic size counts as 1.
    }], "int64_t", "getMacCount">,
    InterfaceMethod<[{
      Whether the products are taken on quantized or integer operands.
    }], "bool", "isQuantizedCompute">,
  ];
}

def StoredFunctionOpInterface : OpInterface<"StoredFunctionOpInterface"> {
  let cppNamespace = "::quanta";
  let description = [{
    An elementwise operation on quantized tensors whose result follows from the
    stored integers of its operands alone. Several of them on one tensor are one
    table.
  }];
  let methods = [
    InterfaceMethod<[{
      The stored integer of the result for those of the operands, in their order;
      nothing if it depends on the channel.
    }], "std::optional<int32_t>", "evaluateStored",
      (ins "::llvm::ArrayRef<int32_t>":$operands)>,
  ];
}

def QuantizableOpInterface : OpInterface<"QuantizableOpInterface"> {
  let cppNamespace = "::quanta";
  let description = [{
    A float operation that has a quantized counterpart. Passes ask this
    interface and know no operation by name; upstream operations get it through
    external models (`quanta/Models/Linalg.h`).
  }];
  let methods = [
    InterfaceMethod<[{
      The two factors of the contraction. A factor that is a constant is a
      weight, any other an activation.
    }], "::llvm::SmallVector<::mlir::OpOperand *>", "getFactors">,
    InterfaceMethod<[{
      Dimension of the weight factor that may have one scale for each index
      (its output channels), or nothing where only per-tensor scales work.
    }], "std::optional<int32_t>", "getWeightAxis", (ins "unsigned":$operandNumber)>,
    InterfaceMethod<[{
      Dimension of a factor that indexes input channels: one that the other
      factor has too and that is summed over. Nothing if there is none.
    }], "std::optional<int32_t>", "getContractedDim",
       (ins "unsigned":$operandNumber)>,
    InterfaceMethod<[{
      For each dimension of a factor the dimension of the result that has the same
      index, or nothing where there is none: a sum is taken along it, or a window
      moves. Along these dimensions every index of the factor may have a scale of
      its own.
    }], "::llvm::SmallVector<std::optional<int32_t>>", "getResultDims",
       (ins "unsigned":$operandNumber)>,
    InterfaceMethod<[{
      The tensor on which the products are accumulated.
    }], "::mlir::OpOperand *", "getAccumulatorInit">,
    InterfaceMethod<[{
      Dimension of the result that indexes the output channels, as does a bias.
    }], "int32_t", "getChannelResultDim">,
    InterfaceMethod<[{
      Why this operation has no quantized counterpart (an unsupported layout,
      say), or success.
    }], "::llvm::LogicalResult", "checkQuantizable", (ins "std::string &":$reason)>,
    InterfaceMethod<[{
      Builds the quantized counterpart on quantized factors, with an optional
      bias of `accumulatorType`'s scales; returns the accumulators.
    }], "::mlir::Value", "buildQuantized",
       (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$factors,
            "::mlir::Value":$bias, "::mlir::RankedTensorType":$accumulatorType)>,
    InterfaceMethod<[{
      Builds the counterpart on the factors, of which number `weight` is
      quantized and the other float; it accumulates on `init`. Returns its result.
    }], "::mlir::Value", "buildWeightOnly",
       (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$factors,
            "unsigned":$weight, "::mlir::Value":$init)>,
  ];
}

#endif // QUANTA_QUANTIZABLE_OP_INTERFACE_TD
