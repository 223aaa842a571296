//===- QuantizedVerifiers.h - Constraints that quantized operations share *- C++
//-*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_IR_QUANTIZEDVERIFIERS_H
#define QUANTA_LIB_IR_QUANTIZEDVERIFIERS_H

#include "quanta/IR/Quanta.h"
#include "quanta/Numerics/QuantParams.h"

namespace quanta {

/// Rules 1 and 2 of the numerics contract for one tensor.
llvm::LogicalResult verifyQuantizedTensor(mlir::Operation *op,
                                          mlir::Value value);

/// The same for every operand and result.
llvm::LogicalResult verifyQuantizedTensors(mlir::Operation *op);

/// Every operand and result is quantized per tensor, with at most `maxWidth`
/// bits of storage.
llvm::LogicalResult verifyPerTensor(mlir::Operation *op, unsigned maxWidth);

/// `clamp`, if there is one, is `[lo, hi]` within the storage range of
/// `params`.
llvm::LogicalResult verifyClamp(mlir::Operation *op,
                                std::optional<llvm::ArrayRef<int64_t>> clamp,
                                const QuantParams &params);

/// Both factors have at most 8 bits of storage, `lhs` is quantized per tensor
/// and `rhs` per tensor or along `rhsAxis`.
llvm::LogicalResult verifyFactors(mlir::Operation *op, const QuantParams &lhs,
                                  const QuantParams &rhs, int32_t rhsAxis);

/// `type` holds i32 accumulators of the two factors, with zero point 0 and
/// scales `s_lhs * s_rhs`, along `channelDim` if there are several.
llvm::LogicalResult verifyAccumulator(mlir::Operation *op, llvm::StringRef what,
                                      mlir::RankedTensorType type,
                                      int32_t channelDim,
                                      const QuantParams &lhs,
                                      const QuantParams &rhs);

/// `bias` is a vector of accumulators, one for each of `channels`.
llvm::LogicalResult verifyBias(mlir::Operation *op, mlir::Value bias,
                               int64_t channels, const QuantParams &lhs,
                               const QuantParams &rhs);

/// The iterator that result `position` of `map` is.
unsigned getIterator(mlir::AffineMap map, int32_t position);

/// The three maps of a contraction have the same dimensions and no symbols, and
/// fit the three tensors: sizes agree, and no factor is read out of bounds; the
/// result's map selects distinct dimensions, whose dynamic sizes are sizes of a
/// factor or what a window has room for in one.
llvm::LogicalResult
verifyContractionMaps(mlir::Operation *op, llvm::ArrayRef<mlir::AffineMap> maps,
                      llvm::ArrayRef<mlir::RankedTensorType> types);

/// Points of the iteration space, a dynamic size counted as 1.
int64_t countProducts(llvm::ArrayRef<mlir::AffineMap> maps,
                      llvm::ArrayRef<mlir::RankedTensorType> types);

/// Whether two sizes may be the same: a dynamic one may be any.
inline bool sizesAgree(int64_t a, int64_t b) {
  return mlir::ShapedType::isDynamic(a) || mlir::ShapedType::isDynamic(b) ||
         a == b;
}

/// What a fused operation reads and writes, if it works on buffers.
void getFusedEffects(
    FusedOpInterface op,
    llvm::SmallVectorImpl<mlir::MemoryEffects::EffectInstance> &effects);

/// Images, packed weights and accumulators of a convolution have the ranks and
/// static sizes that kernels need; those of rows and columns may be open if the
/// operation takes such.
mlir::LogicalResult verifyImages(FusedOpInterface op, bool takesOpenSizes);

/// Every tap of every result lies inside of the image and its pads: above, to
/// the left, below and to the right, or none.
mlir::LogicalResult verifyWindows(FusedOpInterface op,
                                  llvm::ArrayRef<int64_t> kernel,
                                  llvm::ArrayRef<int64_t> strides,
                                  llvm::ArrayRef<int64_t> dilations,
                                  llvm::ArrayRef<int64_t> pads);

/// The four pads; zeros if there are not four.
std::array<int64_t, 4> getFourPads(llvm::ArrayRef<int64_t> pads);

/// Factors and accumulators are those of the instruction.
mlir::LogicalResult verifyFusedOutputs(FusedOpInterface op);
mlir::LogicalResult verifyFusedFactors(FusedOpInterface op);

/// Extras, their maps and the region fit each other and the output.
mlir::LogicalResult verifyFusedEpilogue(FusedOpInterface op);

/// Whether input, weights and result of a convolution have two dimensions more
/// than there are spatial ones.
template <typename OpTy> llvm::LogicalResult verifyWindowRanks(OpTy op) {
  constexpr int64_t rank = OpTy::spatialDims + 2;
  int64_t input = op.getInput().getType().getRank(),
          weights = op.getWeights().getType().getRank(),
          result = op.getResult().getType().getRank();
  if (input == rank && weights == rank && result == rank)
    return llvm::success();
  return op.emitOpError() << "takes tensors of rank " << rank << ", not "
                          << input << " and " << weights << " -> " << result;
}

} // namespace quanta

#endif // QUANTA_LIB_IR_QUANTIZEDVERIFIERS_H
