//===- FileOutput.cpp - Files that are written as a whole -----------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Calibration/FileOutput.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"

using namespace llvm;

namespace quanta {

/// Writes all of it and says what went wrong; the stream's destructor would end
/// the process on a pending error.
static std::error_code finish(raw_fd_ostream &os,
                              function_ref<void(raw_ostream &)> write) {
  write(os);
  os.flush();
  std::error_code code = os.error();
  os.clear_error();
  return code;
}

Error writeFile(StringRef path, function_ref<void(raw_ostream &)> write) {
  auto fail = [&](std::error_code code) {
    return createStringError("cannot write " + path + ": " + code.message());
  };
  if (path == "-") {
    std::error_code code = finish(outs(), write);
    return code ? fail(code) : Error::success();
  }
  SmallString<128> target(path);
  bool direct = false;
  sys::fs::file_status status;
  if (!sys::fs::status(path, status))
    direct = status.type() != sys::fs::file_type::regular_file;
  // A link may lead to a file that is not there yet.
  if (sys::fs::is_symlink_file(path))
    direct |= static_cast<bool>(sys::fs::real_path(path, target));
  if (direct) {
    std::error_code code;
    raw_fd_ostream os(path, code);
    if (code)
      return fail(code);
    code = finish(os, write);
    return code ? fail(code) : Error::success();
  }
  Expected<sys::fs::TempFile> file =
      sys::fs::TempFile::create(target + ".%%%%%%%%.tmp");
  if (!file)
    return fail(errorToErrorCode(file.takeError()));
  std::error_code code;
  {
    raw_fd_ostream os(file->FD, /*shouldClose=*/false);
    code = finish(os, write);
  }
  if (code) {
    consumeError(file->discard());
    return fail(code);
  }
  if (Error error = file->keep(target))
    return fail(errorToErrorCode(std::move(error)));
  return Error::success();
}

} // namespace quanta
