//===- ExpandBatches.cpp - Loops over the batches of kernels --------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ParallelLoops.h"

#include "quanta/IR/Quanta.h"
#include "quanta/IR/Stage.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_EXPANDBATCHES
#include "quanta/Transforms/Passes.h.inc"

namespace {

/// Opens loops over some of an operation's dimensions, and cuts from each
/// buffer the part that one iteration works on.
class BatchExpander {
public:
  BatchExpander(Operation *op) : b(op), loc(op->getLoc()) {}

  /// A loop over dimension `dim`, of the size of dimension `position` of
  /// `buffer`.
  void addLoop(unsigned dim, Value buffer, int64_t position) {
    Value zero = arith::ConstantIndexOp::create(b, loc, 0);
    Value one = arith::ConstantIndexOp::create(b, loc, 1);
    Value size = memref::DimOp::create(b, loc, buffer, position);
    auto loop = scf::ForOp::create(b, loc, zero, size, one);
    markParallel(loop);
    b.setInsertionPointToStart(loop.getBody());
    induction.try_emplace(dim, loop.getInductionVar());
  }

  bool isLoop(AffineExpr expr) const {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    return dim && induction.contains(dim.getPosition());
  }

  /// The part of `buffer`, indexed through `map`, of this iteration.
  Value slice(Value buffer, AffineMap map) {
    auto type = cast<MemRefType>(buffer.getType());
    SmallVector<OpFoldResult> offsets, sizes,
        strides(type.getRank(), b.getIndexAttr(1));
    SmallVector<int64_t> shape;
    for (auto [position, expr] : llvm::enumerate(map.getResults())) {
      if (isLoop(expr)) {
        offsets.push_back(
            induction.lookup(cast<AffineDimExpr>(expr).getPosition()));
        sizes.push_back(b.getIndexAttr(1));
        continue;
      }
      offsets.push_back(b.getIndexAttr(0));
      shape.push_back(type.getDimSize(position));
      sizes.push_back(memref::getMixedSize(b, loc, buffer, position));
    }
    if (static_cast<int64_t>(shape.size()) == type.getRank())
      return buffer;
    auto partType = memref::SubViewOp::inferRankReducedResultType(
        shape, type, offsets, sizes, strides);
    return memref::SubViewOp::create(b, loc, partType, buffer, offsets, sizes,
                                     strides);
  }

  /// `map` without the loops: over the dimensions that are left, in their
  /// order.
  AffineMap reduce(AffineMap map) {
    SmallVector<AffineExpr> dims, results;
    unsigned kept = 0;
    for (unsigned dim = 0; dim < map.getNumDims(); ++dim)
      dims.push_back(induction.contains(dim) ? b.getAffineConstantExpr(0)
                                             : b.getAffineDimExpr(kept++));
    for (AffineExpr expr : map.getResults())
      if (!isLoop(expr))
        results.push_back(expr.replaceDims(dims));
    return AffineMap::get(kept, 0, results, b.getContext());
  }

  OpBuilder &builder() { return b; }

private:
  OpBuilder b;
  Location loc;
  DenseMap<unsigned, Value> induction;
};

/// Where the rows lie behind each other in every buffer, they are one
/// dimension.
bool collapseRows(FusedMatmulOp op) {
  int64_t rank = cast<MemRefType>(op.getOutput().getType()).getRank();
  if (!op.getBatch().empty() || !op.getLhsMapOrIdentity().isIdentity())
    return false;
  SmallVector<ReassociationIndices> groups(2);
  groups[0].assign(llvm::seq<int64_t>(0, rank - 1).begin(),
                   llvm::seq<int64_t>(0, rank - 1).end());
  groups[1] = {rank - 1};
  auto isCollapsible = [&](Value buffer) {
    return memref::CollapseShapeOp::isGuaranteedCollapsible(
        cast<MemRefType>(buffer.getType()), groups);
  };
  if (!isCollapsible(op.getLhs()) ||
      !llvm::all_of(op.getOutputs(), isCollapsible))
    return false;
  SmallVector<AffineMap> maps(
      op.getExtraMaps().getAsValueRange<AffineMapAttr>());
  for (auto [extra, map] : llvm::zip(op.getExtras(), maps)) {
    bool isWhole = map.isIdentity() && isCollapsible(extra);
    for (int64_t dim = 0; dim + 1 < rank && !isWhole; ++dim)
      if (map.isFunctionOfDim(dim))
        return false;
  }
  OpBuilder b(op);
  auto collapse = [&](Value buffer) -> Value {
    return memref::CollapseShapeOp::create(b, op.getLoc(), buffer, groups);
  };
  SmallVector<Value> extras;
  for (auto [extra, map] : llvm::zip(op.getExtras(), maps)) {
    bool whole = map.isIdentity();
    extras.push_back(whole ? collapse(extra) : extra);
    SmallVector<AffineExpr> dims(rank, b.getAffineConstantExpr(0));
    dims.back() = b.getAffineDimExpr(1);
    map = whole ? b.getMultiDimIdentityMap(2)
                : map.replaceDimsAndSymbols(dims, {}, 2, 0);
  }
  auto outputs = llvm::map_to_vector(op.getOutputs(), collapse);
  auto collapsed = FusedMatmulOp::create(
      b, op.getLoc(), TypeRange(), collapse(op.getLhs()), op.getRhs(),
      op.getInit(), extras, outputs, op.getDot(), b.getAffineMapArrayAttr(maps),
      op.getFlipLhs());
  collapsed.getEpilogue().takeBody(op.getEpilogue());
  op.erase();
  return true;
}

void expand(FusedMatmulOp op) {
  int64_t rank = cast<MemRefType>(op.getOutput().getType()).getRank();
  if (rank == 2 || collapseRows(op))
    return;
  ArrayRef<int64_t> batch = op.getBatch();
  int64_t kept = rank - 2;
  while (llvm::is_contained(batch, kept))
    --kept;
  BatchExpander expander(op);
  OpBuilder &b = expander.builder();
  for (int64_t dim = 0; dim + 1 < rank; ++dim)
    if (dim != kept)
      expander.addLoop(dim, op.getOutput(), dim);

  SmallVector<AffineExpr> batchDims;
  for (int64_t dim : batch)
    batchDims.push_back(b.getAffineDimExpr(dim));
  batchDims.push_back(b.getAffineDimExpr(rank - 1));
  AffineMap packedMap = AffineMap::get(rank, 0, batchDims, b.getContext());
  Value init = op.getInit();
  if (cast<MemRefType>(init.getType()).getRank() > 1)
    init = expander.slice(init, packedMap);
  SmallVector<Value> extras;
  SmallVector<AffineMap> maps;
  for (auto [extra, map] :
       llvm::zip(op.getExtras(),
                 op.getExtraMaps().getAsValueRange<AffineMapAttr>())) {
    extras.push_back(
        isa<MemRefType>(extra.getType()) ? expander.slice(extra, map) : extra);
    maps.push_back(expander.reduce(map));
  }
  // K takes the place of N.
  Value lhs = expander.slice(op.getLhs(), op.getLhsMapOrIdentity());
  Value rhs = expander.slice(op.getRhs(), packedMap);
  auto outputs = llvm::map_to_vector(op.getOutputs(), [&](Value output) {
    return expander.slice(output, b.getMultiDimIdentityMap(rank));
  });
  auto inner = FusedMatmulOp::create(
      b, op.getLoc(), TypeRange(), lhs, rhs, init, extras, outputs, op.getDot(),
      b.getAffineMapArrayAttr(maps), op.getFlipLhs());
  inner.getEpilogue().takeBody(op.getEpilogue());
  op.erase();
}

void expand(PackOp op) {
  unsigned batchRank = op.getBatchRank();
  if (batchRank == 0)
    return;
  BatchExpander expander(op);
  OpBuilder &b = expander.builder();
  for (unsigned dim = 0; dim < batchRank; ++dim)
    expander.addLoop(dim, op.getPacked(), dim);
  // K and N are one dimension of what is packed.
  AffineMap packedMap =
      b.getMultiDimIdentityMap(batchRank + 2).dropResult(batchRank + 1);
  Value source = expander.slice(op.getSource(), op.getMap());
  Value packed = expander.slice(op.getPacked(), packedMap);
  Value init = expander.slice(op.getInit(), packedMap);
  PackOp::create(b, op.getLoc(), TypeRange(), source, packed, init, op.getDot(),
                 expander.reduce(op.getMap()), op.getFlip(),
                 op.getLhsZeroPoint(), op.getRhsZeroPoint());
  op.erase();
}

struct ExpandBatchesPass : impl::ExpandBatchesBase<ExpandBatchesPass> {
  void runOnOperation() override {
    if (failed(checkBuffers(getOperation(), getArgument())))
      return signalPassFailure();
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (isa<FusedMatmulOp, PackOp>(op))
        ops.push_back(op);
    });
    for (Operation *op : ops) {
      if (auto fused = dyn_cast<FusedMatmulOp>(op))
        expand(fused);
      else
        expand(cast<PackOp>(op));
    }
  }
};

} // namespace
} // namespace quanta
