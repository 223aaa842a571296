//===- LowerObservers.cpp - Compile observers to updates of global buffers ===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ObserverCode.h"

#include "quanta/Calibration/Statistics.h"
#include "quanta/IR/Quanta.h"
#include "quanta/IR/Stage.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <limits>

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_LOWEROBSERVERS
#include "quanta/Transforms/Passes.h.inc"

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

struct LowerObserversPass : impl::LowerObserversBase<LowerObserversPass> {
  void runOnOperation() override {
    if (failed(checkStage(getOperation(), {Stage::Observed}, getArgument())))
      return signalPassFailure();
    ModuleOp module = getOperation();
    Builder builder(&getContext());
    SmallVector<Attribute> entries;
    llvm::StringMap<std::pair<ObserveOp, memref::GlobalOp>> states;
    WalkResult result = module.walk([&](ObserveOp op) {
      if (op.getKind() != ObserverKind::Fixed) {
        auto &[first, state] = states[op.getName()];
        // Two observers of one name share their statistics.
        if (!state) {
          first = op;
          state = createState(
              module, op, "quanta_observer_" + std::to_string(entries.size()));
          entries.push_back(builder.getDictionaryAttr(
              {builder.getNamedAttr("name", op.getNameAttr()),
               builder.getNamedAttr("symbol", state.getSymNameAttr()),
               builder.getNamedAttr(
                   "kind", builder.getStringAttr(
                               stringifyObserverKind(op.getKind())))}));
        } else if (first.getKind() != op.getKind() ||
                   first.getChannelDim() != op.getChannelDim() ||
                   getChannels(first) != getChannels(op)) {
          InFlightDiagnostic diagnostic =
              op.emitOpError() << "'" << op.getName()
                               << "' shares its name with an observer of "
                                  "another kind or of other channels";
          diagnostic.attachNote(first.getLoc()) << "the other observer is here";
          return WalkResult::interrupt();
        }
        ObserverCode(op, state.getType(), state.getSymName()).build();
      }
      op.replaceAllUsesWith(op.getInput());
      lowered.push_back(op);
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    for (ObserveOp op : lowered)
      op.erase();
    lowered.clear();
    if (!entries.empty())
      module->setAttr(attrs::observers, builder.getArrayAttr(entries));
  }

private:
  /// Erased last: a second observer of a name is compared with the first.
  SmallVector<ObserveOp> lowered;

  static int64_t getChannels(ObserveOp op) {
    std::optional<int64_t> dim = op.getChannelDim();
    return dim ? op.getInput().getType().getDimSize(*dim) : 0;
  }

  static memref::GlobalOp createState(ModuleOp module, ObserveOp op,
                                      StringRef symbol) {
    OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
    StringRef kind = stringifyObserverKind(op.getKind());
    size_t channels = getChannels(op);
    SmallVector<double> start(observer_state::getSize(kind, channels), 0.0);
    start[observer_state::min] = infinity;
    start[observer_state::max] = -infinity;
    size_t ranges = observer_state::header;
    if (op.getKind() == ObserverKind::Histogram) {
      start[observer_state::width] = Histogram::minWidth;
      ranges = observer_state::histogramChannels;
    }
    if (std::optional<int64_t> dim = op.getChannelDim()) {
      start[observer_state::channels] = channels;
      start[observer_state::axis] = *dim;
      std::fill_n(start.begin() + ranges, channels, infinity);
      std::fill_n(start.begin() + ranges + channels, channels, -infinity);
    }
    auto size = static_cast<int64_t>(start.size());
    auto tensorType = RankedTensorType::get({size}, builder.getF64Type());
    return memref::GlobalOp::create(
        builder, module.getLoc(), symbol,
        /*sym_visibility=*/StringAttr(),
        MemRefType::get({size}, builder.getF64Type()),
        DenseElementsAttr::get(tensorType, ArrayRef<double>(start)),
        /*constant=*/false, /*alignment=*/builder.getI64IntegerAttr(64));
  }
};

} // namespace
} // namespace quanta
