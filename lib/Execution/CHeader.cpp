//===- CHeader.cpp - C headers of compiled modules ------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BufferRuntime.h"
#include "CNames.h"

#include "quanta/Execution/CHeader.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace quanta {

/// The C type of an element. The 16-bit floats have no type in C99: tensors of
/// them carry their bits.
static StringRef getCType(ElementKind kind) {
  switch (kind) {
  case ElementKind::I1:
  case ElementKind::U2:
  case ElementKind::U4:
  case ElementKind::I2:
  case ElementKind::I4:
  case ElementKind::U8:
    return "uint8_t";
  case ElementKind::I8:
    return "int8_t";
  case ElementKind::I16:
    return "int16_t";
  case ElementKind::U16:
  case ElementKind::F16:
  case ElementKind::BF16:
    return "uint16_t";
  case ElementKind::I32:
    return "int32_t";
  case ElementKind::U32:
    return "uint32_t";
  case ElementKind::I64:
    return "int64_t";
  case ElementKind::U64:
    return "uint64_t";
  case ElementKind::F32:
    return "float";
  case ElementKind::F64:
    return "double";
  }
  return "void";
}

static std::string getTensorName(const ValueType &type) {
  return ("quanta_tensor_" + stringifyElementKind(type.kind) + "_" +
          Twine(type.shape.size()))
      .str();
}

static std::string getValueName(const ValueType &type) {
  if (!type.isScalar)
    return getTensorName(type);
  if (type.kind == ElementKind::F16)
    return "_Float16";
  if (type.kind == ElementKind::BF16)
    return "__bf16";
  return getCType(type.kind).str();
}

/// The type as text that fits a comment: per-axis types list every scale.
static std::string abbreviate(StringRef text) {
  constexpr size_t maxLength = 160;
  return text.size() <= maxLength ? text.str()
                                  : (text.take_front(maxLength) + "...").str();
}

static void printDescriptor(raw_ostream &os, const ValueType &type) {
  std::string name = getTensorName(type);
  std::string guard = StringRef(name).upper();
  StringRef element = getCType(type.kind);
  os << "#ifndef " << guard << "\n#define " << guard << "\n";
  os << "/* Rank " << type.shape.size() << ": element ";
  if (type.shape.empty())
    os << "is aligned[offset].";
  else
    os << "(i0, ...) is aligned[offset + i0 * strides[0] + ...].";
  if (type.kind == ElementKind::F16 || type.kind == ElementKind::BF16)
    os << " Elements are the bits of " << stringifyElementKind(type.kind)
       << " numbers.";
  unsigned bits = type.kind == ElementKind::I1 ? 1 : getSubByteWidth(type.kind);
  if (bits)
    os << " Elements are bytes whose upper " << 8 - bits << " bits are zero.";
  os << "\n   The elements of a result are in the block `allocated`: free() it."
     << " */\ntypedef struct {\n  " << element << " *allocated;\n  " << element
     << " *aligned;\n  int64_t offset;\n";
  if (!type.shape.empty())
    os << "  int64_t sizes[" << type.shape.size() << "];\n  int64_t strides["
       << type.shape.size() << "];\n";
  os << "} " << name << ";\n#endif\n\n";
}

/// What a function returns: nothing, its result, or a structure of them.
static std::string getResultName(const Signature &signature, StringRef name) {
  if (signature.results.empty())
    return "void";
  if (signature.results.size() == 1)
    return getValueName(signature.results.front());
  return (name + "_results").str();
}

/// The name of the compiled function in the header, for that of its wrapper.
static std::string getCallee(const Signature &signature, StringRef name) {
  std::string symbol = getInterfaceName(signature.name);
  return toCIdentifier(symbol) == symbol ? symbol : getInterfaceName(name);
}

/// The characters of a string literal.
static std::string escape(StringRef text) {
  std::string result;
  raw_string_ostream os(result);
  for (unsigned char c : text)
    if (isPrint(c) && c != '"' && c != '\\')
      os << c;
    else
      os << '\\' << char('0' + c / 64) << char('0' + c / 8 % 8)
         << char('0' + c % 8);
  return result;
}

/// Whether a value is passed as a bfloat16, for which not every compiler has a
/// type.
static bool needsBFloat16(const Signature &signature) {
  return any_of(concat<const ValueType>(signature.inputs, signature.results),
                [](const ValueType &type) {
                  return type.isScalar && type.kind == ElementKind::BF16;
                });
}

static void printPrototype(raw_ostream &os, const Signature &signature,
                           StringRef name) {
  std::string symbol = getInterfaceName(signature.name);
  std::string callee = getCallee(signature, name);
  std::string resultName = getResultName(signature, name);
  SmallVector<std::string> parameters;
  if (signature.returnsThroughPointer())
    parameters.push_back(resultName + " *result");
  for (auto [index, input] : enumerate(signature.inputs))
    parameters.push_back(getValueName(input) + (input.isScalar ? " " : " *") +
                         "arg" + std::to_string(index));
  os << (signature.returnsThroughPointer() ? "void" : resultName) << " "
     << callee << "(" << (parameters.empty() ? "void" : join(parameters, ", "))
     << ")";
  if (callee != symbol)
    os << " __asm__(\"" << escape(symbol) << "\")";
  os << ";\n\n";
}

/// The size of dimension `dim` of argument `index` as a C expression.
static std::string getSize(const ValueType &type, size_t index, size_t dim) {
  if (type.shape[dim] != dynamicSize)
    return std::to_string(type.shape[dim]);
  return "arg" + std::to_string(index) + "_dim" + std::to_string(dim);
}

static void printArgumentDescriptor(raw_ostream &os, const ValueType &type,
                                    size_t index) {
  SmallVector<std::string> sizes, strides(type.shape.size());
  std::string stride = "1";
  for (size_t dim = 0; dim < type.shape.size(); ++dim)
    sizes.push_back(getSize(type, index, dim));
  for (size_t dim = type.shape.size(); dim-- > 0;) {
    strides[dim] = stride;
    stride = stride == "1" ? sizes[dim] : sizes[dim] + " * " + stride;
  }
  std::string pointer =
      ("(" + getCType(type.kind) + " *)arg" + Twine(index)).str();
  os << "  " << getTensorName(type) << " tensor" << index << " = {" << pointer
     << ", " << pointer << ", 0";
  if (!type.shape.empty())
    os << ", {" << join(sizes, ", ") << "}, {" << join(strides, ", ") << "}";
  os << "};\n";
}

static void printWrapper(raw_ostream &os, const Signature &signature,
                         StringRef name) {
  SmallVector<std::string> parameters, arguments;
  os << "/* " << abbreviate(signature.str()) << "\n";
  for (auto [index, input] : enumerate(signature.inputs)) {
    std::string argument = "arg" + std::to_string(index);
    os << "     " << argument << ": " << abbreviate(input.text)
       << (input.isScalar ? "" : ", row-major, only read") << "\n";
    if (input.isScalar) {
      parameters.push_back(getValueName(input) + " " + argument);
      arguments.push_back(argument);
      continue;
    }
    parameters.push_back(
        ("const " + getCType(input.kind) + " *" + argument).str());
    arguments.push_back("&tensor" + std::to_string(index));
    for (auto [dim, size] : enumerate(input.shape))
      if (size == dynamicSize)
        parameters.push_back("int64_t " + getSize(input, index, dim));
  }
  for (auto [index, result] : enumerate(signature.results))
    os << "     returns " << abbreviate(result.text)
       << (result.isScalar ? "" : ", in a block of its own") << "\n";
  std::string resultName = getResultName(signature, name);
  os << "*/\nstatic inline " << resultName << " " << name << "("
     << (parameters.empty() ? "void" : join(parameters, ", ")) << ") {\n";
  for (auto [index, input] : enumerate(signature.inputs))
    if (!input.isScalar)
      printArgumentDescriptor(os, input, index);
  std::string callee = getCallee(signature, name);
  if (signature.returnsThroughPointer()) {
    arguments.insert(arguments.begin(), "&result");
    os << "  " << resultName << " result;\n  " << callee << "("
       << join(arguments, ", ") << ");\n  return result;\n}\n\n";
    return;
  }
  os << "  " << (signature.results.empty() ? "" : "return ") << callee << "("
     << join(arguments, ", ") << ");\n}\n\n";
}

std::string generateCHeader(StringRef stem, ArrayRef<Signature> signatures) {
  std::string text;
  raw_string_ostream os(text);
  std::string guard =
      "QUANTA_GENERATED_" + StringRef(toCIdentifier(stem)).upper() + "_H";
  os << "/* C interface of " << stem << ".o, generated by Quanta. */\n"
     << "#ifndef " << guard << "\n#define " << guard
     << "\n\n#include <stdint.h>\n\n"
     << "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n"
     << "#ifndef QUANTA_FREE_BUFFERS\n#define QUANTA_FREE_BUFFERS\n"
     << "/* Each thread that calls a program keeps the memory in which it "
        "computes;\n   this frees the calling thread's. */\n"
     << "void " << freeBuffersName << "(void);\n#endif\n\n";
  StringSet<> descriptors;
  SmallVector<StringRef> symbols;
  for (const Signature &signature : signatures)
    symbols.push_back(signature.name);
  for (auto [signature, name] :
       llvm::zip_equal(signatures, chooseCNames(symbols))) {
    for (const ValueType &type :
         concat<const ValueType>(signature.inputs, signature.results))
      if (!type.isScalar && descriptors.insert(getTensorName(type)).second)
        printDescriptor(os, type);
    bool isGuarded = needsBFloat16(signature);
    if (isGuarded)
      os << "/* GCC has a type for bfloat16 from 13 on. */\n"
            "#if defined(__clang__) || __GNUC__ >= 13\n";
    if (signature.results.size() > 1) {
      os << "typedef struct {\n";
      for (auto [index, result] : enumerate(signature.results))
        os << "  " << getValueName(result) << " result" << index << ";\n";
      os << "} " << getResultName(signature, name) << ";\n\n";
    }
    printPrototype(os, signature, name);
    printWrapper(os, signature, name);
    if (isGuarded)
      os << "#endif\n\n";
  }
  os << "#ifdef __cplusplus\n}\n#endif\n\n#endif /* " << guard << " */\n";
  return text;
}

} // namespace quanta
