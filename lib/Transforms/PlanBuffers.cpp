//===- PlanBuffers.cpp - One block of memory for a function's buffers -----===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/IR/Stage.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/Transforms/BufferViewFlowAnalysis.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/MathExtras.h"

#include <set>

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_PLANBUFFERS
#include "quanta/Transforms/Passes.h.inc"

namespace {

constexpr int64_t alignment = 64;
constexpr StringLiteral acquireName = "quanta_acquire_buffer";
constexpr StringLiteral releaseName = "quanta_release_buffer";

/// A buffer, its size without open dimensions, and when it is alive: from one
/// point of the function to another, both included. These are its allocation
/// and the end of the last operation in the same block that uses it: in a loop,
/// nothing is kept from one iteration to the next. Where it is freed says
/// little: buffers are freed at the end of a block.
struct Buffer {
  memref::AllocOp alloc;
  memref::DeallocOp dealloc;
  int64_t bytes;
  int64_t begin, end;
  int64_t offset = 0;

  bool conflictsWith(const Buffer &other) const {
    return begin <= other.end && other.begin <= end;
  }
};

/// Buffers whose sizes are multiples of the same product of open sizes, which
/// scales their offsets.
struct Group {
  SmallVector<Buffer> buffers;
  int64_t bytes = 0;
  /// The offsets, and the end, whose multiples may be unaligned.
  std::set<int64_t> unaligned;

  void place();
  /// Where `offset` is when the open sizes are known: rounded down, which makes
  /// it overlap with what is in front of it by less than the alignment. So each
  /// such offset and what is behind begin one alignment later.
  Value scaleOffset(OpBuilder &b, Location loc, Value scale,
                    int64_t offset) const;
};

Value Group::scaleOffset(OpBuilder &b, Location loc, Value scale,
                         int64_t offset) const {
  auto index = [&](int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value).getResult();
  };
  Value scaled = b.createOrFold<arith::MulIOp>(loc, scale, index(offset));
  if (offset % alignment != 0)
    scaled = b.createOrFold<arith::AndIOp>(loc, scaled, index(-alignment));
  int64_t shift = alignment * std::distance(unaligned.begin(),
                                            unaligned.upper_bound(offset));
  return b.createOrFold<arith::AddIOp>(loc, scaled, index(shift));
}

/// Largest first, each at the lowest place that no buffer alive at the same
/// time has taken.
void Group::place() {
  llvm::sort(buffers, [](const Buffer &a, const Buffer &b) {
    return std::make_tuple(-a.bytes, a.begin, a.end) <
           std::make_tuple(-b.bytes, b.begin, b.end);
  });
  for (auto [i, buffer] : llvm::enumerate(buffers)) {
    SmallVector<std::pair<int64_t, int64_t>> taken;
    for (const Buffer &other : ArrayRef(buffers).take_front(i))
      if (buffer.conflictsWith(other))
        taken.push_back({other.offset, other.offset + other.bytes});
    llvm::sort(taken);
    for (auto [from, to] : taken)
      if (buffer.offset + buffer.bytes > from)
        buffer.offset = std::max(buffer.offset, to);
    bytes = std::max(bytes, buffer.offset + buffer.bytes);
  }
  for (const Buffer &buffer : buffers)
    if (buffer.offset % alignment != 0)
      unaligned.insert(buffer.offset);
  if (bytes % alignment != 0)
    unaligned.insert(bytes);
}

class BufferPlanner {
public:
  BufferPlanner(func::FuncOp function)
      : function(function), block(function.getBody().front()),
        b(function.getContext()), loc(function.getLoc()), aliases(function) {}

  /// Whether the function now uses a block of memory.
  bool run();

private:
  func::FuncOp function;
  Block &block;
  OpBuilder b;
  Location loc;
  BufferViewFlowAnalysis aliases;
  /// Where an operation begins and where it ends, with all that is in it.
  DenseMap<Operation *, std::pair<int64_t, int64_t>> spans;
  llvm::MapVector<SmallVector<Value>, Group> groups;

  void measureSpans(Block &within, int64_t &point);
  std::optional<Buffer> inspect(memref::AllocOp alloc);
  bool moveToStart(Value value);
  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }
  void rewrite();
};

/// Bytes of an element in memory; nothing for types whose size is a matter of
/// the machine.
std::optional<int64_t> getElementBytes(Type type) {
  if (!type.isIntOrFloat())
    return std::nullopt;
  unsigned bits = type.getIntOrFloatBitWidth();
  if (bits > 64 || (bits > 8 && !llvm::isPowerOf2_32(bits)))
    return std::nullopt;
  return llvm::divideCeil(bits, 8);
}

void BufferPlanner::measureSpans(Block &within, int64_t &point) {
  for (Operation &op : within) {
    int64_t begin = point++;
    for (Region &region : op.getRegions())
      for (Block &inner : region)
        measureSpans(inner, point);
    spans[&op] = {begin, point - 1};
  }
}

std::optional<Buffer> BufferPlanner::inspect(memref::AllocOp alloc) {
  MemRefType type = alloc.getType();
  std::optional<int64_t> bytes = getElementBytes(type.getElementType());
  if (!bytes || !type.getLayout().isIdentity() || type.getMemorySpace() ||
      alloc.getAlignment().value_or(1) > alignment)
    return std::nullopt;
  memref::DeallocOp dealloc;
  for (Operation *user : alloc->getUsers())
    if (auto op = dyn_cast<memref::DeallocOp>(user)) {
      if (dealloc || op->getBlock() != alloc->getBlock())
        return std::nullopt;
      dealloc = op;
    }
  if (!dealloc)
    return std::nullopt;
  for (int64_t size : type.getShape())
    if (!ShapedType::isDynamic(size) && llvm::MulOverflow(*bytes, size, *bytes))
      return std::nullopt;
  if (*bytes > std::numeric_limits<int64_t>::max() - alignment)
    return std::nullopt;
  if (type.hasStaticShape())
    *bytes = llvm::alignTo(*bytes, alignment);
  auto [begin, end] = spans.lookup(alloc);
  for (Value alias : aliases.resolve(alloc.getResult()))
    for (Operation *user : alias.getUsers()) {
      if (user == dealloc)
        continue;
      Operation *ancestor = alloc->getBlock()->findAncestorOpInBlock(*user);
      if (!ancestor)
        return std::nullopt;
      end = std::max(end, spans.lookup(ancestor).second);
    }
  return Buffer{alloc, dealloc, *bytes, begin, end};
}

/// Makes a size available where the block of memory is acquired, if it follows
/// from the function's arguments.
bool BufferPlanner::moveToStart(Value value) {
  auto argument = dyn_cast<BlockArgument>(value);
  if (argument)
    return argument.getOwner() == &block;
  Operation *op = value.getDefiningOp();
  // Another size may have taken it along: moved again, it would come too late.
  if (op->getBlock() == &block && op->isBeforeInBlock(&*b.getInsertionPoint()))
    return true;
  // An arithmetic operation that can fail must not run before its check.
  if (op->getNumRegions() != 0 || !(isa<memref::DimOp>(op) || isPure(op)))
    return false;
  if (auto dim = dyn_cast<memref::DimOp>(op); dim && !dim.getConstantIndex())
    return false;
  for (Value operand : op->getOperands())
    if (!moveToStart(operand))
      return false;
  op->moveBefore(&block, b.getInsertionPoint());
  return true;
}

bool BufferPlanner::run() {
  int64_t point = 0;
  measureSpans(block, point);
  SmallVector<Buffer> found;
  function.walk([&](memref::AllocOp alloc) {
    if (std::optional<Buffer> buffer = inspect(alloc))
      found.push_back(*buffer);
  });
  // Sizes move in front of this point, which stays where it is.
  b.setInsertionPointToStart(&block);
  Operation *start = index(0).getDefiningOp();
  b.setInsertionPoint(start);
  for (Buffer &buffer : found) {
    SmallVector<Value> sizes(buffer.alloc.getDynamicSizes());
    if (llvm::all_of(sizes, [&](Value size) { return moveToStart(size); }))
      groups[sizes].buffers.push_back(buffer);
  }
  if (!groups.empty())
    rewrite();
  start->erase();
  return !groups.empty();
}

void BufferPlanner::rewrite() {
  Value total = index(0);
  SmallVector<std::pair<Value, Value>> layout;
  for (auto &[sizes, group] : groups) {
    group.place();
    Value scale = index(1);
    for (Value size : sizes)
      scale = b.createOrFold<arith::MulIOp>(loc, scale, size);
    layout.push_back({total, scale});
    total = b.createOrFold<arith::AddIOp>(
        loc, total, group.scaleOffset(b, loc, scale, group.bytes));
  }
  auto memory = MemRefType::get({ShapedType::kDynamic}, b.getI8Type());
  Value arena =
      func::CallOp::create(b, loc, acquireName, memory, total).getResult(0);
  for (auto [entry, place] : llvm::zip(groups, layout))
    for (Buffer &buffer : entry.second.buffers) {
      b.setInsertionPoint(buffer.alloc);
      auto [base, scale] = place;
      Value offset = b.createOrFold<arith::AddIOp>(
          loc, base, entry.second.scaleOffset(b, loc, scale, buffer.offset));
      auto view = memref::ViewOp::create(b, buffer.alloc.getLoc(),
                                         buffer.alloc.getType(), arena, offset,
                                         buffer.alloc.getDynamicSizes());
      buffer.dealloc.erase();
      buffer.alloc.replaceAllUsesWith(view.getResult());
      buffer.alloc.erase();
    }
  b.setInsertionPoint(block.getTerminator());
  func::CallOp::create(b, loc, releaseName, TypeRange(), arena);
}

void declare(ModuleOp module, StringRef name, FunctionType type) {
  if (module.lookupSymbol(name))
    return;
  OpBuilder b = OpBuilder::atBlockBegin(module.getBody());
  auto function = func::FuncOp::create(b, module.getLoc(), name, type);
  function.setPrivate();
  function->setAttr(LLVM::LLVMDialect::getEmitCWrapperAttrName(),
                    b.getUnitAttr());
}

struct PlanBuffersPass : impl::PlanBuffersBase<PlanBuffersPass> {
  void runOnOperation() override {
    if (failed(checkBuffers(getOperation(), getArgument())))
      return signalPassFailure();
    ModuleOp module = getOperation();
    bool any = false;
    for (auto function : module.getOps<func::FuncOp>())
      if (function.getBody().hasOneBlock())
        any |= BufferPlanner(function).run();
    if (!any)
      return;
    Builder b(&getContext());
    auto memory = MemRefType::get({ShapedType::kDynamic}, b.getI8Type());
    declare(module, releaseName, b.getFunctionType(memory, {}));
    declare(module, acquireName, b.getFunctionType(b.getIndexType(), memory));
  }
};

} // namespace
} // namespace quanta
