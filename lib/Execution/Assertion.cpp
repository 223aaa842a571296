//===- Assertion.cpp - Assertions of compiled code ------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Assertion.h"

#include "BufferRuntime.h"

#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <string>

using namespace llvm;

namespace quanta {

namespace {
struct Call {
  // Compiled code has no unwind tables to leave it by an exception.
  std::jmp_buf start;
  std::string message;
};
} // namespace

static thread_local Call *current = nullptr;

int putAssertion(const char *message) {
  if (!current)
    return std::puts(message);
  current->message = message;
  return 0;
}

void abortCall() {
  if (current)
    std::longjmp(current->start, 1);
  std::abort();
}

Error callChecked(void (*function)(void **), void **arguments) {
  Call call, *outer = current;
  current = &call;
  const size_t depth = getBufferDepth();
  // Nothing between here and `abortCall` but compiled code, which has no
  // destructors to run.
  bool failed = setjmp(call.start) != 0;
  if (!failed)
    function(arguments);
  current = outer;
  if (failed) {
    setBufferDepth(depth);
    return createStringError("the program stopped: " + call.message);
  }
  return Error::success();
}

} // namespace quanta
