//===- MatrixTiles.h - Tiles of sums in registers of matrices ---*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_MATRIXTILES_H
#define QUANTA_LIB_TRANSFORMS_MATRIXTILES_H

#include "TileBuilder.h"

namespace quanta {

/// A left factor as registers of matrices read it: rows of a memref of rank 2,
/// in which `length` elements of K begin at each of `runs`.
struct MatrixFactor {
  mlir::Value buffer;
  llvm::SmallVector<int64_t> runs;
  int64_t length;
  /// Whether memory ends with the last row's run. What is read behind a run
  /// otherwise, to fill a register, meets zeros.
  bool isExact;
};

/// Generates the products of one fused operation whose rows fill registers of
/// matrices. Their sums go through memory on the stack to the epilogue: there
/// is no other way.
class MatrixTiles {
public:
  MatrixTiles(TileBuilder &tile, MatrixFactor factor);

  /// Whether the weights stay in a core's second cache: then a few rows are
  /// multiplied with all of them at a time, so that results are stored next to
  /// each other.
  bool keepsWeights() const;
  /// Those rows.
  int64_t fewRows() const { return 2 * pair(); }

  /// What is the same for all rows of a block of columns.
  struct Block {
    mlir::Value weights;
    Channels channels;
    /// See `TileBuilder::placeStart`.
    mlir::Value init, initStart;
    /// Where the weights of the next block begin, or null if there is none.
    mlir::Value next;
  };
  Block startBlock(mlir::Value block, Channels channels);

  /// Runs the epilogue on rows `from` to `to` of sums: row 0 of them is `row`
  /// of the left factor.
  struct Sums {
    mlir::Value buffer, row, from, to;
    /// `to - from`, or dynamic.
    int64_t count;
  };
  using Epilogue = llvm::function_ref<void(const Block &, const Sums &)>;

  /// All of `count` rows, a register full at least, from `first` on. Where
  /// memory is not exact, up to a register's rows are read behind the last one.
  /// With `isEnd`, there are no rows behind it; otherwise a register full.
  void build(const Block &block, mlir::Value first, int64_t count, bool isEnd,
             Epilogue epilogue);
  /// The same of a number of rows that is known at run time. Returns the row
  /// behind the last one: `first` if they do not fill a register.
  mlir::Value build(const Block &block, mlir::Value first, mlir::Value end,
                    Epilogue epilogue);

  /// Calls `body` in a loop over the rows of sums, with a few of them at once.
  void forEachRows(const Sums &sums,
                   llvm::function_ref<void(mlir::ValueRange)> body);
  /// Rows of sums, vector by vector.
  llvm::SmallVector<mlir::Value> loadSums(const Block &block, const Sums &sums,
                                          mlir::ValueRange rows);

private:
  TileBuilder &tile;
  mlir::OpBuilder &b;
  mlir::Location loc;
  DotShape shape;
  MatrixFactor factor;

  /// A register's rows, and those that are multiplied at once.
  int64_t rows() const { return shape.matrixRows; }
  int64_t pair() const { return 2 * rows(); }
  /// Elements of K in a register's row, and those of the last register.
  int64_t depth() const { return shape.depthUnit(); }
  int64_t tailLength() const { return factor.length % depth(); }
  /// Rows that must exist behind one whose last register is read whole.
  int64_t rowsBehind() const;
  void loop(mlir::Value from, mlir::Value to, int64_t step,
            llvm::function_ref<void(mlir::Value)> body);
  mlir::Value buildSums(const Block &block, llvm::ArrayRef<mlir::Value> starts,
                        bool isLast, mlir::Value ahead = {},
                        int64_t linesAhead = 0);
  void buildPairs(const Block &block, mlir::Value first, mlir::Value end,
                  int64_t count, Epilogue epilogue);
  mlir::Value copyTail(llvm::ArrayRef<mlir::Value> starts);
};

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_MATRIXTILES_H
