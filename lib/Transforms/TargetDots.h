//===- TargetDots.h - The instruction sets of a module -----------*- C++
//-*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_TRANSFORMS_TARGETDOTS_H
#define QUANTA_LIB_TRANSFORMS_TARGETDOTS_H

#include "quanta/IR/Quanta.h"

#include "mlir/IR/BuiltinOps.h"

namespace quanta {

/// What `quanta-set-target` states of a module.
struct TargetDots {
  DotAttrInterface integerDot, floatDot;

  /// Fails, with an error from the pass `passName`, where it has not run.
  static llvm::FailureOr<TargetDots> get(mlir::ModuleOp module,
                                         llvm::StringRef passName) {
    TargetDots dots{module->getAttrOfType<DotAttrInterface>(attrs::integerDot),
                    module->getAttrOfType<DotAttrInterface>(attrs::floatDot)};
    if (!dots.integerDot || !dots.floatDot)
      return mlir::emitError(module.getLoc())
             << passName
             << " needs quanta-set-target or quanta-to-kernel before it";
    if (dots.integerDot.getDotShape().sharing > 1)
      return mlir::emitError(module.getLoc())
             << "'" << attrs::integerDot << "' cannot be " << dots.integerDot
             << ", which takes no weights of 8 bits";
    return dots;
  }
};

} // namespace quanta

#endif // QUANTA_LIB_TRANSFORMS_TARGETDOTS_H
