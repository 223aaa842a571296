//===- Signature.cpp - Types of a compiled function -----------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Execution/Signature.h"

#include "quanta/IR/Quanta.h"

#include "mlir/Dialect/Quant/IR/QuantTypes.h"

using namespace llvm;

namespace quanta {

static constexpr StringLiteral interfacePrefix("_mlir_ciface_");

static std::string print(mlir::Type type) {
  std::string text;
  raw_string_ostream os(text);
  type.print(os);
  return text;
}

static std::optional<ElementKind> getIntegerKind(unsigned width,
                                                 bool isUnsigned) {
  switch (width) {
  case 1:
    return ElementKind::I1;
  case 2:
    return isUnsigned ? ElementKind::U2 : ElementKind::I2;
  case 4:
    return isUnsigned ? ElementKind::U4 : ElementKind::I4;
  case 8:
    return isUnsigned ? ElementKind::U8 : ElementKind::I8;
  case 16:
    return isUnsigned ? ElementKind::U16 : ElementKind::I16;
  case 32:
    return isUnsigned ? ElementKind::U32 : ElementKind::I32;
  case 64:
    return isUnsigned ? ElementKind::U64 : ElementKind::I64;
  default:
    return std::nullopt;
  }
}

static std::optional<ElementKind> getElementKind(mlir::Type type) {
  if (auto quantized = dyn_cast<mlir::quant::QuantizedType>(type))
    return getIntegerKind(quantized.getStorageTypeIntegralWidth(),
                          !quantized.isSigned());
  if (auto integer = dyn_cast<mlir::IntegerType>(type))
    return getIntegerKind(integer.getWidth(), integer.isUnsigned());
  if (type.isIndex())
    return ElementKind::I64;
  if (type.isF16())
    return ElementKind::F16;
  if (type.isBF16())
    return ElementKind::BF16;
  if (type.isF32())
    return ElementKind::F32;
  if (type.isF64())
    return ElementKind::F64;
  return std::nullopt;
}

bool ValueType::accepts(ElementKind other) const {
  if (kind == other)
    return true;
  // Their values are checked when they are passed.
  if (getSubByteWidth(kind))
    return other == getByteKind(kind);
  auto isInteger = [](ElementKind kind) { return kind < ElementKind::F16; };
  return isSignless && isInteger(other) && kind >= ElementKind::I8 &&
         other >= ElementKind::I8 &&
         getElementSize(kind) == getElementSize(other);
}

Expected<ValueType> ValueType::get(mlir::Type type) {
  ValueType result;
  result.text = print(type);
  mlir::Type elementType = type;
  if (auto tensor = dyn_cast<mlir::RankedTensorType>(type)) {
    elementType = tensor.getElementType();
    result.shape.assign(tensor.getShape().begin(), tensor.getShape().end());
  } else {
    result.isScalar = true;
  }
  std::optional<ElementKind> kind = getElementKind(elementType);
  if (!kind)
    return createStringError("values of type " + result.text +
                             " cannot be passed to compiled code");
  result.kind = *kind;
  result.isSignless = elementType.isSignlessInteger();
  return result;
}

Expected<Signature> Signature::get(StringRef name, mlir::FunctionType type) {
  Signature signature;
  signature.name = name.str();
  auto convert = [](mlir::TypeRange types,
                    std::vector<ValueType> &values) -> Error {
    for (mlir::Type type : types) {
      Expected<ValueType> value = ValueType::get(type);
      if (!value)
        return value.takeError();
      values.push_back(std::move(*value));
    }
    return Error::success();
  };
  Error error = convert(type.getInputs(), signature.inputs);
  if (!error)
    error = convert(type.getResults(), signature.results);
  if (error)
    return createStringError("function '" + name +
                             "': " + toString(std::move(error)));
  return signature;
}

Expected<Signature> Signature::get(mlir::LLVM::LLVMFuncOp function) {
  auto attr = function->getAttrOfType<mlir::TypeAttr>(attrs::signature);
  auto type = attr ? dyn_cast<mlir::FunctionType>(attr.getValue())
                   : mlir::FunctionType();
  if (!type)
    return createStringError(
        "function '" + function.getName() + "' has no '" + attrs::signature +
        "' attribute with its tensor types, so it cannot be called; the "
        "pipeline 'quanta-to-llvm' sets it");
  return get(function.getName(), type);
}

std::string Signature::str() const {
  auto list = [](const std::vector<ValueType> &values) {
    std::string text;
    for (const ValueType &value : values)
      text += (text.empty() ? "" : ", ") + value.text;
    return text;
  };
  std::string text = "(" + list(inputs) + ") -> ";
  return results.size() == 1 ? text + list(results)
                             : text + "(" + list(results) + ")";
}

std::string describeArgument(const Signature &signature, size_t index,
                             const HostTensor &argument) {
  std::string text =
      "argument " + std::to_string(index) + " of '" + signature.name + "'";
  if (!argument.getOrigin().empty())
    text += " (" + argument.getOrigin().str() + ")";
  return text;
}

std::string getInterfaceName(StringRef name) {
  return (interfacePrefix + name).str();
}

std::vector<std::string> getEntryNames(mlir::ModuleOp module) {
  std::vector<std::string> names;
  for (auto function : module.getOps<mlir::LLVM::LLVMFuncOp>()) {
    if (function.isExternal() ||
        function.getName().starts_with(interfacePrefix))
      continue;
    auto wrapper = module.lookupSymbol<mlir::LLVM::LLVMFuncOp>(
        getInterfaceName(function.getName()));
    if (wrapper && !wrapper.isExternal())
      names.push_back(function.getName().str());
  }
  return names;
}

Expected<std::vector<Signature>> getSignatures(mlir::ModuleOp module) {
  std::vector<Signature> signatures;
  for (const std::string &name : getEntryNames(module)) {
    Expected<Signature> signature =
        Signature::get(module.lookupSymbol<mlir::LLVM::LLVMFuncOp>(name));
    if (!signature)
      return signature.takeError();
    signatures.push_back(std::move(*signature));
  }
  return signatures;
}

} // namespace quanta
