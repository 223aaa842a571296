//===- FloatLayers.cpp - Layers that are no contractions ------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Transforms/FloatLayers.h"

#include "quanta/IR/Quanta.h"
#include "quanta/Interfaces/QuantizableOpInterface.h"
#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/Naming.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringSet.h"

#include <list>

using namespace mlir;

namespace quanta {

static bool isFloat(Type type) {
  return isa<FloatType>(getElementTypeOrSelf(type));
}

static bool isFloatTensor(Value value) {
  return isa<RankedTensorType>(value.getType()) && isFloat(value.getType());
}

/// Arithmetic on scalars; a gather reads its tensor with `tensor.extract`.
static bool isFloatArithmetic(Operation &op) {
  return !op.hasTrait<OpTrait::ConstantLike>() &&
         !op.hasTrait<OpTrait::IsTerminator>() &&
         !isa<arith::TruncFOp, arith::ExtFOp, tensor::ExtractOp>(op) &&
         llvm::any_of(op.getOperandTypes(), isFloat);
}

bool computesInFloat(Operation *op) {
  if (isa<QuantizableOpInterface>(op) || op->getDialect() == nullptr)
    return false;
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op))
    return !isa<linalg::FillOp, linalg::BroadcastOp, linalg::TransposeOp,
                linalg::CopyOp>(op) &&
           llvm::any_of(*linalgOp.getBlock(), isFloatArithmetic);
  if (isa<linalg::SoftmaxOp>(op))
    return true;
  return isa<arith::ArithDialect, math::MathDialect>(op->getDialect()) &&
         llvm::any_of(op->getOperands(), isFloatTensor) &&
         isFloatArithmetic(*op);
}

namespace {

/// Moves or converts elements of floats.
bool isMove(Operation *op) {
  if (isa<linalg::FillOp, QuantizableOpInterface>(op))
    return false;
  if (isa<linalg::LinalgOp>(op))
    return !computesInFloat(op);
  return isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp,
             tensor::ExtractSliceOp, tensor::CastOp, arith::TruncFOp,
             arith::ExtFOp>(op);
}

bool isReduction(Operation *op) {
  auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
  return linalgOp && linalgOp.getNumReductionLoops() > 0;
}

/// Whether `value` is a constant, moved or not.
bool isConstant(Value value) {
  while (!getConstant(value)) {
    Operation *op = value.getDefiningOp();
    // A gather reads its tensor in its body.
    if (!op || !isMove(op) || !isFloatTensor(op->getOperand(0)))
      return false;
    value = op->getOperand(0);
  }
  return true;
}

/// The tensors of floats that an operation computes from.
SmallVector<Value> getSources(Operation *op) {
  llvm::SetVector<Value> sources;
  auto add = [&](Value value) {
    Operation *source = value.getDefiningOp();
    if (isFloatTensor(value) && !isConstant(value) &&
        !isa_and_nonnull<tensor::EmptyOp, linalg::FillOp>(source))
      sources.insert(value);
  };
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op)) {
    for (OpOperand &operand : op->getOpOperands())
      if (linalgOp.payloadUsesValueFromOperand(&operand))
        add(operand.get());
  } else {
    llvm::for_each(op->getOperands(), add);
  }
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(op->getRegions(), captured);
  llvm::for_each(captured, add);
  return sources.takeVector();
}

/// The operations of `op`'s body, or itself.
SmallVector<Operation *> getArithmetic(Operation *op) {
  auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
  if (!linalgOp)
    return {op};
  SmallVector<Operation *> result;
  for (Operation &inner : *linalgOp.getBlock())
    if (isFloatArithmetic(inner))
      result.push_back(&inner);
  return result;
}

/// Whether a shape surely has fewer elements than another.
bool isSmaller(RankedTensorType type, RankedTensorType than) {
  if (type.hasStaticShape() && than.hasStaticShape())
    return type.getNumElements() < than.getNumElements();
  auto countRows = [](RankedTensorType type) {
    return llvm::count_if(type.getShape(), [](int64_t n) { return n != 1; });
  };
  return countRows(type) < countRows(than);
}

/// Finds the layers of one block.
class LayerFinder {
public:
  explicit LayerFinder(Block &block) {
    for (Operation &op : block)
      if (computesInFloat(&op) || isMove(&op)) {
        nodes.push_back(&op);
        isNode.insert(&op);
      }
  }

  /// Layers of which each is sorted, by their last operations.
  SmallVector<FloatLayer> run() {
    number();
    for (Operation *op : nodes)
      if (computesInFloat(op) && !isReduction(op))
        findNormalization(op);
    mergeCenterings();
    for (Operation *op : nodes)
      if (computesInFloat(op) && isReduction(op) && !group.contains(op))
        findMean(op);
    return collect();
  }

private:
  struct Group {
    llvm::SetVector<Operation *> ops;
    /// What it starts from.
    Value source;
    /// The operation that its last reduction meets.
    Operation *last;
    StringRef kind;
  };

  /// Fills `values` and `origins`.
  void number() {
    auto add = [&](Value value) {
      if (index.try_emplace(value, values.size()).second)
        values.push_back(value);
    };
    // What is defined elsewhere comes before what is defined here.
    for (Operation *op : nodes)
      for (Value source : getSources(op))
        if (!isNode.contains(source.getDefiningOp()))
          add(source);
    for (Operation *op : nodes)
      for (Value result : op->getResults())
        if (isFloatTensor(result))
          add(result);
    for (auto [number, value] : llvm::enumerate(values)) {
      llvm::BitVector &own = origins.emplace_back(values.size());
      own.set(number);
      if (Operation *op = value.getDefiningOp(); isNode.contains(op))
        for (Value source : getSources(op))
          own |= origins[index[source]];
    }
  }

  /// Whether `value` is broadcast where `reader` combines it with others.
  static bool isBroadcast(Value value, Operation *reader) {
    auto type = cast<RankedTensorType>(reader->getResult(0).getType());
    while (true) {
      if (isSmaller(cast<RankedTensorType>(value.getType()), type))
        return true;
      Operation *op = value.getDefiningOp();
      if (!op || !isMove(op) || !isFloatTensor(op->getOperand(0)))
        return false;
      value = op->getOperand(0);
    }
  }

  /// Looks for a reduction of what else `op` reads.
  void findNormalization(Operation *op) {
    SmallVector<Value> sources = getSources(op);
    for (Value reduced : sources) {
      if (!index.contains(reduced) || !isBroadcast(reduced, op))
        continue;
      for (Value other : sources) {
        if (other == reduced || !index.contains(other))
          continue;
        const llvm::BitVector &own = origins[index[other]];
        for (unsigned i : origins[index[reduced]].set_bits()) {
          Operation *reduction = values[i].getDefiningOp();
          if (!isNode.contains(reduction) || !isReduction(reduction) ||
              own.test(i))
            continue;
          llvm::BitVector common = origins[i];
          common &= own;
          if (int last = common.find_last(); last >= 0)
            addNormalization(op, last);
        }
      }
    }
  }

  void addNormalization(Operation *op, unsigned source) {
    Group found{{}, values[source], op, "normalization"};
    const llvm::BitVector &before = origins[index[op->getResult(0)]];
    for (Operation *node : nodes)
      if (llvm::any_of(node->getResults(), [&](Value value) {
            auto it = index.find(value);
            return it != index.end() && it->second != source &&
                   before.test(it->second) && origins[it->second].test(source);
          }))
        found.ops.insert(node);
    join(std::move(found));
  }

  /// Adds a group, in which those become one that share an operation with it.
  void join(Group found) {
    for (auto it = groups.begin(); it != groups.end();) {
      if (llvm::none_of(
              it->ops, [&](Operation *op) { return found.ops.contains(op); })) {
        ++it;
        continue;
      }
      found.ops.insert(it->ops.begin(), it->ops.end());
      if (index[it->source] < index[found.source])
        found.source = it->source;
      if (found.last->isBeforeInBlock(it->last))
        found.last = it->last;
      it = groups.erase(it);
    }
    groups.push_back(std::move(found));
  }

  /// Whether all that happens is that a sum or an extreme is subtracted.
  static bool isCentering(const Group &found) {
    for (Operation *op : found.ops)
      for (Operation *inner : getArithmetic(op))
        if (isa<math::MathDialect>(inner->getDialect()))
          return false;
    SmallVector<Operation *> last = getArithmetic(found.last);
    return isa<arith::SubFOp>(last.back());
  }

  /// Makes a group that centers part of the one that goes on with its result,
  /// and adds the constants that scale and shift a result.
  void mergeCenterings() {
    std::list<Group> found = std::exchange(groups, {});
    for (Group &next : found) {
      // Back through elementwise operations on one tensor.
      llvm::SetVector<Operation *> path;
      Value value = next.source;
      Operation *op = value.getDefiningOp();
      while (isNode.contains(op) && !isReduction(op)) {
        auto previous = llvm::find_if(found, [&](const Group &group) {
          return group.last == op && &group != &next && isCentering(group);
        });
        if (previous != found.end()) {
          next.ops.insert(path.begin(), path.end());
          next.ops.insert(previous->ops.begin(), previous->ops.end());
          next.source = previous->source;
          break;
        }
        SmallVector<Value> sources = getSources(op);
        if (sources.size() != 1)
          break;
        path.insert(op);
        op = sources[0].getDefiningOp();
      }
    }
    for (Group &next : found)
      if (!isCentering(next)) {
        addAffine(next);
        nameKind(next);
        join(std::move(next));
      }
    for (const Group &next : groups)
      for (Operation *op : next.ops)
        group.try_emplace(op, &next);
  }

  void addAffine(Group &found) {
    while (found.last->getResult(0).hasOneUse()) {
      Operation *next = *found.last->getResult(0).user_begin();
      auto hasConstant = [](Value value) {
        return isFloatTensor(value) && isConstant(value) &&
               cast<RankedTensorType>(value.getType()).getRank() > 0;
      };
      if (!isNode.contains(next) || isReduction(next) || isMove(next) ||
          getSources(next).size() != 1 ||
          llvm::none_of(next->getOperands(), hasConstant) ||
          !llvm::all_of(getArithmetic(next), [](Operation *op) {
            return isa<arith::AddFOp, arith::SubFOp, arith::MulFOp,
                       arith::DivFOp>(op);
          }))
        return;
      found.ops.insert(next);
      found.last = next;
    }
  }

  static void nameKind(Group &found) {
    for (Operation *op : found.ops)
      if (llvm::any_of(getArithmetic(op), [](Operation *inner) {
            return isa<math::ExpOp>(inner);
          }))
        found.kind = "softmax";
  }

  /// A sum whose only reader divides it by a number.
  void findMean(Operation *op) {
    SmallVector<Operation *> sums = getArithmetic(op);
    if (sums.size() != 1 || !isa<arith::AddFOp>(sums[0]) ||
        op->getNumResults() != 1 || !op->getResult(0).hasOneUse())
      return;
    Operation *next = *op->getResult(0).user_begin();
    if (!isNode.contains(next) || isReduction(next) || isMove(next) ||
        group.contains(next) || getSources(next).size() != 1)
      return;
    SmallVector<Operation *> body = getArithmetic(next);
    if (body.empty() || !isa<arith::DivFOp, arith::MulFOp>(body.back()) ||
        llvm::any_of(body, [](Operation *inner) {
          return !isa<arith::ArithDialect>(inner->getDialect());
        }))
      return;
    // A square is no quotient.
    if (body.size() != 1 || body[0]->getOperand(0) == body[0]->getOperand(1))
      return;
    groups.push_back({{}, op->getResult(0), next, "mean"});
    groups.back().ops.insert(op);
    groups.back().ops.insert(next);
    group[op] = group[next] = &groups.back();
  }

  SmallVector<FloatLayer> collect() {
    SmallVector<FloatLayer> layers;
    for (Operation *op : nodes) {
      auto it = group.find(op);
      if (it == group.end()) {
        if (computesInFloat(op))
          layers.push_back({op->getName().stripDialect().str(), {op}});
      } else if (it->second->last == op) {
        layers.push_back({it->second->kind.str(), {}});
        for (Operation *part : nodes)
          if (it->second->ops.contains(part))
            layers.back().ops.push_back(part);
      }
    }
    return layers;
  }

  SmallVector<Operation *> nodes;
  llvm::DenseSet<Operation *> isNode;
  /// All tensors of floats, in the order of the program, and for each those
  /// that it follows from.
  SmallVector<Value> values;
  DenseMap<Value, unsigned> index;
  SmallVector<llvm::BitVector> origins;
  std::list<Group> groups;
  DenseMap<Operation *, const Group *> group;
};

} // namespace

SmallVector<FloatLayer> findFloatLayers(Block &block) {
  return LayerFinder(block).run();
}

void nameFloatLayers(ModuleOp module) {
  Builder builder(module.getContext());
  llvm::StringSet<> used;
  for (auto func : module.getOps<func::FuncOp>()) {
    llvm::StringMap<unsigned> counts;
    func.walk<WalkOrder::PreOrder>([&](Block *block) {
      if (isa<linalg::LinalgOp>(block->getParentOp()))
        return WalkResult::skip();
      for (FloatLayer &layer : findFloatLayers(*block)) {
        StringRef label = getLocationName(layer.ops.back()->getLoc());
        std::string base = label.empty() ? (func.getName() + "/" + layer.name +
                                            "_" + Twine(counts[layer.name]++))
                                               .str()
                                         : label.str();
        std::string name = base;
        for (unsigned count = 1; !used.insert(name).second; ++count)
          name = base + "#" + std::to_string(count);
        for (Operation *op : layer.ops)
          op->setAttr(attrs::layer, builder.getStringAttr(name));
      }
      return WalkResult::advance();
    });
  }
}

SmallVector<FloatLayer> getFloatLayers(ModuleOp module) {
  llvm::MapVector<StringAttr, FloatLayer> named;
  DenseMap<Operation *, unsigned> position;
  module.walk([&](Operation *op) {
    auto name = op->getAttrOfType<StringAttr>(attrs::layer);
    if (!name)
      return;
    position[op] = position.size();
    named[name].name = name.str();
    named[name].ops.push_back(op);
  });
  SmallVector<FloatLayer> layers;
  for (auto &[name, layer] : named)
    layers.push_back(std::move(layer));
  llvm::sort(layers, [&](const FloatLayer &a, const FloatLayer &b) {
    return position[a.ops.back()] < position[b.ops.back()];
  });
  return layers;
}

void forgetFloatLayers(ModuleOp module) {
  module.walk([](Operation *op) {
    op->removeAttr(attrs::layer);
    op->removeAttr(attrs::float16);
  });
}

} // namespace quanta
