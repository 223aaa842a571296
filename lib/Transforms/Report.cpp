//===- Report.cpp - Say what stayed in float, and why ---------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FloatFactors.h"
#include "ProductSum.h"

#include "quanta/Calibration/FileOutput.h"
#include "quanta/IR/Quanta.h"
#include "quanta/IR/Stage.h"
#include "quanta/Interfaces/Iterations.h"
#include "quanta/Numerics/QuantParams.h"
#include "quanta/Transforms/FloatLayers.h"
#include "quanta/Transforms/Naming.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_REPORT
#include "quanta/Transforms/Passes.h.inc"

namespace {

struct FloatEntry {
  Operation *op;
  std::string reason;
  int64_t macs;
  /// Whether nothing is known of what it computes.
  bool isForeign = false;
};

/// Float work that is part of no contraction, counted by kind.
struct Glue {
  StringRef kind;
  StringRef reason;
  int64_t count = 0;
};

/// "fp16" or "bf16" for a layer of that scheme; empty for any other.
StringRef getFloat16(Operation *op) {
  if (auto scheme = op->getAttrOfType<StringAttr>(attrs::float16))
    return scheme;
  auto contract = dyn_cast<WeightOnlyContractOp>(op);
  if (!contract)
    return "";
  Type type = contract.getWeights().getType().getElementType();
  return type.isF16() ? "fp16" : type.isBF16() ? "bf16" : "";
}

/// "i4", "u8": how a weight-only contraction stores its weights; empty for any
/// other.
std::string getWeightStorage(Operation *op) {
  auto contract = dyn_cast<WeightOnlyContractOp>(op);
  if (!contract || !getFloat16(op).empty())
    return "";
  auto params = *QuantParams::getOfWeight(
      contract.getWeights().getType().getElementType());
  return (params.isSigned() ? "i" : "u") +
         std::to_string(params.storageWidth());
}

struct ReportPass : impl::ReportBase<ReportPass> {
  using ReportBase::ReportBase;

  void runOnOperation() override {
    // Earlier and later stages hold the same work in forms that would be
    // miscounted.
    if (failed(checkStage(getOperation(), {Stage::Quantized}, getArgument())))
      return signalPassFailure();
    collect();
    for (const FloatEntry &entry : left) {
      if (strict && (entry.macs > 0 || entry.isForeign)) {
        entry.op->emitOpError()
            << "stays in float, which strict forbids: " << entry.reason;
        signalPassFailure();
      } else if (output.empty()) {
        entry.op->emitRemark() << "stays in float: " << entry.reason;
      }
    }
    if (output.empty()) {
      for (MacOpInterface op : contractions) {
        if (std::string storage = getWeightStorage(op); !storage.empty())
          op.emitRemark()
              << "is weight-only: float activations, weights stored "
                 "as "
              << storage;
        if (StringRef scheme = getFloat16(op); !scheme.empty())
          op.emitRemark() << "is " << scheme
                          << ": factors and result rounded, sums in f32";
      }
      for (const FloatLayer &layer : layers)
        layer.ops.back()->emitRemark()
            << "'" << layer.name << "' is " << getFloat16(layer.ops.back())
            << ": inputs and result rounded, f32 between";
      for (const Glue &part : glue)
        if (part.count)
          emitRemark(getOperation().getLoc())
              << part.kind << " operations in float: " << part.count << "; "
              << part.reason;
      return;
    }
    if (llvm::Error error =
            writeFile(output, [&](raw_ostream &os) { write(os); })) {
      emitError(getOperation().getLoc())
          << "the report: " << llvm::toString(std::move(error));
      signalPassFailure();
    }
  }

private:
  SmallVector<FloatEntry> left;
  SmallVector<MacOpInterface> contractions;
  /// Those in f16 or bf16 that are no contractions.
  SmallVector<FloatLayer> layers;
  Glue glue[2] = {
      {"elementwise",
       "between contractions they work on values in registers, as f32"},
      {"reduction",
       "they sum or compare f32 values, which needs their precision"}};
  int64_t macs = 0;
  int64_t integerMacs = 0;
  int64_t weightOnlyMacs = 0;
  int64_t float16Macs = 0;

  void collect() {
    layers = getFloatLayers(getOperation());
    getOperation().walk([&](Operation *op) {
      // Its products are counted where the lower byte has them.
      if (op->hasAttr(attrs::upperByte))
        return;
      if (std::optional<StringRef> dialect = getForeignDialect(op);
          dialect && !op->hasTrait<OpTrait::ConstantLike>()) {
        left.push_back({op,
                        ("no pass knows operations of '" + *dialect +
                         "': lower them to linalg first")
                            .str(),
                        0, /*isForeign=*/true});
        return;
      }
      if (auto contraction = dyn_cast<MacOpInterface>(op)) {
        contractions.push_back(contraction);
        int64_t count = contraction.getMacCount();
        macs += count;
        if (contraction.isQuantizedCompute())
          integerMacs += count;
        else if (!getWeightStorage(op).empty())
          weightOnlyMacs += count;
        else if (!getFloat16(op).empty())
          float16Macs += count;
        else
          left.push_back({op, getReason(op), count});
      } else if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op)) {
        if (!computesInFloat(linalgOp))
          return;
        if (!getFloat16(op).empty()) {
          if (isSumOfProducts(linalgOp)) {
            int64_t count = countIterations(linalgOp);
            macs += count;
            float16Macs += count;
          }
        } else if (auto reason =
                       op->getAttrOfType<StringAttr>(attrs::floatReason)) {
          left.push_back({op, reason.str(), 0});
        } else if (isa<linalg::ConvolutionOpInterface>(op) &&
                   !isSumOfProducts(linalgOp)) {
          left.push_back({op, "pooling: its input is stored as f32", 0});
        } else if (isSumOfProducts(linalgOp)) {
          int64_t count = countIterations(linalgOp);
          macs += count;
          left.push_back({op,
                          isa<linalg::ConvolutionOpInterface>(op)
                              ? "a convolution in this layout has no quantized "
                                "counterpart"
                              : "a sum of products that is none of two "
                                "matrices has no quantized counterpart",
                          count});
        } else {
          ++glue[linalgOp.getNumReductionLoops() > 0].count;
        }
      } else if (auto reason =
                     op->getAttrOfType<StringAttr>(attrs::floatReason)) {
        left.push_back({op, reason.str(), 0});
      }
    });
  }

  /// Whether an operation multiplies its inputs, some of which it reads again
  /// for indices of the result that others have, and adds the products.
  static bool isSumOfProducts(linalg::LinalgOp op) {
    if (auto generic = dyn_cast<linalg::GenericOp>(op.getOperation());
        generic && isSumBehindProducts(generic))
      return true;
    if (op.getNumReductionLoops() == 0 || op.getNumDpsInputs() < 2)
      return false;
    Operation *sum =
        op.getBlock()->getTerminator()->getOperand(0).getDefiningOp();
    bool isSum = isa_and_nonnull<arith::AddFOp, arith::SubFOp>(sum) &&
                 llvm::any_of(sum->getOperands(), [](Value value) {
                   return value.getDefiningOp<arith::MulFOp>();
                 });
    if (!isSum && !isa_and_nonnull<math::FmaOp>(sum))
      return false;
    return llvm::any_of(op.getDpsInputOperands(), [&](OpOperand *input) {
      AffineMap map = op.getMatchingIndexingMap(input);
      bool reads = false, misses = false;
      for (auto [dim, kind] : llvm::enumerate(op.getIteratorTypesArray()))
        if (kind == utils::IteratorType::reduction)
          reads |= map.isFunctionOfDim(dim);
        else
          misses |= !map.isFunctionOfDim(dim);
      return reads && misses;
    });
  }

  /// The same in operations of their own. Means that a mask weighs are none:
  /// what they are of is read once.
  static bool isSumBehindProducts(linalg::GenericOp op) {
    std::optional<ProductSum> sum = ProductSum::match(op);
    if (!sum)
      return false;
    for (size_t index = 0; index < sum->factors.size();)
      if (std::optional<ProductSum> parts = sum->takeApart(index))
        sum = std::move(parts);
      else
        ++index;
    unsigned summed = 0;
    bool isRepeated = false;
    for (const SumFactor &factor : sum->factors) {
      if (!sum->isSummed(factor))
        continue;
      ++summed;
      isRepeated |= sum->isRepeated(factor);
      if (!sum->isRepeated(factor) && !isWeights(factor.tensor))
        return false;
    }
    return summed > 1 && isRepeated;
  }

  static std::string getReason(Operation *op) {
    if (auto attr = op->getAttrOfType<StringAttr>(attrs::floatReason))
      return attr.str();
    auto quantizable = dyn_cast<QuantizableOpInterface>(op);
    if (!quantizable)
      return "it has no quantized counterpart";
    std::string reason;
    if (failed(quantizable.checkQuantizable(reason)))
      return reason;
    return describeFloatFactors(quantizable);
  }

  void write(raw_ostream &os) {
    llvm::json::OStream json(os, /*IndentSize=*/2);
    json.object([&] {
      json.attribute("int8_mac_share",
                     macs ? static_cast<double>(integerMacs) / macs : 0.0);
      json.attribute("weight_only_mac_share",
                     macs ? static_cast<double>(weightOnlyMacs) / macs : 0.0);
      json.attribute("float16_mac_share",
                     macs ? static_cast<double>(float16Macs) / macs : 0.0);
      json.attribute("macs", macs);
      json.attributeArray("contractions", [&] {
        for (MacOpInterface op : contractions)
          json.object([&] {
            json.attribute("op", op->getName().getStringRef());
            json.attribute("location", describeLocation(op->getLoc()));
            json.attribute("macs", op.getMacCount());
            json.attribute("integer", op.isQuantizedCompute());
            if (std::string storage = getWeightStorage(op); !storage.empty())
              json.attribute("weight_only", storage);
            if (StringRef scheme = getFloat16(op); !scheme.empty())
              json.attribute("float16", scheme);
          });
      });
      json.attributeArray("float16_layers", [&] {
        for (const FloatLayer &layer : layers)
          json.object([&] {
            Operation *op = layer.ops.back();
            json.attribute("name", layer.name);
            json.attribute("op", op->getName().getStringRef());
            json.attribute("location", describeLocation(op->getLoc()));
            json.attribute("float16", getFloat16(op));
          });
      });
      json.attributeArray("left_in_float", [&] {
        for (const FloatEntry &entry : left)
          json.object([&] {
            json.attribute("op", entry.op->getName().getStringRef());
            json.attribute("location", describeLocation(entry.op->getLoc()));
            json.attribute("reason", entry.reason);
            json.attribute("macs", entry.macs);
          });
      });
      json.attributeArray("glue_in_float", [&] {
        for (const Glue &part : glue)
          if (part.count)
            json.object([&] {
              json.attribute("kind", part.kind);
              json.attribute("count", part.count);
              json.attribute("reason", part.reason);
            });
      });
    });
    os << '\n';
  }
};

} // namespace
} // namespace quanta
