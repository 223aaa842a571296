//===- ConvProducer.cpp - Convolutions computed where they are read -------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ConvProducer.h"

#include "Conv2DSizes.h"
#include "Convolutions.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

using namespace mlir;

namespace quanta {

namespace {

/// Smaller results stay in the level-2 cache, which holds them as well as a
/// tile would be held, and leave each convolution tiles of its own.
constexpr int64_t minBytes = 1 << 18;

bool isLarge(ShapedType type) {
  return type.hasStaticShape() && type.getNumElements() * 4 >= minBytes;
}

/// Whether `value` is what elementwise work makes of a convolution that has
/// more than one tap, or leaves out pixels.
bool isBehindRows(Value value) {
  Operation *op = value.getDefiningOp();
  auto generic = dyn_cast_or_null<linalg::GenericOp>(op);
  while (generic && linalg::isElementwise(generic) &&
         generic.getNumDpsInputs() > 0) {
    op = generic.getDpsInputs().front().getDefiningOp();
    generic = dyn_cast_or_null<linalg::GenericOp>(op);
  }
  if (auto fused = dyn_cast_or_null<FusedConv2DOp>(op))
    return !areWindowsPointwise(fused.getKernel(), fused.getStrides());
  auto named = dyn_cast_or_null<linalg::LinalgOp>(op);
  std::optional<Conv2D> conv = named ? matchConv2D(named) : std::nullopt;
  return conv && !conv->isDepthwise() && !conv->isPointwise();
}

/// What a buffer is a view of.
Value getBase(Value buffer) {
  while (auto view = buffer.getDefiningOp<ViewLikeOpInterface>())
    buffer = view.getViewSource();
  return buffer;
}

/// Whether the buffer that `op` writes is needed by `reader` alone afterwards:
/// the next operation that uses it, if any, writes all of it again.
bool isReadOnlyBy(memref::AllocOp buffer, FusedConv2DOp op,
                  FusedConv2DOp reader) {
  Operation *next = nullptr;
  for (OpOperand &use : buffer->getUses()) {
    Operation *user = use.getOwner();
    if (isa<ViewLikeOpInterface>(user) || user->getBlock() != op->getBlock())
      return false;
    if (user == op || user->isBeforeInBlock(op))
      continue;
    if (user->isBeforeInBlock(reader))
      return false;
    if (user != reader && (!next || user->isBeforeInBlock(next)))
      next = user;
  }
  if (!next || isa<memref::DeallocOp>(next))
    return true;
  auto fused = dyn_cast<FusedOpInterface>(next);
  return fused && llvm::is_contained(fused.getOutputs(), buffer.getResult()) &&
         llvm::count(next->getOperands(), buffer.getResult()) == 1;
}

/// Whether `op` may run as late as `reader`, and in parts between its writes:
/// it reads nothing that changes until then.
bool canMove(FusedConv2DOp op, FusedConv2DOp reader) {
  auto keeps = [&](Value written) {
    Value base = getBase(written);
    return base.getDefiningOp<memref::AllocOp>() &&
           llvm::none_of(op->getOperands(), [&](Value operand) {
             return getBase(operand) == base;
           });
  };
  for (Operation *between = op->getNextNode(); between != reader;
       between = between->getNextNode()) {
    if (isPure(between))
      continue;
    auto effects = dyn_cast<MemoryEffectOpInterface>(between);
    if (!effects || between->getNumRegions() > 1)
      return false;
    SmallVector<MemoryEffects::EffectInstance> instances;
    effects.getEffects(instances);
    for (const MemoryEffects::EffectInstance &instance : instances)
      if (isa<MemoryEffects::Write, MemoryEffects::Free>(
              instance.getEffect()) &&
          (!instance.getValue() || !keeps(instance.getValue())))
        return false;
  }
  return llvm::all_of(reader.getOutputs(), keeps);
}

/// Whether both compute tiles of the same outputs.
bool haveSameTiles(FusedConv2DOp op, FusedConv2DOp reader) {
  auto usesPixels = [](AffineMap map) {
    return map.isFunctionOfDim(1) || map.isFunctionOfDim(2);
  };
  if (llvm::any_of(op.getExtraMaps().getAsValueRange<AffineMapAttr>(),
                   usesPixels))
    return false;
  DotShape shape = op.getTileShape(), other = reader.getTileShape();
  for (auto [conv, tile] : {std::pair(op, shape), std::pair(reader, other)})
    if (conv.hasOpenSizes() || tile.storedBits || tile.isFloat ||
        tile.canUseMatrices(conv.getRuns().length, conv.getFlipLhs()))
      return false;
  return shape.rows == other.rows && shape.lanes == other.lanes &&
         shape.columns() == other.columns();
}

/// What is computed where `reader` reads it.
std::optional<ConvProducer> getProducer(FusedConv2DOp reader) {
  auto maps = reader.getExtraMaps().getAsValueRange<AffineMapAttr>();
  for (auto [number, extra, map] : llvm::enumerate(reader.getExtras(), maps)) {
    auto buffer = extra.getDefiningOp<memref::AllocOp>();
    if (!buffer || !map.isIdentity() ||
        !buffer.getType().getElementType().isF32() ||
        !isLarge(buffer.getType()) ||
        llvm::count(reader->getOperands(), extra) != 1)
      continue;
    // The last one in front of the reader that has to do with the buffer.
    FusedConv2DOp op;
    for (Operation *user : buffer->getUsers())
      if (user->getBlock() == reader->getBlock() &&
          user->isBeforeInBlock(reader) && (!op || op->isBeforeInBlock(user)))
        op = dyn_cast<FusedConv2DOp>(user);
    if (op && op.getOutputs().size() == 1 &&
        op.getOutput() == buffer.getResult() &&
        llvm::count(op->getOperands(), buffer.getResult()) == 1 &&
        isReadOnlyBy(buffer, op, reader) && canMove(op, reader) &&
        haveSameTiles(op, reader))
      return ConvProducer{op, static_cast<unsigned>(number)};
  }
  return std::nullopt;
}

} // namespace

bool isPointwise(FusedConv2DOp op) {
  if (op.hasOpenSizes())
    return false;
  Conv2DSizes sizes(op);
  return areWindowsPointwise(sizes.kernel, sizes.strides) &&
         sizes.inputHeight == sizes.height && sizes.inputWidth == sizes.width &&
         llvm::all_of(sizes.pads, [](int64_t pad) { return pad == 0; });
}

bool isReadByRows(linalg::LinalgOp conv) {
  Value value = conv->getResult(0);
  if (!isLarge(cast<ShapedType>(value.getType())))
    return false;
  while (value.hasOneUse()) {
    auto reader = dyn_cast<linalg::GenericOp>(*value.user_begin());
    if (!reader || reader->getNumResults() != 1 ||
        !linalg::isElementwise(reader))
      return false;
    if (llvm::any_of(reader.getDpsInputs(), [&](Value input) {
          return input != value && isBehindRows(input);
        }))
      return true;
    value = reader->getResult(0);
  }
  return false;
}

ConvProducers findProducers(ModuleOp module) {
  ConvProducers producers;
  module.walk([&](FusedConv2DOp reader) {
    std::optional<ConvProducer> producer = getProducer(reader);
    // One that is computed elsewhere itself computes nothing on the way.
    if (producer && !producers.contains(producer->op))
      producers[reader] = *producer;
  });
  return producers;
}

} // namespace quanta
