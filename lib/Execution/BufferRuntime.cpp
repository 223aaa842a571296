//===- BufferRuntime.cpp - Memory that compiled code keeps ----------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BufferRuntime.h"

#include "Assertion.h"

#include "llvm/AsmParser/Parser.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Support/SourceMgr.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

using namespace llvm;

namespace quanta {

namespace {
/// The blocks of a thread, by depth of calls.
struct ThreadBuffers {
  struct Block {
    void *memory = nullptr;
    int64_t bytes = 0;
  };
  std::vector<Block> blocks;
  size_t depth = 0;

  ~ThreadBuffers() {
    for (Block &block : blocks)
      std::free(block.memory);
  }
};
} // namespace

static thread_local ThreadBuffers threadBuffers;

[[noreturn]] static void stopForMemory() {
  putAssertion("there is not enough memory for what it computes");
  abortCall();
}

void acquireBuffer(BufferDescriptor *result, int64_t bytes) {
  ThreadBuffers &buffers = threadBuffers;
  if (buffers.depth == buffers.blocks.size())
    buffers.blocks.emplace_back();
  ThreadBuffers::Block &block = buffers.blocks[buffers.depth++];
  if (block.bytes < bytes || !block.memory) {
    std::free(block.memory);
    block.memory = nullptr;
    if (posix_memalign(&block.memory, 64, std::max<int64_t>(bytes, 1)) != 0) {
      block.bytes = 0;
      stopForMemory();
    }
    block.bytes = bytes;
  }
  *result = {block.memory, block.memory, 0, bytes, 1};
}

void releaseBuffer(BufferDescriptor *) { --threadBuffers.depth; }

size_t getBufferDepth() { return threadBuffers.depth; }

void setBufferDepth(size_t depth) { threadBuffers.depth = depth; }

void *allocate(size_t bytes) {
  void *memory = std::malloc(bytes);
  if (!memory && bytes > 0)
    stopForMemory();
  return memory;
}

/// Blocks come from `malloc` with room to align them; a program that gets none
/// says so and stops.
static const char *const runtimeText = R"(
@quanta_buffer = linkonce_odr hidden thread_local global ptr null
@quanta_buffer_bytes = linkonce_odr hidden thread_local global i64 0
@quanta_buffer_used = linkonce_odr hidden thread_local global i8 0
@quanta_no_memory = linkonce_odr hidden constant [40 x i8] c"the program does not have enough memory\00"

declare ptr @malloc(i64)
declare void @free(ptr)
declare i32 @puts(ptr)
declare i32 @fflush(ptr)
declare void @abort()

define linkonce_odr hidden ptr @quanta_allocate(i64 %bytes) {
entry:
  %block = call ptr @malloc(i64 %bytes)
  %isNull = icmp eq ptr %block, null
  %isWanted = icmp ne i64 %bytes, 0
  %fails = and i1 %isNull, %isWanted
  br i1 %fails, label %none, label %some
none:
  %printed = call i32 @puts(ptr @quanta_no_memory)
  %flushed = call i32 @fflush(ptr null)
  call void @abort()
  unreachable
some:
  ret ptr %block
}

define linkonce_odr hidden void @_mlir_ciface_quanta_acquire_buffer(ptr %result, i64 %bytes) {
entry:
  %room = add i64 %bytes, 64
  %used = load i8, ptr @quanta_buffer_used
  %isUsed = icmp ne i8 %used, 0
  br i1 %isUsed, label %fresh, label %kept
fresh:
  %own = call ptr @quanta_allocate(i64 %room)
  br label %done
kept:
  store i8 1, ptr @quanta_buffer_used
  %old = load ptr, ptr @quanta_buffer
  %size = load i64, ptr @quanta_buffer_bytes
  %fits = icmp uge i64 %size, %room
  br i1 %fits, label %done, label %grow
grow:
  call void @free(ptr %old)
  %new = call ptr @quanta_allocate(i64 %room)
  store ptr %new, ptr @quanta_buffer
  store i64 %room, ptr @quanta_buffer_bytes
  br label %done
done:
  %block = phi ptr [ %own, %fresh ], [ %old, %kept ], [ %new, %grow ]
  %address = ptrtoint ptr %block to i64
  %negated = sub i64 0, %address
  %padding = and i64 %negated, 63
  %aligned = getelementptr i8, ptr %block, i64 %padding
  store ptr %block, ptr %result
  %1 = getelementptr i64, ptr %result, i64 1
  store ptr %aligned, ptr %1
  %2 = getelementptr i64, ptr %result, i64 2
  store i64 0, ptr %2
  %3 = getelementptr i64, ptr %result, i64 3
  store i64 %bytes, ptr %3
  %4 = getelementptr i64, ptr %result, i64 4
  store i64 1, ptr %4
  ret void
}

define linkonce_odr hidden void @_mlir_ciface_quanta_release_buffer(ptr %buffer) {
entry:
  %block = load ptr, ptr %buffer
  %kept = load ptr, ptr @quanta_buffer
  %isKept = icmp eq ptr %block, %kept
  br i1 %isKept, label %keep, label %drop
keep:
  store i8 0, ptr @quanta_buffer_used
  ret void
drop:
  call void @free(ptr %block)
  ret void
}

define weak_odr void @quanta_free_buffers() {
entry:
  %kept = load ptr, ptr @quanta_buffer
  call void @free(ptr %kept)
  store ptr null, ptr @quanta_buffer
  store i64 0, ptr @quanta_buffer_bytes
  ret void
}
)";

Error addBufferRuntime(Module &module) {
  SMDiagnostic diagnostic;
  std::unique_ptr<Module> runtime =
      parseAssemblyString(runtimeText, diagnostic, module.getContext());
  if (!runtime)
    return createStringError(diagnostic.getMessage());
  if (Function *allocate = module.getFunction("malloc"))
    allocate->setName("quanta_allocate");
  runtime->setDataLayout(module.getDataLayout());
  runtime->setTargetTriple(module.getTargetTriple());
  // The last function is for callers, who need not know which program keeps
  // memory: it is there in any case.
  if (Linker::linkModules(module, std::move(runtime)))
    return createStringError("the functions that keep buffers cannot be linked "
                             "into the module");
  return Error::success();
}

} // namespace quanta
