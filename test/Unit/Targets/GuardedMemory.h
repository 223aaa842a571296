//===- GuardedMemory.h - Memory with forbidden pages around it --*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TEST_UNIT_TARGETS_GUARDEDMEMORY_H
#define QUANTA_TEST_UNIT_TARGETS_GUARDEDMEMORY_H

#include "mlir/IR/BuiltinOps.h"

#include <cstddef>
#include <cstdint>

namespace quanta::test {

/// Pages between two that cannot be accessed: a kernel that reads or writes
/// outside of its tensors crashes.
class GuardedMemory {
public:
  explicit GuardedMemory(size_t capacity);
  ~GuardedMemory();
  GuardedMemory(const GuardedMemory &) = delete;

  /// Copies `size` bytes to the end or the start of the pages and makes them
  /// read-only.
  const void *place(const void *data, size_t size, bool atEnd);

private:
  char *pages = nullptr;
  size_t bytes = 0;
};

/// What compiled code calls for `malloc` and `free` after
/// `useGuardedAllocation`. Blocks are aligned to 64 bytes, as close to the
/// forbidden page behind them as that allows, and hold `guardByte`.
constexpr unsigned char guardByte = 0xa5;
void *guardedAllocate(size_t size);
void guardedFree(void *block);
/// Whether nothing wrote to the block's pages outside of `[data, data + size)`.
bool isIntactAround(void *block, const void *data, size_t size);

/// Lets a module in the LLVM dialect allocate guarded memory in this process.
void useGuardedAllocation(mlir::ModuleOp module);

} // namespace quanta::test

#endif // QUANTA_TEST_UNIT_TARGETS_GUARDEDMEMORY_H
