//===- QuantaDialect.cpp - The quanta dialect
//--------------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/IR/Quanta.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include "quanta/IR/QuantaDialect.cpp.inc"
#include "quanta/IR/QuantaEnums.cpp.inc"

namespace quanta {

void QuantaDialect::initialize() {
  registerAttributes();
  addOperations<
#define GET_OP_LIST
#include "quanta/IR/QuantaOps.cpp.inc"
      >();
}

} // namespace quanta
