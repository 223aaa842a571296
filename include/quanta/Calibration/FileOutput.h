//===- FileOutput.h - Files that are written as a whole ---------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_CALIBRATION_FILEOUTPUT_H
#define QUANTA_CALIBRATION_FILEOUTPUT_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

namespace quanta {

/// Calls `write` with a temporary file beside `path` and moves it there when
/// everything is written: nobody ever sees half a file. What a link points to
/// is written, devices and pipes are written directly, and "-" is the standard
/// output.
///
/// Errors: the file cannot be written. What was there before is then still
/// there.
llvm::Error writeFile(llvm::StringRef path,
                      llvm::function_ref<void(llvm::raw_ostream &)> write);

} // namespace quanta

#endif // QUANTA_CALIBRATION_FILEOUTPUT_H
