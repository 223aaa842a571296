//===- TileBuilder.h - Tiles of accumulators in registers -------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_TILEBUILDER_H
#define QUANTA_LIB_TRANSFORMS_TILEBUILDER_H

#include "quanta/IR/Quanta.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"

#include <optional>

namespace quanta {

/// Indices of one row of the output: all but the innermost one, which indexes
/// the channels.
using RowIndices = llvm::SmallVector<mlir::Value, 4>;

/// Consecutive output channels that a tile computes. The last vector may be
/// partly empty.
struct Channels {
  mlir::Value first;
  int64_t count;
};

/// One vector of interleaved sums for each byte of a lane, and where their
/// results go.
struct InterleavedOutput {
  /// Indices of the row in the result.
  RowIndices row;
  /// Where the results lie next to each other, and how many exist.
  mlir::Value buffer;
  llvm::SmallVector<mlir::Value> at;
  int64_t count;
};

/// What generators of fused operations have in common: a tile of accumulators,
/// row by row and vector by vector of channels, is started, added to, and
/// leaves through the epilogue. Works on one operation on buffers; `finish`
/// erases it.
class TileBuilder {
public:
  /// With `dense`, all of `lhs` lies in memory without gaps.
  explicit TileBuilder(FusedOpInterface op, bool dense = false);

  /// Ends the work: results are in the operation's outputs.
  void finish();

  mlir::OpBuilder &builder() { return b; }
  mlir::Location getLoc() const { return loc; }
  const DotShape &getShape() const { return shape; }
  DotAttrInterface getDot() const { return dot; }
  /// Operands with contiguous rows.
  mlir::Value getLhs() const { return lhs; }
  /// Another view of the same elements, for `buildDots`.
  void setLhs(mlir::Value view) { lhs = view; }
  /// Makes it i16, flipped if it has to be, where the instruction wants that.
  void widenLhs();
  mlir::Value getRhs() const { return rhs; }
  /// Or the first of several places of the same sizes.
  mlir::Value getOutput() const { return outputs.front(); }
  /// Makes one dimension of the rows and columns of images, and so row indices
  /// of results one shorter. False if an extra does not allow it.
  bool joinPixels();

  mlir::Value index(int64_t value) {
    return mlir::arith::ConstantIndexOp::create(b, loc, value);
  }
  mlir::Value add(mlir::Value value, int64_t offset);
  mlir::Value add(mlir::Value left, mlir::Value right);
  mlir::Value mul(mlir::Value value, int64_t factor);

  /// A buffer of so many elements, until `finish`.
  mlir::Value allocate(mlir::OpFoldResult size, mlir::Type element);

  /// Vectors that hold so many channels.
  int64_t vectorsOf(int64_t channels) const {
    return llvm::divideCeil(channels, shape.lanes);
  }
  /// Independent sums along K, so that a small tile does not wait for the
  /// latency of its own additions. Integer sums may be taken in any order;
  /// float sums keep one order for all tiles, so that a row's result does not
  /// depend on the rows beside it.
  int64_t chainsOf(int64_t rows, int64_t vectors) const {
    return shape.isFloat ? 1 : std::max<int64_t>(1, 8 / (rows * vectors));
  }

  /// Memory of one tile of f32 results, row by row.
  mlir::Value allocateWindow();
  /// The tile's results go to a window, or one of its extras comes from there:
  /// memory of the tile alone, in place of the operand.
  void writeWindow(mlir::Value window) { writtenWindow = window; }
  void readWindow(unsigned extra, mlir::Value window) {
    readWindows[extra] = window;
  }

  /// The accumulators before the first product: `chains` times `rows` rows, of
  /// which the first chain holds `init` and the others zeros.
  llvm::SmallVector<mlir::Value> buildStart(Channels channels, int64_t rows,
                                            int64_t chains = 1);
  /// One vector of sums before the first product, from element `start`.
  mlir::Value loadStart(mlir::Value start);
  /// Where in memory the sums of a row start from: a vector of i32, and the
  /// first of the channels in it.
  std::pair<mlir::Value, mlir::Value> placeStart(Channels channels);
  /// Vectors of packed weights, one after the other from element `start`.
  llvm::SmallVector<mlir::Value> loadWeights(mlir::Value start,
                                             int64_t vectors);
  /// The first tiles of a block fetch the weights of the next one, a part each:
  /// as many lines as a group has vectors pass by in each step along K. Where
  /// part `index`, or the last one, of the block of `blockSize` elements behind
  /// `block` starts.
  mlir::Value getNextWeights(mlir::Value block, mlir::Value index,
                             int64_t blockSize);
  /// Asks for the line of weights of step `step` along K behind element `start`
  /// in the level-2 cache.
  void prefetchWeights(mlir::Value start, mlir::Value step);
  /// Adds to one row of accumulators the products of the `valid` elements at
  /// `lhs[indices]`, of up to a group, with the weights.
  void buildDots(mlir::ValueRange indices, int64_t valid,
                 llvm::ArrayRef<mlir::Value> weights,
                 llvm::MutableArrayRef<mlir::Value> accumulators);
  /// Adds the chains up into the first one and drops the others.
  void addChains(llvm::SmallVector<mlir::Value> &accumulators, int64_t chains);
  /// Runs the epilogue on all accumulators and stores the results.
  void buildEpilogue(llvm::ArrayRef<RowIndices> rows, Channels channels,
                     llvm::ArrayRef<mlir::Value> accumulators);

  /// Whether the epilogue reads nothing but values for each channel.
  bool readsChannelsOnly();
  /// The same on sums in the order of `DotShape::interleavedElement`. Channels
  /// start at `first` and repeat after `period`.
  void buildInterleavedEpilogue(llvm::ArrayRef<InterleavedOutput> outputs,
                                mlir::Value first, int64_t period,
                                llvm::ArrayRef<mlir::Value> sums);

private:
  FusedOpInterface op;
  mlir::OpBuilder b;
  mlir::Location loc;
  DotAttrInterface dot;
  DotShape shape;
  mlir::Value lhs, rhs;
  /// `outputs` may be other views of the same elements.
  llvm::SmallVector<mlir::Value, 2> outputs, contiguousOutputs;
  llvm::SmallVector<mlir::Value> extras, copies;
  mlir::Value writtenWindow;
  llvm::SmallDenseMap<unsigned, mlir::Value, 1> readWindows;
  llvm::SmallVector<mlir::AffineMap> maps;
  /// The epilogue, or what comes in it before `roundings`, one for each output.
  mlir::Region epilogue;
  llvm::SmallVector<std::optional<ByteRounding>, 2> roundings;
  /// Whether sums start from `floatSumStart`.
  bool areFloatSums = false;

  mlir::Value selectWindow(Channels channels);
  mlir::Value makeContiguous(mlir::Value buffer, bool dense = false);
  mlir::Value loadExtra(mlir::Value extra, mlir::AffineMap map,
                        llvm::ArrayRef<mlir::Value> position, int64_t lanes);
  llvm::SmallVector<mlir::Value>
  loadInterleavedExtra(unsigned number, const InterleavedOutput &output,
                       mlir::Value first, int64_t period);
  void storeInterleaved(llvm::ArrayRef<mlir::Value> results,
                        const InterleavedOutput &output);
  void splitEpilogue();
  std::optional<ByteRounding> splitRounding(mlir::OpOperand &yielded);
  mlir::Value buildRounding(mlir::Value x, const ByteRounding &rounding);
  void storeBytes(mlir::ValueRange results, unsigned number,
                  llvm::ArrayRef<mlir::Value> position, int64_t channels);
  void store(mlir::Value result, mlir::Value buffer,
             llvm::ArrayRef<mlir::Value> position, int64_t lanes);
};

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_TILEBUILDER_H
