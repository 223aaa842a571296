//===- DotAttrInterface.td - Dot-product instruction sets --*- tablegen -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_DOT_ATTR_INTERFACE_TD
#define QUANTA_DOT_ATTR_INTERFACE_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/OpBase.td"

def DotAttrInterface : AttrInterface<"DotAttrInterface"> {
  let cppNamespace = "::quanta";
  let description = [{
    One instruction set, as the kernel generator sees it: which operands its
    dot product takes, how weights are laid out for it, how large a tile of
    accumulators fits its registers, and how to build the instruction. A new
    instruction is one attribute that implements this interface.
  }];
  let methods = [
    InterfaceMethod<"Operand types, lanes and layout of the dot product.",
      "::quanta::DotShape", "getDotShape">,
    InterfaceMethod<"Type of the elements of the packed right factor.",
      "::mlir::Type", "getPackedType", (ins), "", [{
        ::mlir::Builder builder($_attr.getContext());
        return $_attr.getDotShape().isFloat
                   ? ::mlir::Type(builder.getF32Type())
                   : ::mlir::Type(builder.getI8Type());
      }]>,
    InterfaceMethod<[{
      Loads the `kGroup` consecutive elements of the left factor that start at
      `lhs[indices]` and spreads them over all lanes. `valid` elements exist in
      memory; the others count as zero and must not be read.
    }], "::mlir::Value", "buildBroadcast",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::Value":$lhs, "::mlir::ValueRange":$indices,
           "int64_t":$valid, "bool":$flip)>,
    InterfaceMethod<[{
      Loads one vector of packed weights at `rhs[indices]`, in the form in
      which `buildDot` takes it.
    }], "::mlir::Value", "buildLoadWeights",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::Value":$rhs, "::mlir::ValueRange":$indices)>,
    InterfaceMethod<[{
      The same from a vector of `kGroup * lanes` bytes that is loaded already.
    }], "::mlir::Value", "buildExtendWeights",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::Value":$bytes), "", "return bytes;">,
    InterfaceMethod<"`acc + sum over the group of lhs * rhs`, lane by lane.",
      "::mlir::Value", "buildDot",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::Value":$acc, "::mlir::Value":$lhs, "::mlir::Value":$rhs)>,
    InterfaceMethod<[{
      Takes `kGroup` vectors of `kGroup * lanes` bytes and returns as many, in
      the form in which `buildDot` takes the left factor: each lane holds the
      bytes that belong to one element, one of each vector, and
      `DotShape::interleavedElement` says which. Only where
      `DotShape::interleaves`.
    }], "::llvm::SmallVector<::mlir::Value>", "buildInterleave",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::ValueRange":$rows), "", "return {};">,
    InterfaceMethod<[{
      Rounds every element of `inputs` as `rounding` says; returns one vector of
      i8 whose low bytes are the results, in the order of channels; NaN becomes
      the lower bound. Null where the instruction set has nothing better than the
      operations one by one.
    }], "::mlir::Value", "buildRoundToBytes",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::ValueRange":$inputs,
           "const ::quanta::ByteRounding &":$rounding), "", "return {};">,
    InterfaceMethod<[{
      Bytes that `buildLookup` looks up at once, or 0 where there is no such
      instruction.
    }], "int64_t", "getLookupLanes", (ins), "", "return 0;">,
    InterfaceMethod<[{
      For each of `getLookupLanes` bytes in `indices`, taken without a sign, the
      entry of a table of 256 bytes, which is given as vectors of as many bytes.
    }], "::mlir::Value", "buildLookup",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::ValueRange":$table, "::mlir::Value":$indices), "",
      "return {};">,
    InterfaceMethod<[{
      Sums the products of one or two registers of rows with `product.columns`
      columns of packed weights, a multiple of `lanes`. Only where
      `DotShape::matrixRows` is not 0.
    }], "void", "buildMatrixProducts",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "const ::quanta::MatrixProduct &":$product), "", "return;">,
  ];
}

#endif // QUANTA_DOT_ATTR_INTERFACE_TD
