//===- Assertion.h - Assertions of compiled code --------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_EXECUTION_ASSERTION_H
#define QUANTA_LIB_EXECUTION_ASSERTION_H

#include "llvm/Support/Error.h"

namespace quanta {

/// What compiled code calls where `cf.assert` fails: `puts` with its message,
/// then `abort`.
int putAssertion(const char *message);
[[noreturn]] void abortCall();

/// Calls compiled code. An assertion that fails in it ends the call and becomes
/// an error with its message; results of that call are not freed.
llvm::Error callChecked(void (*function)(void **), void **arguments);

} // namespace quanta

#endif // QUANTA_LIB_EXECUTION_ASSERTION_H
