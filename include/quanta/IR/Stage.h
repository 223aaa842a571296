//===- Stage.h - The stages of the compilation ----------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_IR_STAGE_H
#define QUANTA_IR_STAGE_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <optional>

namespace quanta {

/// The stages of the dialect's documentation, in the order of the flow.
enum class Stage {
  Float,
  Observed,
  Simulated,
  Quantized,
  Integer,
  Kernel,
  LLVM
};

llvm::StringRef stringifyStage(Stage stage);

/// The only stage in which `op` is legal, or nothing if several allow it.
std::optional<Stage> getStageOf(mlir::Operation *op);

/// The furthest stage whose operations the module contains. Integer and kernel
/// stages hold only upstream operations: a module is in the integer stage if it
/// sums products of integers in wider ones, in the kernel stage if it works on
/// buffers.
Stage getStage(mlir::ModuleOp module);

/// The dialect of an operation on tensors that none of the passes knows, at
/// whatever stage: what is in TOSA or StableHLO is lowered to linalg first.
std::optional<llvm::StringRef> getForeignDialect(mlir::Operation *op);

/// Succeeds if every stage-specific operation of the module belongs to one of
/// the stages `taken`; otherwise emits an error at the first that does not,
/// which names `passName` and the stages. Where `taken` is without the float
/// stage, a contraction that could be quantized, with no word why it is not, is
/// an error too, unless the module has operations of the stages that are taken.
llvm::LogicalResult checkStage(mlir::ModuleOp module,
                               llvm::ArrayRef<Stage> taken,
                               llvm::StringRef passName);

/// The same for passes that take the kernel stage after bufferization: no
/// tensors, nothing of the LLVM dialect. `hint` says what to do about tensors.
llvm::LogicalResult checkBuffers(mlir::ModuleOp module,
                                 llvm::StringRef passName,
                                 llvm::StringRef hint = "bufferize it first");

} // namespace quanta

#endif // QUANTA_IR_STAGE_H
