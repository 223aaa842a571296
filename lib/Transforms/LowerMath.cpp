//===- LowerMath.cpp - Functions of numbers, in LLVM and libm -------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Transforms/Passes.h"

#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MathToLibm/MathToLibm.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/DialectConversion.h"

using namespace mlir;

namespace quanta {

#define GEN_PASS_DEF_LOWERMATH
#include "quanta/Transforms/Passes.h.inc"

namespace {

struct LowerMathPass : impl::LowerMathBase<LowerMathPass> {
  void runOnOperation() override {
    if (failed(convertToLLVM()) || failed(convertToLibm()))
      signalPassFailure();
  }

private:
  SmallVector<Operation *> findMath() {
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (isa_and_nonnull<math::MathDialect>(op->getDialect()))
        ops.push_back(op);
    });
    return ops;
  }

  LogicalResult convertToLLVM() {
    SmallVector<Operation *> ops = findMath();
    if (ops.empty())
      return success();
    LLVMTypeConverter converter(&getContext());
    LLVMConversionTarget target(getContext());
    RewritePatternSet patterns(&getContext());
    populateMathToLLVMConversionPatterns(converter, patterns);
    return applyPartialConversion(ops, target, std::move(patterns));
  }

  LogicalResult convertToLibm() {
    SmallVector<Operation *> ops = findMath();
    if (ops.empty())
      return success();
    ConversionTarget target(getContext());
    target.addLegalDialect<arith::ArithDialect, BuiltinDialect,
                           func::FuncDialect, vector::VectorDialect>();
    target.addIllegalDialect<math::MathDialect>();
    RewritePatternSet patterns(&getContext());
    populateMathToLibmConversionPatterns(patterns);
    return applyPartialConversion(ops, target, std::move(patterns));
  }
};

} // namespace
} // namespace quanta
