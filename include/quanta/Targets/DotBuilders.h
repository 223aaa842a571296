//===- DotBuilders.h - Pieces that instruction sets share -----*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TARGETS_DOTBUILDERS_H
#define QUANTA_TARGETS_DOTBUILDERS_H

#include "quanta/Targets/Dot.h"

#include "mlir/IR/Builders.h"

namespace quanta {

/// Loads `valid` consecutive bytes (at most 4) at `source[indices]` as the low
/// bytes of an i32; the bytes above them are zero and are not read. With `flip`
/// the top bit of every byte is inverted.
mlir::Value buildLoadBytes(mlir::OpBuilder &builder, mlir::Location loc,
                           mlir::Value source, mlir::ValueRange indices,
                           int64_t valid, bool flip);

/// `vector<lanes x i32>` filled with `word`, seen as bytes.
mlir::Value buildBroadcastBytes(mlir::OpBuilder &builder, mlir::Location loc,
                                mlir::Value word, int64_t lanes);

/// Loads `valid` consecutive bytes (at most 2) at `source[indices]` and widens
/// them, as unsigned numbers, to pairs of i16 that fill all lanes of
/// `vector<2 * lanes x i16>`.
mlir::Value buildBroadcastPairs(mlir::OpBuilder &builder, mlir::Location loc,
                                mlir::Value source, mlir::ValueRange indices,
                                int64_t valid, bool flip, int64_t lanes);

/// `bytes` consecutive bytes at `source[indices]`.
mlir::Value buildLoadVector(mlir::OpBuilder &builder, mlir::Location loc,
                            mlir::Value source, mlir::ValueRange indices,
                            int64_t bytes);

/// Whether weights are stored as signed numbers, not as their distances from
/// the lowest: what extends bytes shifts wider elements, which all machines
/// can.
bool storesSignedNumbers(NarrowDotAttr dot);

/// Widens a vector of signed bytes, a pair for each lane, to i16.
mlir::Value buildExtendPairs(mlir::OpBuilder &builder, mlir::Location loc,
                             mlir::Value bytes);

/// `DotAttrInterface::buildInterleave` of four vectors of bytes.
llvm::SmallVector<mlir::Value> buildInterleaveBytes(mlir::OpBuilder &builder,
                                                    mlir::Location loc,
                                                    mlir::ValueRange rows);

/// `DotAttrInterface::buildRoundToBytes` on zmm registers: one instruction
/// converts and rounds, and packing saturates.
mlir::Value buildRoundToBytes512(mlir::OpBuilder &builder, mlir::Location loc,
                                 mlir::ValueRange inputs,
                                 const ByteRounding &rounding);

/// Whether a tile of f32 has sizes between 1 and 64.
llvm::LogicalResult
verifyFloatTile(llvm::function_ref<mlir::InFlightDiagnostic()> emitError,
                int64_t lanes, int64_t vectors, int64_t rows);

/// One f32 of `source` in each of `lanes` lanes.
mlir::Value buildBroadcastFloat(mlir::OpBuilder &builder, mlir::Location loc,
                                mlir::Value source, mlir::ValueRange indices,
                                int64_t lanes);

/// Calls an LLVM intrinsic that returns `type`.
mlir::Value buildIntrinsic(mlir::OpBuilder &builder, mlir::Location loc,
                           llvm::StringRef name, mlir::Type type,
                           mlir::ValueRange operands);

} // namespace quanta

#endif // QUANTA_TARGETS_DOTBUILDERS_H
