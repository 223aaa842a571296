//===- RuntimeChecks.cpp - What only a running program can know -----------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RuntimeChecks.h"

#include "quanta/Transforms/Naming.h"

#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"

using namespace mlir;

namespace quanta {

void buildCheck(OpBuilder &b, Operation *op, Value holds, const Twine &what,
                const Twine &problem) {
  // The body of a named operation has no place of its own.
  Operation *placed = op;
  while (isa<UnknownLoc>(placed->getLoc()) && placed->getParentOp())
    placed = placed->getParentOp();
  std::string location = describeLocation(placed->getLoc());
  std::string message =
      (what + " of '" + op->getName().getStringRef() + "'" +
       (location.empty() ? "" : " at " + location) + " " + problem)
          .str();
  cf::AssertOp::create(b, op->getLoc(), holds, message);
}

void buildCheck(OpBuilder &b, Operation *op, arith::CmpIPredicate predicate,
                Value left, Value right, const Twine &what,
                const Twine &problem) {
  Value holds = arith::CmpIOp::create(b, op->getLoc(), predicate, left, right);
  buildCheck(b, op, holds, what, problem);
}

void buildProductCheck(OpBuilder &b, Operation *op,
                       ArrayRef<OpFoldResult> sizes, int64_t limit,
                       const Twine &what, const Twine &problem) {
  Location loc = op->getLoc();
  // Products of integers would wrap.
  Value product = arith::ConstantOp::create(b, loc, b.getF64FloatAttr(1));
  for (OpFoldResult size : sizes) {
    Value factor = arith::IndexCastOp::create(
        b, loc, b.getI64Type(), getValueOrCreateConstantIndexOp(b, loc, size));
    factor = arith::SIToFPOp::create(b, loc, b.getF64Type(), factor);
    product = arith::MulFOp::create(b, loc, product, factor);
  }
  Value most = arith::ConstantOp::create(
      b, loc, b.getF64FloatAttr(static_cast<double>(limit)));
  Value holds =
      arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, product, most);
  buildCheck(b, op, holds, what, problem);
}

} // namespace quanta
