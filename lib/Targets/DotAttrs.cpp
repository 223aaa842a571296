//===- DotAttrs.cpp - The instruction sets that are known -----------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Targets/Dot.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

// After Dot.h: the dialect's declaration alone, without its operations.
#include "quanta/IR/QuantaDialect.h.inc"

#include "quanta/Targets/DotAttrInterface.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "quanta/Targets/DotAttrs.cpp.inc"

namespace quanta {

void QuantaDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "quanta/Targets/DotAttrs.cpp.inc"
      >();
}

} // namespace quanta
