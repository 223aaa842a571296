//===- InsertObservers.cpp - Observe what quantizable operations read -----===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Calibration/FileError.h"
#include "quanta/Calibration/Recipe.h"
#include "quanta/IR/Quanta.h"
#include "quanta/IR/Stage.h"
#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/FlattenMatmuls.h"
#include "quanta/Transforms/MergeFunctions.h"
#include "quanta/Transforms/Naming.h"
#include "quanta/Transforms/Passes.h"
#include "quanta/Transforms/RaiseContractions.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/JSON.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_INSERTOBSERVERS
#include "quanta/Transforms/Passes.h.inc"

namespace {

struct InsertObserversPass : impl::InsertObserversBase<InsertObserversPass> {
  using InsertObserversBase::InsertObserversBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (keepExisting && getStage(module) != Stage::Float)
      return;
    if (failed(checkStage(module, {Stage::Float}, getArgument())) ||
        failed(readOptions(module)) || failed(raiseContractions(module)) ||
        failed(foldConstants(module)) || failed(flattenMatmuls(module)))
      return signalPassFailure();
    // Before layers have names and what they read is observed.
    mergeFunctions(module);
    module->setAttr(
        attrs::fingerprint,
        StringAttr::get(&getContext(), getModelFingerprint(module)));
    for (auto func : module.getOps<func::FuncOp>())
      if (!func.isExternal())
        observeFunction(func);
  }

private:
  Recipe rules;
  ObserverKind defaultKind = ObserverKind::MinMax;
  llvm::StringSet<> usedNames;
  DenseMap<std::pair<Value, Block *>, ObserveOp> observed;

  LogicalResult readOptions(ModuleOp module) {
    std::optional<ObserverKind> kind = symbolizeObserverKind(observer);
    if (!kind)
      return emitError(module.getLoc())
             << getArgument() << ": there is no observer '" << observer << "'";
    defaultKind = *kind;
    if (recipe.empty())
      return success();
    llvm::Expected<Recipe> loaded = Recipe::load(recipe);
    if (!loaded)
      return emitFileError(module.getLoc(), loaded.takeError());
    rules = std::move(*loaded);
    return success();
  }

  std::string makeUnique(const Twine &base) {
    std::string name = base.str();
    for (unsigned count = 1; !usedNames.insert(name).second; ++count)
      name = (base + "#" + Twine(count)).str();
    return name;
  }

  /// The value behind an observer on `operand`'s value; one for all its users
  /// in a block. In a branch or a loop it counts what these read there, not
  /// what was computed outside. `channelDim` is the dimension of its channels,
  /// where it has any.
  void observe(OpOperand &operand, const Twine &base,
               std::optional<int64_t> channelDim, bool meetsWeights) {
    Value value = operand.get();
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!type || !type.getElementType().isF32() || getConstant(value))
      return;
    bool hasChannels = channelDim && !type.isDynamicDim(*channelDim);
    Block *block = operand.getOwner()->getBlock();
    ObserveOp &observer = observed[{value, block}];
    if (!observer) {
      Operation *owner = operand.getOwner();
      // Under this name it stands in a file of statistics.
      std::string name = makeUnique(llvm::json::fixUTF8(base.str()));
      std::string location = describeLocation(owner->getLoc());
      OperandScheme scheme =
          rules.resolve({name, owner->getName().getStringRef(), location});
      ObserverKind kind = defaultKind;
      if (scheme.observer)
        kind = *symbolizeObserverKind(*scheme.observer);
      OpBuilder builder(&getContext());
      IntegerAttr axis;
      if (isPerChannelObserver(kind)) {
        if (hasChannels)
          axis = builder.getI64IntegerAttr(*channelDim);
        else
          kind = kind == ObserverKind::PerChannelMinMax
                     ? ObserverKind::MinMax
                     : ObserverKind::MovingAverageMinMax;
      }
      if (value.getParentBlock() == block)
        builder.setInsertionPointAfterValue(value);
      else
        builder.setInsertionPointToStart(block);
      observer =
          ObserveOp::create(builder, owner->getLoc(), value.getType(), value,
                            builder.getStringAttr(name),
                            ObserverKindAttr::get(&getContext(), kind), axis,
                            /*smoothing=*/nullptr);
      ++numObservers;
    }
    // What weights could take over.
    if (observer.getKind() == ObserverKind::Histogram && !observer.getAxis() &&
        meetsWeights && hasChannels)
      observer.setAxis(channelDim);
    operand.set(observer);
  }

  void observeFunction(func::FuncOp func) {
    ContractionNames names(func.getName());
    func.walk([&](QuantizableOpInterface op) {
      std::string reason;
      if (failed(op.checkQuantizable(reason)))
        return;
      std::string name = names.getName(op);
      static constexpr StringLiteral factorNames[] = {"lhs", "rhs"};
      bool hasWeights = llvm::any_of(op.getFactors(), [](OpOperand *factor) {
        return static_cast<bool>(getConstant(factor->get()));
      });
      for (auto [index, factor] : llvm::enumerate(op.getFactors()))
        observe(*factor, name + "/" + factorNames[index],
                op.getContractedDim(factor->getOperandNumber()), hasWeights);
    });
    if (!func.isPublic())
      return;
    func.walk([&](func::ReturnOp op) {
      for (OpOperand &operand : op->getOpOperands())
        observe(operand,
                func.getName() + "/result_" + Twine(operand.getOperandNumber()),
                std::nullopt, /*meetsWeights=*/false);
    });
  }
};

} // namespace
} // namespace quanta
