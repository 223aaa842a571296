//===- RewriteFamilies.h - Operation families on storage --------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_REWRITEFAMILIES_H
#define QUANTA_LIB_TRANSFORMS_REWRITEFAMILIES_H

#include "quanta/IR/Quanta.h"
#include "quanta/Numerics/QuantParams.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/DialectConversion.h"

namespace quanta {

/// What `quanta-rewrite-types` does with each family of operations.
void populateRewriteElementwise(const mlir::TypeConverter &converter,
                                mlir::RewritePatternSet &patterns);
void populateRewriteGathers(const mlir::TypeConverter &converter,
                            mlir::RewritePatternSet &patterns);
void populateRewritePools(const mlir::TypeConverter &converter,
                          mlir::RewritePatternSet &patterns);
void populateRewriteShapes(const mlir::TypeConverter &converter,
                           mlir::RewritePatternSet &patterns);

void populateRewriteWeightOnly(const mlir::TypeConverter &converter,
                               mlir::RewritePatternSet &patterns);

/// What becomes of two elements.
using BinaryBody = llvm::function_ref<mlir::Value(
    mlir::OpBuilder &, mlir::Location, mlir::Value, mlir::Value)>;

/// An elementwise operation with results of `type`, to whose sizes those
/// dimensions of the operands are repeated that are of size 1.
mlir::Value buildBroadcast(mlir::OpBuilder &builder, mlir::Location loc,
                           mlir::Value lhs, mlir::Value rhs,
                           mlir::RankedTensorType type, BinaryBody body);

/// What becomes of an element of a row, whose number is an index.
using ElementOfRow = llvm::function_ref<mlir::Value(
    mlir::OpBuilder &, mlir::Location, mlir::Value element, mlir::Value row)>;

/// What these operations read, of a tensor with any element type: rows of
/// `table`, converted to `element`, and the nearest elements of `input`.
mlir::Value buildEmbedding(mlir::OpBuilder &builder, EmbeddingOp op,
                           mlir::Value table, mlir::Value indices,
                           mlir::Type element, ElementOfRow convert = nullptr);
mlir::Value buildNearest(mlir::OpBuilder &builder, ResizeOp op,
                         mlir::Value input);

/// Replaces an operation by `value`, of the result's elements or their storage,
/// whose type may know more or fewer sizes.
inline void replaceWithStored(mlir::Operation *op, mlir::Value value,
                              mlir::ConversionPatternRewriter &rewriter) {
  auto type = llvm::cast<mlir::RankedTensorType>(op->getResult(0).getType())
                  .clone(mlir::getElementTypeOrSelf(value.getType()));
  if (value.getType() != type)
    value = mlir::tensor::CastOp::create(rewriter, op->getLoc(), type, value);
  rewriter.replaceOp(op, value);
}

/// Parameters of a quantized tensor.
inline QuantParams getQuantParams(mlir::Value value) {
  return *QuantParams::get(mlir::getElementTypeOrSelf(value.getType()));
}

/// How far an integer can be from its zero point.
inline double getReach(const QuantParams &params) {
  int64_t most = 0;
  for (int64_t zeroPoint : params.zeroPoints)
    most = std::max<int64_t>(
        {most, params.range.max - zeroPoint, zeroPoint - params.range.min});
  return static_cast<double>(most);
}

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_REWRITEFAMILIES_H
