//===- ExpandAmx.cpp - Matrices in registers as loops ---------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ParallelLoops.h"

#include "quanta/Transforms/Passes.h"

#include "mlir/Dialect/AMX/AMXDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/Patterns.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/DialectConversion.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_EXPANDAMX
#include "quanta/Transforms/Passes.h.inc"

namespace {

VectorType flatten(amx::TileType type) {
  return VectorType::get(type.getNumElements(), type.getElementType());
}

/// Builds what takes the place of one operation.
class Expander {
public:
  Expander(OpBuilder &b, Operation *op) : b(b), loc(op->getLoc()), op(op) {}

  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }
  Value add(Value left, Value right) {
    return arith::AddIOp::create(b, loc, left, right);
  }
  Value mul(Value left, Value right) {
    return arith::MulIOp::create(b, loc, left, right);
  }

  /// Memory for a tile, taken once in the function or by the thread.
  Value allocate(amx::TileType type) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&getStackBlock(op));
    return memref::AllocaOp::create(
        b, loc, MemRefType::get(type.getNumElements(), type.getElementType()));
  }
  Value spill(Value tile, amx::TileType type) {
    Value buffer = allocate(type);
    vector::StoreOp::create(b, loc, tile, buffer, index(0));
    return buffer;
  }
  Value load(VectorType type, Value buffer, ValueRange at) {
    return vector::LoadOp::create(b, loc, type, buffer, at);
  }

  void loop(int64_t count, function_ref<void(Value)> body) {
    auto loop = scf::ForOp::create(b, loc, index(0), index(count), index(1));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    body(loop.getInductionVar());
  }

  /// Where row `row` of a tile lies in memory.
  SmallVector<Value> getRow(ValueRange indices, Value stride, Value row) {
    SmallVector<Value> at(indices);
    if (stride)
      at.back() = add(at.back(), mul(row, stride));
    else
      at[at.size() - 2] = add(at[at.size() - 2], row);
    return at;
  }

private:
  OpBuilder &b;
  Location loc;
  Operation *op;
};

VectorType getRowType(amx::TileType type) {
  return VectorType::get(type.getDimSize(1), type.getElementType());
}

struct ExpandZero : OpConversionPattern<amx::TileZeroOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(amx::TileZeroOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    VectorType type = flatten(op.getTileType());
    rewriter.replaceOpWithNewOp<arith::ConstantOp>(op, type,
                                                   rewriter.getZeroAttr(type));
    return success();
  }
};

struct ExpandLoad : OpConversionPattern<amx::TileLoadOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(amx::TileLoadOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    amx::TileType type = op.getTileType();
    Expander expand(rewriter, op);
    Value buffer = expand.allocate(type);
    expand.loop(type.getDimSize(0), [&](Value row) {
      Value elements =
          expand.load(getRowType(type), op.getBase(),
                      expand.getRow(op.getIndices(), op.getStride(), row));
      vector::StoreOp::create(
          rewriter, op.getLoc(), elements, buffer,
          expand.mul(row, expand.index(type.getDimSize(1))));
    });
    rewriter.replaceOp(op, expand.load(flatten(type), buffer, expand.index(0)));
    return success();
  }
};

struct ExpandStore : OpConversionPattern<amx::TileStoreOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(amx::TileStoreOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    amx::TileType type = op.getTileType();
    Expander expand(rewriter, op);
    Value buffer = expand.spill(adaptor.getVal(), type);
    expand.loop(type.getDimSize(0), [&](Value row) {
      Value elements =
          expand.load(getRowType(type), buffer,
                      expand.mul(row, expand.index(type.getDimSize(1))));
      vector::StoreOp::create(
          rewriter, op.getLoc(), elements, op.getBase(),
          expand.getRow(op.getIndices(), op.getStride(), row));
    });
    rewriter.eraseOp(op);
    return success();
  }
};

/// Intel's Software Developer's Manual, TDPBSSD and its siblings.
struct ExpandMul : OpConversionPattern<amx::TileMulIOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(amx::TileMulIOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    amx::TileType lhs = op.getLhsTileType(), rhs = op.getRhsTileType(),
                  type = op.getTileType();
    Expander expand(rewriter, op);
    Value left = expand.spill(adaptor.getLhs(), lhs);
    Value right = expand.spill(adaptor.getRhs(), rhs);
    Value sums = expand.spill(adaptor.getAcc(), type);
    VectorType sumType = getRowType(type);
    auto extend = [&](Type to, Value value, bool isUnsigned) -> Value {
      if (isUnsigned)
        return arith::ExtUIOp::create(rewriter, loc, to, value);
      return arith::ExtSIOp::create(rewriter, loc, to, value);
    };
    constexpr int64_t group = 4;
    expand.loop(type.getDimSize(0), [&](Value row) {
      Value at = expand.mul(row, expand.index(type.getDimSize(1)));
      expand.loop(rhs.getDimSize(0), [&](Value groupIndex) {
        Value words = vector::BitCastOp::create(
            rewriter, loc, sumType,
            expand.load(
                getRowType(rhs), right,
                expand.mul(groupIndex, expand.index(rhs.getDimSize(1)))));
        Value first =
            expand.add(expand.mul(row, expand.index(lhs.getDimSize(1))),
                       expand.mul(groupIndex, expand.index(group)));
        Value sum = expand.load(sumType, sums, at);
        for (int64_t i = 0; i < group; ++i) {
          Value element = memref::LoadOp::create(
              rewriter, loc, left, expand.add(first, expand.index(i)));
          Value x = vector::BroadcastOp::create(
              rewriter, loc, sumType,
              extend(rewriter.getI32Type(), element, op.getIsZextLhs()));
          Value shift = arith::ConstantOp::create(
              rewriter, loc,
              DenseElementsAttr::get(sumType, static_cast<int32_t>(8 * i)));
          Value bytes = arith::TruncIOp::create(
              rewriter, loc, sumType.clone(rewriter.getI8Type()),
              arith::ShRUIOp::create(rewriter, loc, words, shift));
          Value product =
              expand.mul(x, extend(sumType, bytes, op.getIsZextRhs()));
          sum = expand.add(sum, product);
        }
        vector::StoreOp::create(rewriter, loc, sum, sums, at);
      });
    });
    rewriter.replaceOp(op, expand.load(flatten(type), sums, expand.index(0)));
    return success();
  }
};

struct ExpandAmxPass : impl::ExpandAmxBase<ExpandAmxPass> {
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    TypeConverter converter;
    converter.addConversion([](Type type) { return type; });
    converter.addConversion([](amx::TileType type) { return flatten(type); });
    ConversionTarget target(*context);
    target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
    target.addIllegalDialect<amx::AMXDialect>();
    RewritePatternSet patterns(context);
    patterns.add<ExpandZero, ExpandLoad, ExpandStore, ExpandMul>(converter,
                                                                 context);
    scf::populateSCFStructuralTypeConversionsAndLegality(converter, patterns,
                                                         target);
    if (failed(applyPartialConversion(getOperation(), target,
                                      std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace quanta
