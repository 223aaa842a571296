//===- Dot.h - Instruction sets as kernel generators see them -*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TARGETS_DOT_H
#define QUANTA_TARGETS_DOT_H

#include "mlir/IR/Attributes.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"

#include <algorithm>

namespace quanta {

/// Sizes of a packed right factor: columns padded to whole vectors, depth to
/// whole groups, or registers of matrices full of them; of stored weights, the
/// depth is the bytes of a column.
struct PackedShape {
  int64_t columns;
  int64_t depth;
  /// Elements that share a byte.
  int64_t sharing = 1;

  int64_t size() const { return columns * depth / sharing; }
};

/// Shape of one dot product and of the tile of accumulators built from it.
struct DotShape {
  /// i32 or f32 accumulators in one vector.
  int64_t lanes;
  /// Consecutive elements along K that one lane multiplies and sums.
  int64_t kGroup;
  /// Vectors of accumulators side by side along N in one tile.
  int64_t vectors;
  /// Rows of the largest tile.
  int64_t rows;
  /// Whether the left factor's bytes are taken as signed.
  bool lhsSigned;
  /// Whether factors and accumulators are f32.
  bool isFloat;
  /// Whether `buildInterleave` exists.
  bool interleaves = false;
  /// Whether f32 products and sums of vectors are one instruction.
  bool fusesMultiplyAdd = false;
  /// Rows, and groups of K, that a register of whole matrices holds, see
  /// `buildMatrixProducts`; 0 where there are none.
  int64_t matrixRows = 0;
  /// Registers that the largest tile leaves free and narrower ones may take.
  int64_t spareRegisters = 0;
  /// Of weights that are stored as integers beside an f32 left factor (see
  /// `#quanta.stored_fma`): bits of one, or 0 where there are none, elements
  /// along K that share a scale, and whether scales have zero points.
  int64_t storedBits = 0;
  int64_t storedBlock = 0;
  bool storesZeroPoints = false;

  /// Vectors side by side whose packed weights share the bytes of one (see
  /// `#quanta.narrow_dot`).
  int64_t sharing = 1;

  /// Whether the left factor is widened to i16 ahead of all tiles, each of
  /// which would otherwise widen it again.
  bool widensLhs = false;

  /// Elements along K that packed weights are padded to a multiple of: zeros,
  /// so that registers of matrices are always full.
  int64_t depthUnit() const {
    return kGroup * std::max<int64_t>(1, matrixRows);
  }
  int64_t paddedDepth(int64_t k) const {
    return (k + depthUnit() - 1) / depthUnit() * depthUnit();
  }
  /// Whether registers of matrices are good for runs of so many elements of K,
  /// of bytes whose top bit is inverted or not: a few elements would fill one
  /// with zeros.
  bool canUseMatrices(int64_t runLength, bool flip) const {
    return matrixRows > 0 && !flip && 4 * runLength >= depthUnit();
  }
  /// Packed elements of one group of K of so many vectors side by side.
  int64_t groupSize(int64_t count) const {
    return (count + sharing - 1) / sharing * lanes * kGroup;
  }
  /// Elements along K that one lane of loaded weights holds, and their bytes.
  int64_t storedGroup() const { return storedBits == 4 ? 8 : 1; }
  int64_t storedGroupBytes() const { return storedBits == 4 ? 4 : 1; }
  /// Bytes of a column's scale and zero point, and with all weights they are
  /// for.
  int64_t storedHeadBytes() const { return storesZeroPoints ? 5 : 4; }
  int64_t storedBlockBytes() const {
    int64_t groups = (storedBlock + storedGroup() - 1) / storedGroup();
    return storedHeadBytes() + groups * storedGroupBytes();
  }

  /// The same with blocks of `count` vectors, and as many rows as then fit the
  /// registers of accumulators and weights.
  DotShape withVectors(int64_t count) const {
    DotShape result = *this;
    result.vectors = count;
    int64_t registers = (rows + 1) * vectors + spareRegisters;
    result.rows = std::max<int64_t>(1, registers / count - 1);
    return result;
  }
  /// Which of `kGroup * lanes` bytes side by side the sum in lane `index %
  /// lanes` of interleaved vector `index / lanes` belongs to: instructions
  /// interleave 16 bytes at a time.
  int64_t interleavedElement(int64_t index) const {
    // Of two rows, the elements stay in order.
    if (kGroup == 2)
      return index;
    int64_t vector = index / lanes, lane = index % lanes;
    return lane / 4 * 16 + 4 * vector + lane % 4;
  }
  /// Columns of one block.
  int64_t columns() const { return lanes * vectors; }
  PackedShape pack(int64_t n, int64_t k) const {
    if (storedBits)
      return {(n + lanes - 1) / lanes * lanes,
              (k + storedBlock - 1) / storedBlock * storedBlockBytes()};
    int64_t unit = lanes * sharing;
    return {(n + unit - 1) / unit * unit, paddedDepth(k), sharing};
  }
  /// Packed elements of a whole block of columns, `packed` being the sizes of
  /// all of them.
  int64_t blockSize(const PackedShape &packed) const {
    return columns() * packed.depth / sharing;
  }
  /// Where element (k, n) of the right factor lies: blocks of columns, each
  /// `[depth / kGroup][columns][kGroup]`, the last one as wide as it must be.
  /// Before weights share bytes.
  int64_t packedIndex(const PackedShape &packed, int64_t k, int64_t n) const {
    int64_t start = n / columns() * columns();
    int64_t width = std::min(columns(), packed.columns - start);
    return start * packed.depth + (k / kGroup * width + n - start) * kGroup +
           k % kGroup;
  }
};

/// Part of a product of matrices: one or two registers of rows by columns that
/// lie in one block.
struct MatrixProduct {
  /// The left factor, rows of u8 on a memref of rank 2, and the first row of
  /// each register.
  mlir::Value lhs;
  llvm::SmallVector<mlir::Value, 2> rows;
  /// Where in a row the runs of K begin, and the groups of each, whole
  /// registers.
  llvm::SmallVector<int64_t> runs;
  int64_t groups;
  /// Of the only run, the last register of every row, row by row; or null,
  /// where `lhs` can be read behind the end of the run.
  mlir::Value tail;
  /// The packed right factor, i8, and where the columns begin.
  mlir::Value rhs, start;
  int64_t columns;
  /// What the sums of a row start from, i32, and where.
  mlir::Value init, initStart;
  /// Receives the sums, i32: a memref of all rows by `columns`.
  mlir::Value sums;
  /// Where weights lie that are needed next, or null: `linesAhead` lines of the
  /// cache are fetched with each register of K and half of the columns.
  mlir::Value ahead;
  int64_t linesAhead = 0;
};

/// `clamp(roundeven(x) + zeroPoint, low, high)` to bytes: the bounds are those
/// of i8 or u8, or narrower.
struct ByteRounding {
  int64_t zeroPoint, low, high;
  /// Whether x is a number and no larger than what i32 can hold.
  bool fitsInteger;
  /// Whether elements are in the order that `buildInterleave` leaves.
  bool interleaved;
};

} // namespace quanta

#include "quanta/Targets/DotAttrInterface.h.inc"

#define GET_ATTRDEF_CLASSES
#include "quanta/Targets/DotAttrs.h.inc"

#endif // QUANTA_TARGETS_DOT_H
