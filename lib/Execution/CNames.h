//===- CNames.h - Names that C and C++ accept -------------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_EXECUTION_CNAMES_H
#define QUANTA_LIB_EXECUTION_CNAMES_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <string>
#include <vector>

namespace quanta {

/// The text with an underscore for whatever an identifier cannot have.
std::string toCIdentifier(llvm::StringRef text);

/// Different names for C functions, one for each symbol: the symbol itself
/// where it is an identifier that neither the languages nor the C library use,
/// otherwise one that begins with `quanta_`.
std::vector<std::string> chooseCNames(llvm::ArrayRef<llvm::StringRef> symbols);

} // namespace quanta

#endif // QUANTA_LIB_EXECUTION_CNAMES_H
