//===- Naming.cpp - Names of operations and models ------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Transforms/Naming.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Location.h"
#include "mlir/IR/OperationSupport.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace quanta {

StringRef getLocationName(Location loc) {
  StringRef name;
  loc->walk([&](Location inner) {
    auto nameLoc = dyn_cast<NameLoc>(inner);
    if (!nameLoc || nameLoc.getName().empty())
      return WalkResult::advance();
    name = nameLoc.getName().getValue();
    return WalkResult::interrupt();
  });
  return name;
}

std::string describeLocation(Location loc) {
  std::string text;
  llvm::raw_string_ostream os(text);
  FileLineColLoc file;
  loc->walk([&](Location inner) {
    file = dyn_cast<FileLineColLoc>(inner);
    return file ? WalkResult::interrupt() : WalkResult::advance();
  });
  StringRef name = getLocationName(loc);
  os << name;
  if (file)
    os << (name.empty() ? "" : " at ") << file.getFilename().getValue() << ':'
       << file.getLine() << ':' << file.getColumn();
  else if (name.empty())
    os << "unknown location";
  return llvm::json::fixUTF8(text);
}

std::string ContractionNames::getName(QuantizableOpInterface op) {
  std::string reason;
  if (failed(op.checkQuantizable(reason)))
    return describeLocation(op->getLoc());
  if (StringRef label = getLocationName(op->getLoc()); !label.empty())
    return llvm::json::fixUTF8(label);
  StringRef kind = op->getName().stripDialect();
  return (function + "/" + kind + "_" + Twine(counts[kind]++)).str();
}

namespace {
/// Hashes what is printed to it instead of keeping it.
class HashStream : public llvm::raw_ostream {
public:
  ~HashStream() override { flush(); }
  llvm::SHA256 hash;

private:
  void write_impl(const char *data, size_t size) override {
    hash.update(StringRef(data, size));
    position += size;
  }
  uint64_t current_pos() const override { return position; }
  uint64_t position = 0;
};
} // namespace

std::string getModelFingerprint(ModuleOp module) {
  HashStream stream;
  // Large constants are hashed as bytes: as text they would take twice the
  // memory of the model.
  // Flags start as the command line wants to print.
  module.print(stream, OpPrintingFlags()
                           .enableDebugInfo(false)
                           .skipRegions(false)
                           .printValueUsers(false)
                           .printUniqueSSAIDs(false)
                           .printNameLocAsPrefix(false)
                           .elideLargeElementsAttrs(16)
                           .printGenericOpForm()
                           .useLocalScope()
                           .assumeVerified());
  module.walk([&](Operation *op) {
    for (NamedAttribute attr : op->getAttrs())
      if (auto dense = dyn_cast<DenseElementsAttr>(attr.getValue()))
        stream.write(dense.getRawData().data(), dense.getRawData().size());
    if (auto properties = op->getPropertiesAsAttribute())
      properties.walk([&](DenseElementsAttr dense) {
        stream.write(dense.getRawData().data(), dense.getRawData().size());
      });
  });
  stream.flush();
  return llvm::toHex(stream.hash.final(), /*LowerCase=*/true);
}

} // namespace quanta
