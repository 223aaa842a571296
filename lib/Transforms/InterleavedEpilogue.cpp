//===- InterleavedEpilogue.cpp - Tails of interleaved sums ----------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TileBuilder.h"

#include "quanta/Transforms/VectorizeRegion.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace quanta {

/// Vectors of `lanes` elements taken from the elements of all `inputs`: element
/// `i` of the results is element `from(i)`.
static SmallVector<Value> permute(OpBuilder &b, Location loc,
                                  ArrayRef<Value> inputs,
                                  llvm::function_ref<int64_t(int64_t)> from) {
  auto type = cast<VectorType>(inputs.front().getType());
  int64_t lanes = type.getDimSize(0);
  SmallVector<Value> results;
  for (size_t result = 0; result < inputs.size(); ++result) {
    auto sourceOf = [&](int64_t lane) {
      int64_t element = from(static_cast<int64_t>(result) * lanes + lane);
      return std::pair(element / lanes, element % lanes);
    };
    // One source after the other joins those before it.
    Value joined = inputs[sourceOf(0).first];
    llvm::SmallDenseSet<int64_t> done;
    for (int64_t source = 0; source < static_cast<int64_t>(inputs.size());
         ++source) {
      SmallVector<int64_t> order(lanes, vector::ShuffleOp::kPoisonIndex);
      bool isUsed = false;
      for (int64_t lane = 0; lane < lanes; ++lane) {
        auto [input, element] = sourceOf(lane);
        if (input == source) {
          order[lane] = lanes + element;
          isUsed = true;
        } else if (done.contains(input)) {
          order[lane] = lane;
        }
      }
      if (!isUsed)
        continue;
      joined = vector::ShuffleOp::create(b, loc, joined, inputs[source], order);
      done.insert(source);
    }
    results.push_back(joined);
  }
  return results;
}

bool TileBuilder::readsChannelsOnly() {
  return llvm::all_of(maps, [](AffineMap map) {
    return llvm::all_of(map.getResults(), [&](AffineExpr expr) {
      auto dim = dyn_cast<AffineDimExpr>(expr);
      return !dim || dim.getPosition() == map.getNumDims() - 1;
    });
  });
}

/// One vector for each vector of sums, or a single scalar.
SmallVector<Value>
TileBuilder::loadInterleavedExtra(unsigned number,
                                  const InterleavedOutput &output, Value first,
                                  int64_t period) {
  SmallVector<Value> loaded;
  for (int64_t v = 0; v < shape.kGroup; ++v) {
    int64_t start = v * shape.lanes;
    // Behind the channels of a block that has fewer, anything will do.
    int64_t channel = start % period;
    int64_t lanes = std::min(shape.lanes, period - channel);
    SmallVector<Value> position(output.row.begin(), output.row.end());
    position.push_back(add(first, channel));
    Value value = loadExtra(extras[number], maps[number], position, lanes);
    if (!isa<VectorType>(value.getType()))
      return {value};
    loaded.push_back(value);
  }
  return permute(b, loc, loaded, [&](int64_t element) {
    return shape.interleavedElement(element);
  });
}

void TileBuilder::buildInterleavedEpilogue(ArrayRef<InterleavedOutput> outputs,
                                           Value first, int64_t period,
                                           ArrayRef<Value> sums) {
  Block &block = epilogue.front();
  SmallVector<SmallVector<Value>> loaded(extras.size());
  SmallVector<SmallVector<Value>> results(outputs.size());
  bool sameForAll = readsChannelsOnly();
  for (auto [index, output] : llvm::enumerate(outputs)) {
    if (index == 0 || !sameForAll)
      for (unsigned number = 0; number < extras.size(); ++number)
        loaded[number] = loadInterleavedExtra(number, output, first, period);
    for (int64_t v = 0; v < shape.kGroup; ++v) {
      IRMapping mapping;
      mapping.map(block.getArgument(0), sums[index * shape.kGroup + v]);
      for (auto [argument, vectors] :
           llvm::zip(block.getArguments().drop_front(), loaded))
        mapping.map(argument, vectors.size() == 1 ? vectors[0] : vectors[v]);
      results[index].push_back(
          vectorizeBlock(b, block, mapping, shape.lanes).front());
    }
  }
  for (auto [output, vectors] : llvm::zip(outputs, results))
    storeInterleaved(vectors, output);
}

void TileBuilder::storeInterleaved(ArrayRef<Value> results,
                                   const InterleavedOutput &output) {
  SmallVector<Value> vectors(results);
  if (const std::optional<ByteRounding> &rounding = roundings.front()) {
    ByteRounding interleaved = *rounding;
    interleaved.interleaved = true;
    if (Value bytes = dot.buildRoundToBytes(b, loc, vectors, interleaved)) {
      store(bytes, output.buffer, output.at, output.count);
      return;
    }
    for (Value &vector : vectors)
      vector = buildRounding(vector, *rounding);
  }
  // Where the elements of the interleaved vectors come from, the other way.
  SmallVector<int64_t> from(shape.kGroup * shape.lanes);
  for (size_t index = 0; index < from.size(); ++index)
    from[shape.interleavedElement(index)] = index;
  vectors = permute(b, loc, vectors, [&](int64_t i) { return from[i]; });
  for (auto [index, vector] : llvm::enumerate(vectors)) {
    int64_t start = index * shape.lanes;
    if (start >= output.count)
      break;
    SmallVector<Value> at(output.at);
    at.back() = add(at.back(), start);
    store(vector, output.buffer, at,
          std::min(shape.lanes, output.count - start));
  }
}

} // namespace quanta
