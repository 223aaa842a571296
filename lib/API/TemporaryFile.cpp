//===- TemporaryFile.cpp - Files that passes read -------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TemporaryFile.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace quanta {

Expected<TemporaryFile> TemporaryFile::write(StringRef suffix, StringRef text,
                                             bool endsOnSignal) {
  SmallString<128> name;
  int descriptor;
  if (std::error_code error =
          sys::fs::createTemporaryFile("quanta", suffix, descriptor, name))
    return createStringError("cannot create a temporary file: " +
                             error.message());
  TemporaryFile file;
  file.path = name.str().str();
  file.endsOnSignal = endsOnSignal;
  if (endsOnSignal)
    sys::RemoveFileOnSignal(file.path);
  raw_fd_ostream os(descriptor, /*shouldClose=*/true);
  os << text;
  os.close();
  if (os.has_error()) {
    std::string message = os.error().message();
    os.clear_error();
    return createStringError("cannot write '" + name + "': " + message);
  }
  return file;
}

TemporaryFile::~TemporaryFile() {
  if (path.empty())
    return;
  sys::fs::remove(path);
  if (endsOnSignal)
    sys::DontRemoveFileOnSignal(path);
}

} // namespace quanta
