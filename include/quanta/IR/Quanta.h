//===- Quanta.h - The quanta dialect --------------------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_IR_QUANTA_H
#define QUANTA_IR_QUANTA_H

#include "quanta/IR/ConvolutionRuns.h"
#include "quanta/IR/DepthwiseBlocks.h"
#include "quanta/Interfaces/QuantizableOpInterface.h"
#include "quanta/Targets/Dot.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "quanta/IR/QuantaDialect.h.inc"
#include "quanta/IR/QuantaEnums.h.inc"

#include "quanta/IR/FusedOpInterface.h.inc"

#define GET_OP_CLASSES
#include "quanta/IR/QuantaOps.h.inc"

namespace quanta {

/// Indexing maps of a matrix product: (m, k), (k, n) and (m, n).
llvm::SmallVector<mlir::AffineMap> getMatmulMaps(mlir::MLIRContext *context);

/// The dequantization that `value` is, of one scale or of one for each index of
/// a dimension; null for other values, and for weights with blocks.
DequantizeOp getDequantize(mlir::Value value);

/// Whether an observer keeps one range for each index of a dimension.
inline bool isPerChannelObserver(ObserverKind kind) {
  return kind == ObserverKind::PerChannelMinMax ||
         kind == ObserverKind::MovingAveragePerChannelMinMax;
}

/// Names of the discardable attributes that passes leave for later ones.
namespace attrs {
/// On the module: identifies the float model, see `getModelFingerprint`.
inline constexpr llvm::StringLiteral fingerprint = "quanta.fingerprint";
/// On an operation: why it stays in float.
inline constexpr llvm::StringLiteral floatReason = "quanta.float_reason";
/// On an operation that is no contraction: its layer's name, and the scheme,
/// "fp16" or "bf16", to whose type inputs and results are rounded.
inline constexpr llvm::StringLiteral layer = "quanta.layer";
inline constexpr llvm::StringLiteral float16 = "quanta.float16";
/// On an operation whose weights were changed for what reads its result: the
/// numbers by which the result is multiplied, and along which dimension.
inline constexpr llvm::StringLiteral resultScales = "quanta.result_scales";
inline constexpr llvm::StringLiteral resultAxis = "quanta.result_axis";
/// On a contraction: it multiplies the upper byte of a factor of 16 bits, and
/// is part of the one that multiplies the lower byte.
inline constexpr llvm::StringLiteral upperByte = "quanta.upper_byte";
/// On the module: the machine to compile for, as LLVM names it.
inline constexpr llvm::StringLiteral cpu = "quanta.cpu";
inline constexpr llvm::StringLiteral features = "quanta.features";
inline constexpr llvm::StringLiteral vectorWidth = "quanta.vector_width";
/// On the module: instruction sets of integer and float kernels.
inline constexpr llvm::StringLiteral integerDot = "quanta.integer_dot";
inline constexpr llvm::StringLiteral floatDot = "quanta.float_dot";
/// On the module: name of the instruction set that kernels use.
inline constexpr llvm::StringLiteral isa = "quanta.isa";
/// On the module: the observers of a lowered observed program.
inline constexpr llvm::StringLiteral observers = "quanta.observers";
/// On an argument or a result of a function, of signless integers: callers know
/// them as unsigned ones.
inline constexpr llvm::StringLiteral isUnsigned = "quanta.unsigned";
/// On a function: its type on tensors, kept through bufferization.
inline constexpr llvm::StringLiteral signature = "quanta.signature";
} // namespace attrs

} // namespace quanta

#endif // QUANTA_IR_QUANTA_H
