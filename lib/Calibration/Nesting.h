//===- Nesting.h - Depth of brackets in a text file -----------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_CALIBRATION_NESTING_H
#define QUANTA_LIB_CALIBRATION_NESTING_H

#include "llvm/ADT/StringRef.h"

namespace quanta {

/// Whether brackets, or list marks on one line, nest deeper than any file of
/// ours does. LLVM's JSON and YAML parsers recurse, and a file of nothing but
/// brackets would overflow their stack.
inline bool isNestedTooDeeply(llvm::StringRef text) {
  constexpr int limit = 100;
  int depth = 0, marks = 0;
  bool inString = false;
  for (size_t i = 0, e = text.size(); i < e; ++i) {
    char c = text[i];
    if (c == '\n')
      marks = 0;
    if (inString) {
      i += c == '\\';
      inString = c != '"';
      continue;
    }
    inString = c == '"';
    depth += c == '[' || c == '{';
    depth -= c == ']' || c == '}';
    // A mark stands alone; a minus sign is part of a number.
    bool isAlone = i + 1 == e || text[i + 1] == ' ' || text[i + 1] == '\t' ||
                   text[i + 1] == '\n' || text[i + 1] == '\r';
    marks += (c == '-' || c == '?') && isAlone;
    if (depth > limit || marks > 10 * limit)
      return true;
  }
  return false;
}

} // namespace quanta

#endif // QUANTA_LIB_CALIBRATION_NESTING_H
