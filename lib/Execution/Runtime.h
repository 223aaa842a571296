//===- Runtime.h - Functions that compiled code calls -----------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_EXECUTION_RUNTIME_H
#define QUANTA_LIB_EXECUTION_RUNTIME_H

#include "llvm/ExecutionEngine/Orc/LLJIT.h"

namespace quanta {

/// Makes the functions known that LLVM calls for conversions that a CPU has no
/// instruction for, where the compiler's own library may not have them yet, and
/// those that buffers and assertions use.
llvm::Error defineRuntime(llvm::orc::LLJIT &jit);

/// Loads the library of OpenMP into the process, from where compiled code finds
/// it.
llvm::Error loadOpenMP();

} // namespace quanta

#endif // QUANTA_LIB_EXECUTION_RUNTIME_H
