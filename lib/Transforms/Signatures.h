//===- Signatures.h - What callers of compiled code pass --------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_SIGNATURES_H
#define QUANTA_LIB_TRANSFORMS_SIGNATURES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace quanta {

/// Keeps the type of a function as its callers know it, with the signs that
/// attributes of arguments and results tell, unless it is kept already.
void keepSignature(mlir::func::FuncOp func);

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_SIGNATURES_H
