//===- BufferRuntime.h - Memory that compiled code keeps --------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_EXECUTION_BUFFERRUNTIME_H
#define QUANTA_LIB_EXECUTION_BUFFERRUNTIME_H

#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"

#include <cstdint>

namespace quanta {

/// The descriptor of a `memref<?xi8>`.
struct BufferDescriptor {
  void *allocated;
  void *aligned;
  int64_t offset;
  int64_t size;
  int64_t stride;
};

/// What `quanta_acquire_buffer` and `quanta_release_buffer` of
/// `quanta-plan-buffers` do in this process: each thread keeps one block for
/// each depth of calls, until it ends.
void acquireBuffer(BufferDescriptor *result, int64_t bytes);
void releaseBuffer(BufferDescriptor *buffer);

/// How many calls of this thread hold a block. A call that ended early holds
/// none any more: the depth is set back to what it was before.
size_t getBufferDepth();
void setBufferDepth(size_t depth);

/// `malloc` of compiled code: ends the call where there is no memory.
void *allocate(size_t bytes);

/// Names of these functions in compiled code.
inline constexpr llvm::StringLiteral acquireBufferName =
    "_mlir_ciface_quanta_acquire_buffer";
inline constexpr llvm::StringLiteral releaseBufferName =
    "_mlir_ciface_quanta_release_buffer";
/// Frees the calling thread's block of an object file.
inline constexpr llvm::StringLiteral freeBuffersName = "quanta_free_buffers";

/// Defines both in a module, for object files, which have no runtime beside
/// them: one block for each thread, and `quanta_free_buffers` to
/// free it. A call from within another one allocates.
llvm::Error addBufferRuntime(llvm::Module &module);

} // namespace quanta

#endif // QUANTA_LIB_EXECUTION_BUFFERRUNTIME_H
