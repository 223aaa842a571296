//===- Diagnostics.cpp - MLIR diagnostics as text -------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/API/Diagnostics.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Location.h"

using namespace llvm;

namespace quanta {

std::string formatLocation(mlir::Location location) {
  if (auto file = dyn_cast<mlir::FileLineColLoc>(location)) {
    // Buffers without a file have the name "-" and no lines worth naming.
    std::string text = file.getFilename().str();
    if (file.getLine() > 0)
      text += ":" + std::to_string(file.getLine()) + ":" +
              std::to_string(file.getColumn());
    return text;
  }
  if (auto name = dyn_cast<mlir::NameLoc>(location)) {
    std::string text = formatLocation(name.getChildLoc());
    return text.empty() ? name.getName().str()
                        : text + ": " + name.getName().str();
  }
  if (auto call = dyn_cast<mlir::CallSiteLoc>(location))
    return formatLocation(call.getCallee());
  if (auto fused = dyn_cast<mlir::FusedLoc>(location))
    for (mlir::Location part : fused.getLocations())
      if (std::string text = formatLocation(part); !text.empty())
        return text;
  return "";
}

static std::string format(const mlir::Diagnostic &diagnostic) {
  StringRef severity;
  switch (diagnostic.getSeverity()) {
  case mlir::DiagnosticSeverity::Note:
    severity = "note: ";
    break;
  case mlir::DiagnosticSeverity::Warning:
    severity = "warning: ";
    break;
  case mlir::DiagnosticSeverity::Error:
    severity = "error: ";
    break;
  case mlir::DiagnosticSeverity::Remark:
    severity = "remark: ";
    break;
  }
  std::string text = formatLocation(diagnostic.getLocation());
  if (!text.empty())
    text += ": ";
  text += severity.str() + diagnostic.str();
  for (const mlir::Diagnostic &note : diagnostic.getNotes())
    text += "\n" + format(note);
  return text;
}

DiagnosticCollector::DiagnosticCollector(mlir::MLIRContext *context)
    : ScopedDiagnosticHandler(context) {
  setHandler([this](mlir::Diagnostic &diagnostic) {
    std::string text = format(diagnostic);
    if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error)
      errors += (errors.empty() ? "" : "\n") + text;
    else
      remarks.push_back(std::move(text));
    return mlir::success();
  });
}

Error DiagnosticCollector::enrich(Error error) {
  if (!error || errors.empty())
    return error;
  consumeError(std::move(error));
  return createStringError(errors);
}

} // namespace quanta
