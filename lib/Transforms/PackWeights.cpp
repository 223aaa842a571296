//===- PackWeights.cpp - Lay constant weights out for the dot product
//---------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Convolutions.h"

#include "quanta/IR/Quanta.h"
#include "quanta/Transforms/Constants.h"
#include "quanta/Transforms/ContractArithmetic.h"
#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_PACKWEIGHTS
#include "quanta/Transforms/Passes.h.inc"

namespace {

/// A matrix product with constant weights.
struct ConstantMatmul {
  Value lhs;
  DenseElementsAttr weights;
  /// Constant vector of N accumulators to start from, or null for zeros.
  Value bias;
  Value init;
  int64_t n;
  int64_t k;
  bool lhsSigned;
};

std::optional<ConstantMatmul> matchConstantMatmul(linalg::LinalgOp op) {
  if (!op.hasPureTensorSemantics() || op.getNumDpsInputs() != 2 ||
      op.getNumDpsInits() != 1 || op.getNumLoops() != 3 || !hasFactorTypes(op))
    return std::nullopt;
  if (op.getIndexingMapsArray() != getMatmulMaps(op.getContext()))
    return std::nullopt;
  std::optional<bool> lhsSigned = matchMultiplyAdd(op);
  DenseElementsAttr weights = getDenseConstant(op->getOperand(1));
  if (!lhsSigned || !weights)
    return std::nullopt;
  auto type = cast<RankedTensorType>(weights.getType());
  if (type.getNumElements() == 0 ||
      cast<RankedTensorType>(op->getOperand(0).getType()).isDynamicDim(1) ||
      cast<RankedTensorType>(op->getResult(0).getType()).isDynamicDim(1))
    return std::nullopt;
  Value init = op->getOperand(2);
  Value bias = getBroadcastVector(init, 1);
  if (!bias && !isZeroTensor(init))
    return std::nullopt;
  return ConstantMatmul{
      op->getOperand(0),  weights,   bias, init, type.getDimSize(1),
      type.getDimSize(0), *lhsSigned};
}

/// Blocks of columns, each `[K / kGroup][columns][kGroup]`, zero padded.
template <typename T>
Value packWeights(OpBuilder &builder, Location loc,
                  const ConstantMatmul &matmul, const DotShape &shape) {
  PackedShape packed = shape.pack(matmul.n, matmul.k);
  SmallVector<T> result(packed.size(), T(0));
  auto values = matmul.weights.getValues<T>();
  auto value = values.begin();
  for (int64_t k = 0; k < matmul.k; ++k)
    for (int64_t n = 0; n < matmul.n; ++n, ++value) {
      int64_t start = n / shape.columns() * shape.columns();
      int64_t width = std::min(shape.columns(), packed.columns - start);
      int64_t group = k / shape.kGroup, within = k % shape.kGroup;
      result[start * packed.depth + (group * width + n - start) * shape.kGroup +
             within] = *value;
    }
  return createConstant(builder, loc, {packed.size()}, ArrayRef<T>(result));
}

/// The bias padded to whole blocks, with what the change of signedness of the
/// left factor adds to every sum: its elements lose `shift`.
Value packIntegerBias(OpBuilder &builder, Location loc,
                      const ConstantMatmul &matmul, const DotShape &shape,
                      int32_t shift) {
  SmallVector<uint32_t> sums(shape.pack(matmul.n, matmul.k).columns, 0);
  if (matmul.bias)
    llvm::copy(*getConstantInts(matmul.bias), sums.begin());
  if (shift != 0)
    for (auto [index, weight] :
         llvm::enumerate(matmul.weights.getValues<int8_t>()))
      sums[static_cast<int64_t>(index) % matmul.n] +=
          static_cast<uint32_t>(shift) * static_cast<uint32_t>(weight);
  SmallVector<int32_t> bias(sums.begin(), sums.end());
  return createConstant(builder, loc, {static_cast<int64_t>(bias.size())},
                        ArrayRef<int32_t>(bias));
}

Value packFloatBias(OpBuilder &builder, Location loc,
                    const ConstantMatmul &matmul, const DotShape &shape) {
  SmallVector<float> bias(shape.pack(matmul.n, matmul.k).columns, 0.0f);
  if (matmul.bias)
    llvm::copy(*getConstantFloats(matmul.bias), bias.begin());
  return createConstant(builder, loc, {static_cast<int64_t>(bias.size())},
                        ArrayRef<float>(bias));
}

struct PackWeightsPass : impl::PackWeightsBase<PackWeightsPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto integerDot =
        module->getAttrOfType<DotAttrInterface>(attrs::integerDot);
    auto floatDot = module->getAttrOfType<DotAttrInterface>(attrs::floatDot);
    if (!integerDot || !floatDot) {
      emitError(module.getLoc())
          << getArgument() << " needs quanta-set-target before it";
      return signalPassFailure();
    }
    SmallVector<linalg::LinalgOp> ops;
    module.walk([&](linalg::LinalgOp op) { ops.push_back(op); });
    // Matched one at a time: packing one product replaces an operand of the
    // next.
    for (linalg::LinalgOp op : ops)
      if (std::optional<ConstantMatmul> matmul = matchConstantMatmul(op)) {
        bool isFloat = matmul->weights.getElementType().isF32();
        pack(op, *matmul, isFloat ? floatDot : integerDot);
      }
  }

private:
  static void pack(linalg::LinalgOp op, const ConstantMatmul &matmul,
                   DotAttrInterface dot) {
    OpBuilder builder(op);
    Location loc = op.getLoc();
    DotShape shape = dot.getDotShape();
    bool flip = !shape.isFloat && matmul.lhsSigned != shape.lhsSigned;
    Value rhs, init;
    if (shape.isFloat) {
      rhs = packWeights<float>(builder, loc, matmul, shape);
      init = packFloatBias(builder, loc, matmul, shape);
    } else {
      // u8 read as i8 is 128 too small, i8 read as u8 128 too large.
      int32_t shift = !flip ? 0 : matmul.lhsSigned ? -128 : 128;
      rhs = packWeights<int8_t>(builder, loc, matmul, shape);
      init = packIntegerBias(builder, loc, matmul, shape, shift);
    }
    auto resultType = cast<RankedTensorType>(op->getResult(0).getType());
    Value output =
        createEmptyLike(builder, loc, matmul.init, resultType.getElementType());
    auto fused = FusedMatmulOp::create(
        builder, loc, TypeRange(resultType), matmul.lhs, rhs, init,
        ValueRange(), output, dot, builder.getAffineMapArrayAttr({}), flip);
    Block &block = fused.getEpilogue().emplaceBlock();
    Value accumulator = block.addArgument(resultType.getElementType(), loc);
    builder.setInsertionPointToEnd(&block);
    YieldOp::create(builder, loc, accumulator);
    op->getResult(0).replaceAllUsesWith(fused->getResult(0));
    op->erase();
  }
};

} // namespace
} // namespace quanta
