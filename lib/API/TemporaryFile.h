//===- TemporaryFile.h - Files that passes read ----------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_API_TEMPORARYFILE_H
#define QUANTA_LIB_API_TEMPORARYFILE_H

#include "llvm/Support/Error.h"

#include <string>

namespace quanta {

/// A file that goes when this does.
class TemporaryFile {
public:
  /// With `endsOnSignal`, the file goes too when a signal ends the process:
  /// LLVM's handlers then stand before those that the process has.
  static llvm::Expected<TemporaryFile>
  write(llvm::StringRef suffix, llvm::StringRef text, bool endsOnSignal);

  TemporaryFile() = default;
  TemporaryFile(TemporaryFile &&other) noexcept { *this = std::move(other); }
  TemporaryFile &operator=(TemporaryFile &&other) noexcept {
    std::swap(path, other.path);
    std::swap(endsOnSignal, other.endsOnSignal);
    return *this;
  }
  ~TemporaryFile();

  llvm::StringRef getPath() const { return path; }

private:
  std::string path;
  bool endsOnSignal = false;
};

} // namespace quanta

#endif // QUANTA_LIB_API_TEMPORARYFILE_H
