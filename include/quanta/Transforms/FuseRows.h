//===- FuseRows.h - Buffers of the loops over rows ------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TRANSFORMS_FUSEROWS_H
#define QUANTA_TRANSFORMS_FUSEROWS_H

#include "mlir/IR/Value.h"

namespace quanta {

/// Whether an allocated buffer is one of a loop over rows that
/// `quanta-fuse-rows` has built: as small as the pass lets rows be.
bool isRowBuffer(mlir::Value buffer);

} // namespace quanta

#endif // QUANTA_TRANSFORMS_FUSEROWS_H
