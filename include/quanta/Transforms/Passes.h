//===- Passes.h - Passes of Quanta ----------------------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TRANSFORMS_PASSES_H
#define QUANTA_TRANSFORMS_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

#include <memory>
#include <string>

namespace quanta {

#define GEN_PASS_DECL
#include "quanta/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "quanta/Transforms/Passes.h.inc"

} // namespace quanta

#endif // QUANTA_TRANSFORMS_PASSES_H
