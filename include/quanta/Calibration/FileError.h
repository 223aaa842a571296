//===- FileError.h - What is wrong at a place of a file -------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_CALIBRATION_FILEERROR_H
#define QUANTA_CALIBRATION_FILEERROR_H

#include "mlir/IR/Location.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"

#include <string>

namespace quanta {

/// An error with the place that it concerns, lines and columns from 1.
class FileError : public llvm::ErrorInfo<FileError> {
public:
  static char ID;

  FileError(const llvm::Twine &path, unsigned line, unsigned column,
            const llvm::Twine &message)
      : path(path.str()), message(message.str()), line(line), column(column) {}

  void log(llvm::raw_ostream &os) const override;
  std::error_code convertToErrorCode() const override {
    return llvm::inconvertibleErrorCode();
  }

  const std::string path, message;
  const unsigned line, column;
};

/// Line and column, from 1, of a byte of a text.
std::pair<unsigned, unsigned> getLineAndColumn(llvm::StringRef text,
                                               size_t offset);

/// Emits an error at its own place in a file, if it has one, else at
/// `fallback`.
mlir::LogicalResult emitFileError(mlir::Location fallback, llvm::Error error);

} // namespace quanta

#endif // QUANTA_CALIBRATION_FILEERROR_H
