//===- QuantaDialect.cpp - The quanta dialect -----------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/IR/Quanta.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Transforms/InliningUtils.h"

#include "quanta/IR/QuantaDialect.cpp.inc"
#include "quanta/IR/QuantaEnums.cpp.inc"

using namespace mlir;

namespace quanta {

namespace {
struct QuantaInliner : DialectInlinerInterface {
  using DialectInlinerInterface::DialectInlinerInterface;

  /// Arithmetic may stand anywhere. Copies of an observer would count into
  /// statistics of one name.
  bool isLegalToInline(Operation *op, Region *, bool, IRMapping &) const final {
    return !isa<ObserveOp>(op);
  }
  /// Regions of quanta operations hold scalar arithmetic only.
  bool isLegalToInline(Region *, Region *, bool, IRMapping &) const final {
    return false;
  }
};
} // namespace

void QuantaDialect::initialize() {
  addInterfaces<QuantaInliner>();
  registerAttributes();
  addOperations<
#define GET_OP_LIST
#include "quanta/IR/QuantaOps.cpp.inc"
      >();
}

/// `quanta.unsigned` says something of signless integers only.
static LogicalResult verifySign(Operation *op, NamedAttribute attr, Type type) {
  if (attr.getName() != attrs::isUnsigned ||
      getElementTypeOrSelf(type).isSignlessInteger())
    return success();
  return op->emitError() << "'" << attrs::isUnsigned
                         << "' is for signless integers, not " << type;
}

LogicalResult QuantaDialect::verifyRegionArgAttribute(Operation *op,
                                                      unsigned regionIndex,
                                                      unsigned argIndex,
                                                      NamedAttribute attr) {
  auto function = dyn_cast<FunctionOpInterface>(op);
  return function ? verifySign(op, attr, function.getArgumentTypes()[argIndex])
                  : success();
}

LogicalResult QuantaDialect::verifyRegionResultAttribute(Operation *op,
                                                         unsigned regionIndex,
                                                         unsigned resultIndex,
                                                         NamedAttribute attr) {
  auto function = dyn_cast<FunctionOpInterface>(op);
  return function ? verifySign(op, attr, function.getResultTypes()[resultIndex])
                  : success();
}

} // namespace quanta
