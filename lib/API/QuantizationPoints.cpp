//===- QuantizationPoints.cpp - Where a program quantizes -----------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "QuantizationPoints.h"

#include "quanta/API/Diagnostics.h"
#include "quanta/IR/Quanta.h"
#include "quanta/Transforms/Constants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace quanta {

llvm::Expected<func::FuncOp> findFunction(ModuleOp module, StringRef name) {
  SmallVector<func::FuncOp> functions;
  std::string names;
  for (auto function : module.getOps<func::FuncOp>()) {
    if (function.isExternal() || !function.isPublic())
      continue;
    if (function.getName() == name)
      return function;
    functions.push_back(function);
    names += (names.empty() ? "" : ", ") + function.getName().str();
  }
  if (functions.empty())
    return llvm::createStringError("the module has no public function");
  if (!name.empty())
    return llvm::createStringError("the module has no public function '" +
                                   name + "'; it has " + names);
  if (functions.size() > 1)
    return llvm::createStringError(
        "the module has several functions, choose one: " + names);
  return functions.front();
}

static bool isWeight(Operation *op) {
  return matchPattern(op->getOperand(0), m_Constant());
}

void namePoints(func::FuncOp function) {
  llvm::StringSet<> names;
  unsigned count = 0;
  function.walk([&](Operation *op) {
    if (!isa<FakeQuantOp, DynamicFakeQuantOp>(op) || isWeight(op))
      return;
    auto given = op->getAttrOfType<StringAttr>("name");
    std::string name = given ? given.str() : "";
    while (name.empty() || !names.insert(name).second)
      name = (function.getName() + "/quantized_" + Twine(count++)).str();
    op->setAttr("name", StringAttr::get(op->getContext(), name));
  });
}

/// The function's only block.
static llvm::Expected<Block *> getBody(func::FuncOp function) {
  if (!llvm::hasSingleElement(function.getBody()))
    return llvm::createStringError(
        "function '" + function.getName() +
        "' has branches between blocks: its stages cannot be compared");
  return &function.getBody().front();
}

/// Whether a kernel may choose the order and roundings of an operation's sums
/// of floats. Sums of one tensor have theirs fixed.
static bool hasFreeSums(Operation *op) {
  // A quantizable operation that is still there computes in float.
  if (isa<QuantizableOpInterface>(op))
    return true;
  auto generic = dyn_cast<linalg::GenericOp>(op);
  return generic && generic.getNumReductionLoops() > 0 &&
         generic.getNumDpsInputs() > 1 &&
         isa_and_nonnull<arith::AddFOp>(
             generic.getBody()->getTerminator()->getOperand(0).getDefiningOp());
}

/// The values of a block that follow sums of floats.
static llvm::DenseSet<Value> findFloatSums(Block &body) {
  llvm::DenseSet<Value> found;
  for (Operation &op : body) {
    auto isFloatSum = [](Operation *inner) {
      return hasFreeSums(inner) ? WalkResult::interrupt()
                                : WalkResult::advance();
    };
    llvm::SetVector<Value> inputs;
    getUsedValuesDefinedAbove(op.getRegions(), inputs);
    inputs.insert(op.operand_begin(), op.operand_end());
    if (op.walk(isFloatSum).wasInterrupted() ||
        llvm::any_of(inputs, [&](Value v) { return found.contains(v); }))
      found.insert(op.result_begin(), op.result_end());
  }
  return found;
}

llvm::Expected<ExposedPoints> exposePoints(func::FuncOp function) {
  llvm::Expected<Block *> body = getBody(function);
  if (!body)
    return body.takeError();
  llvm::DenseSet<Value> floatSums = findFloatSums(**body);
  ExposedPoints exposed;
  auto terminator = cast<func::ReturnOp>((*body)->getTerminator());
  SmallVector<Value> results(terminator.getOperands());
  for (Value result : results)
    exposed.resultFollowsFloatSums.push_back(floatSums.contains(result));
  OpBuilder builder(terminator);
  for (Operation &op : (*body)->without_terminator()) {
    // A padding has the name of the observer behind it.
    if (!isa<QuantizeOp, RequantizeOp, DynamicQuantizeOp>(op) &&
        !(isa<PadOp>(op) && op.hasAttr("name")))
      continue;
    auto type = cast<RankedTensorType>(op.getResult(0).getType());
    std::optional<QuantParams> params = QuantParams::get(type.getElementType());
    if (!params)
      continue;
    auto name = op.getAttrOfType<StringAttr>("name");
    exposed.points.push_back(
        {name ? name.str() : op.getName().getStringRef().str(),
         formatLocation(op.getLoc()), *params,
         floatSums.contains(op.getResult(0))});
    results.push_back(quant::StorageCastOp::create(
        builder, op.getLoc(), type.clone(params->storageType()),
        op.getResult(0)));
  }
  terminator.getOperandsMutable().assign(results);
  function.setType(builder.getFunctionType(function.getArgumentTypes(),
                                           TypeRange(ValueRange(results))));
  if (ArrayAttr attrs = function.getAllResultAttrs()) {
    SmallVector<Attribute> all(attrs.getAsRange<Attribute>());
    all.resize(results.size(), builder.getDictionaryAttr({}));
    function.setAllResultAttrs(all);
  }
  return exposed;
}

namespace {
/// Cuts segments out of a function.
class SegmentBuilder {
public:
  SegmentBuilder(func::FuncOp function, Block *body,
                 ArrayRef<QuantizationPoint> points)
      : function(function), body(body) {
    for (auto [index, point] : llvm::enumerate(points))
      pointIndices[point.name] = index;
  }

  /// The point that a value is, if the quantized program has it.
  std::optional<unsigned> getPoint(Value value) const {
    auto op = value.getDefiningOp<FakeQuantOp>();
    if (!op || !op.getName())
      return std::nullopt;
    auto it = pointIndices.find(*op.getName());
    if (it == pointIndices.end())
      return std::nullopt;
    return it->second;
  }

  /// Adds a function that computes `target`.
  Segment build(Value target) {
    collect(target);
    Segment segment;
    segment.function =
        (function.getName() + "_segment_" + Twine(count++)).str();
    SmallVector<Type> inputTypes;
    for (Value input : inputs) {
      inputTypes.push_back(input.getType());
      if (auto argument = dyn_cast<BlockArgument>(input))
        segment.inputs.push_back(
            {Segment::Input::Argument, argument.getArgNumber()});
      else
        segment.inputs.push_back({Segment::Input::Point, *getPoint(input)});
    }
    OpBuilder builder(function);
    auto part = func::FuncOp::create(
        builder, function.getLoc(), segment.function,
        builder.getFunctionType(inputTypes, target.getType()));
    Block *block = part.addEntryBlock();
    builder.setInsertionPointToEnd(block);
    IRMapping mapping;
    mapping.map(inputs.getArrayRef(), block->getArguments());
    llvm::DenseSet<Value> rounded;
    for (Operation &op : *body) {
      if (!needed.contains(&op))
        continue;
      builder.clone(op, mapping);
      bool isRounding = isa<DynamicFakeQuantOp>(op);
      bool follows = llvm::any_of(getSources(&op),
                                  [&](Value v) { return rounded.contains(v); });
      segment.isChain |= (isRounding && follows) || holdsChain(&op);
      if (isRounding || follows)
        rounded.insert(op.result_begin(), op.result_end());
    }
    func::ReturnOp::create(builder, function.getLoc(), mapping.lookup(target));
    return segment;
  }

private:
  /// Fills `inputs` and `needed` with what `target` is computed from.
  void collect(Value target) {
    inputs.clear();
    needed.clear();
    SmallVector<Value> worklist = {target};
    while (!worklist.empty()) {
      Value value = worklist.pop_back_val();
      Operation *op = value.getDefiningOp();
      if (!op || (value != target && getPoint(value))) {
        inputs.insert(value);
        continue;
      }
      if (!needed.insert(op).second)
        continue;
      llvm::append_range(worklist, getSources(op));
    }
  }

  /// Whether roundings in the regions of an operation, which are no points, may
  /// follow each other: two of them, or one in a loop.
  static bool holdsChain(Operation *op) {
    unsigned roundings = 0;
    bool isInLoop = false;
    for (Region &region : op->getRegions())
      region.walk([&](Operation *inner) {
        if (!isa<FakeQuantOp, DynamicFakeQuantOp>(inner) ||
            getConstant(inner->getOperand(0)))
          return;
        ++roundings;
        for (Operation *parent = inner->getParentOp();
             parent != op->getParentOp(); parent = parent->getParentOp())
          isInLoop |= isa<LoopLikeOpInterface>(parent);
      });
    return roundings > 1 || isInLoop;
  }

  /// What an operation and its regions read.
  static SmallVector<Value> getSources(Operation *op) {
    llvm::SetVector<Value> sources;
    getUsedValuesDefinedAbove(op->getRegions(), sources);
    sources.insert(op->operand_begin(), op->operand_end());
    return sources.takeVector();
  }

  func::FuncOp function;
  Block *body;
  llvm::StringMap<unsigned> pointIndices;
  llvm::SetVector<Value> inputs;
  llvm::DenseSet<Operation *> needed;
  unsigned count = 0;
};
} // namespace

llvm::Expected<std::vector<Segment>>
cutIntoSegments(func::FuncOp function, ArrayRef<QuantizationPoint> points) {
  llvm::Expected<Block *> body = getBody(function);
  if (!body)
    return body.takeError();
  std::vector<Segment> segments;
  SegmentBuilder builder(function, *body, points);
  for (auto op : (*body)->getOps<FakeQuantOp>()) {
    std::optional<unsigned> point = builder.getPoint(op);
    if (!point)
      continue;
    Segment segment = builder.build(op);
    segment.name = points[*point].name;
    segment.location = points[*point].location;
    segment.point = point;
    segments.push_back(std::move(segment));
  }
  auto terminator = cast<func::ReturnOp>((*body)->getTerminator());
  for (auto [index, value] : llvm::enumerate(terminator.getOperands())) {
    if (!value.getDefiningOp() || builder.getPoint(value))
      continue;
    Segment segment = builder.build(value);
    segment.name = "result " + std::to_string(index);
    segment.location = formatLocation(value.getLoc());
    segment.result = index;
    segments.push_back(std::move(segment));
  }
  // What segments do not call is not compiled.
  auto module = function->getParentOfType<ModuleOp>();
  llvm::StringSet<> kept;
  for (const Segment &segment : segments)
    kept.insert(segment.function);
  for (auto other : llvm::make_early_inc_range(module.getOps<func::FuncOp>())) {
    if (kept.contains(other.getName()))
      continue;
    if (SymbolTable::symbolKnownUseEmpty(other, module))
      other.erase();
    else
      other.setPrivate();
  }
  return segments;
}

} // namespace quanta
