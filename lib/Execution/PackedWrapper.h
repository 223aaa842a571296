//===- PackedWrapper.h - Calls with any number of arguments -----*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_EXECUTION_PACKEDWRAPPER_H
#define QUANTA_LIB_EXECUTION_PACKEDWRAPPER_H

#include "llvm/IR/Module.h"

#include <string>

namespace quanta {

/// For each C interface wrapper of `module`, adds
///   void quanta_packed_<f>(void **arguments)
/// which calls it with `arguments[i]` where it takes a pointer, and with the
/// value that `arguments[i]` points to where it takes a scalar. A scalar result
/// is stored where the pointer after the last argument points.
void addPackedWrappers(llvm::Module &module);

/// The name of the packed wrapper of function `name`.
std::string getPackedName(llvm::StringRef name);

} // namespace quanta

#endif // QUANTA_LIB_EXECUTION_PACKEDWRAPPER_H
