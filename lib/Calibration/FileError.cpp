//===- FileError.cpp - What is wrong at a place of a file -----------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Calibration/FileError.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace quanta {

char FileError::ID = 0;

void FileError::log(raw_ostream &os) const {
  os << path << ":" << line << ":" << column << ": error: " << message;
}

std::pair<unsigned, unsigned> getLineAndColumn(StringRef text, size_t offset) {
  StringRef before = text.take_front(offset);
  size_t lineStart = before.rfind('\n');
  return {before.count('\n') + 1,
          before.size() - (lineStart == StringRef::npos ? 0 : lineStart + 1) +
              1};
}

mlir::LogicalResult emitFileError(mlir::Location fallback, Error error) {
  Error unplaced = handleErrors(std::move(error), [&](const FileError &placed) {
    mlir::emitError(mlir::FileLineColLoc::get(
        fallback.getContext(), placed.path, placed.line, placed.column))
        << placed.message;
  });
  if (unplaced)
    mlir::emitError(fallback) << toString(std::move(unplaced));
  return mlir::failure();
}

} // namespace quanta
