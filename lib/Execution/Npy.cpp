//===- Npy.cpp - NumPy's .npy files ---------------------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Execution/Npy.h"

#include "quanta/Calibration/FileOutput.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"

#include <cstring>

using namespace llvm;

namespace quanta {

static constexpr StringLiteral npyMagic("\x93NUMPY");

namespace {
struct NpyDescr {
  StringRef type;
  ElementKind kind;
};

/// What the dictionary in the header of an .npy file says.
struct NpyHeader {
  std::string descr;
  bool fortranOrder = false;
  HostTensor::Sizes shape;
};

/// Reads the header's Python dictionary literal. Every method returns false
/// where the text is not what NumPy writes.
class HeaderParser {
public:
  explicit HeaderParser(StringRef text) : text(text) {}

  /// An empty string on success, else what is wrong.
  std::string parse(NpyHeader &header) {
    if (!consume('{'))
      return "its header is not a Python dictionary";
    bool hasDescr = false, hasOrder = false, hasShape = false;
    while (!consume('}')) {
      std::string key;
      if (!parseString(key) || !consume(':'))
        return "its header is not a Python dictionary";
      if (key == "descr") {
        if (peek() == '[')
          return "structured dtypes are not supported";
        if (!parseString(header.descr))
          return "its header has no readable 'descr'";
        hasDescr = true;
      } else if (key == "fortran_order") {
        if (!parseBool(header.fortranOrder))
          return "'fortran_order' in its header is neither True nor False";
        hasOrder = true;
      } else if (key == "shape") {
        if (!parseShape(header.shape))
          return "'shape' in its header is not a tuple of sizes";
        hasShape = true;
      } else {
        return "its header has the unknown key '" + key + "'";
      }
      if (!consume(',') && peek() != '}')
        return "its header is not a Python dictionary";
    }
    if (!text.trim(StringRef(" \n\0", 3)).empty())
      return "its header has text after the dictionary";
    if (!hasDescr || !hasOrder || !hasShape)
      return "its header lacks one of 'descr', 'fortran_order' and 'shape'";
    return "";
  }

private:
  char peek() {
    text = text.ltrim(" \n\t");
    return text.empty() ? '\0' : text.front();
  }
  bool consume(char c) {
    if (peek() != c)
      return false;
    text = text.drop_front();
    return true;
  }
  bool parseString(std::string &result) {
    char quote = peek();
    if (quote != '\'' && quote != '"')
      return false;
    size_t end = text.find(quote, 1);
    if (end == StringRef::npos)
      return false;
    result.clear();
    // Only printable characters: the text ends up in error messages.
    for (char c : text.slice(1, end))
      result += isPrint(c) ? c : '?';
    text = text.drop_front(end + 1);
    return true;
  }
  bool parseBool(bool &result) {
    peek();
    result = text.consume_front("True");
    return result || text.consume_front("False");
  }
  bool parseShape(HostTensor::Sizes &shape) {
    if (!consume('('))
      return false;
    while (!consume(')')) {
      int64_t size;
      peek();
      if (text.consumeInteger(10, size) || size < 0)
        return false;
      // Python 2 wrote long integers with a suffix.
      text.consume_front("L");
      shape.push_back(size);
      if (!consume(',') && peek() != ')')
        return false;
    }
    return true;
  }

  StringRef text;
};
} // namespace

/// `descr` without its byte order.
static constexpr NpyDescr npyDescrs[] = {
    {"b1", ElementKind::I1},   {"i1", ElementKind::I8},
    {"u1", ElementKind::U8},   {"i2", ElementKind::I16},
    {"u2", ElementKind::U16},  {"i4", ElementKind::I32},
    {"u4", ElementKind::U32},  {"i8", ElementKind::I64},
    {"u8", ElementKind::U64},  {"f2", ElementKind::F16},
    {"V2", ElementKind::BF16}, {"f4", ElementKind::F32},
    {"f8", ElementKind::F64},
};

static Error npyError(StringRef name, const Twine &message) {
  return createStringError(name + ": " + message);
}

static Expected<ElementKind> parseDescr(StringRef name, StringRef descr) {
  StringRef type = descr;
  char order = '<';
  if (!type.empty() && StringRef("<>|=").contains(type.front())) {
    order = type.front();
    type = type.drop_front();
  }
  for (const NpyDescr &entry : npyDescrs) {
    if (entry.type != type)
      continue;
    if (order == '>' && getElementSize(entry.kind) > 1)
      return npyError(name, "its elements are big-endian ('" + descr +
                                "'); only little-endian files are supported");
    return entry.kind;
  }
  if (type.starts_with("O"))
    return npyError(name, "it holds pickled Python objects, not numbers");
  return npyError(name, "its dtype '" + descr + "' is not supported");
}

static void transposeFromFortran(const HostTensor &result, const char *source) {
  HostTensor::Sizes strides(result.getRank());
  int64_t stride = 1;
  for (unsigned dim = 0; dim < result.getRank(); ++dim) {
    strides[dim] = stride;
    stride *= result.getShape()[dim];
  }
  HostTensor::borrow(result.getKind(), result.getShape(), strides, source)
      .copyTo(result.getData());
}

Expected<HostTensor> parseNpy(StringRef bytes, StringRef name) {
  if (bytes.empty())
    return npyError(name, "the file is empty");
  if (!bytes.starts_with(npyMagic))
    return npyError(name, npyMagic.starts_with(bytes)
                              ? "truncated .npy file"
                              : "not an .npy file (wrong magic number)");
  StringRef rest = bytes.drop_front(npyMagic.size());
  if (rest.size() < 2)
    return npyError(name, "truncated .npy file");
  unsigned major = static_cast<uint8_t>(rest[0]);
  if (major < 1 || major > 3)
    return npyError(name, "unknown .npy format version " + Twine(major));
  rest = rest.drop_front(2);
  size_t lengthSize = major == 1 ? 2 : 4;
  if (rest.size() < lengthSize)
    return npyError(name, "truncated .npy file");
  size_t length = major == 1 ? support::endian::read16le(rest.data())
                             : support::endian::read32le(rest.data());
  rest = rest.drop_front(lengthSize);
  if (rest.size() < length)
    return npyError(name, "truncated .npy file: the header ends after " +
                              Twine(rest.size()) + " of " + Twine(length) +
                              " bytes");

  NpyHeader header;
  if (std::string problem = HeaderParser(rest.take_front(length)).parse(header);
      !problem.empty())
    return npyError(name, problem);
  Expected<ElementKind> kind = parseDescr(name, header.descr);
  if (!kind)
    return kind.takeError();

  std::string type = formatShape(header.shape, *kind);
  std::optional<int64_t> size =
      computeElementCount(header.shape, getElementSize(*kind));
  if (!size)
    return npyError(name, "an array of " + type + " does not fit in memory");
  StringRef data = rest.drop_front(length);
  if (data.size() != static_cast<uint64_t>(*size))
    return npyError(name, Twine(data.size() < static_cast<uint64_t>(*size)
                                    ? "truncated .npy file"
                                    : "data after the array") +
                              ": " + type + " takes " + Twine(*size) +
                              " bytes, the file has " + Twine(data.size()));

  Expected<HostTensor> result = HostTensor::allocate(*kind, header.shape);
  if (!result)
    return npyError(name, toString(result.takeError()));
  if (header.fortranOrder)
    transposeFromFortran(*result, data.data());
  else if (!data.empty())
    std::memcpy(result->getData(), data.data(), data.size());
  return result;
}

Expected<HostTensor> readNpy(StringRef path) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> file =
      MemoryBuffer::getFile(path, /*IsText=*/false,
                            /*RequiresNullTerminator=*/false);
  if (!file)
    return npyError(path, file.getError().message());
  Expected<HostTensor> tensor = parseNpy((*file)->getBuffer(), path);
  if (tensor)
    tensor->setOrigin(path);
  return tensor;
}

Error writeNpy(StringRef path, const HostTensor &tensor) {
  if (getSubByteWidth(tensor.getKind())) {
    Expected<HostTensor> wide = tensor.widen();
    return wide ? writeNpy(path, *wide) : wide.takeError();
  }
  StringRef type;
  for (const NpyDescr &entry : npyDescrs)
    if (entry.kind == tensor.getKind())
      type = entry.type;
  bool hasOrder = getElementSize(tensor.getKind()) > 1 &&
                  tensor.getKind() != ElementKind::BF16;
  std::string shape;
  for (int64_t size : tensor.getShape())
    shape += std::to_string(size) + (tensor.getRank() == 1 ? "," : ", ");
  if (tensor.getRank() > 1)
    shape.resize(shape.size() - 2);
  std::string header =
      ("{'descr': '" + Twine(hasOrder ? "<" : "|") + type +
       "', 'fortran_order': False, 'shape': (" + shape + "), }")
          .str();
  // The data begin at a multiple of 64 bytes, as NumPy's own files do.
  size_t prefix = npyMagic.size() + 4;
  header.resize(alignTo(prefix + header.size() + 1, 64) - prefix - 1, ' ');
  header += '\n';

  Expected<HostTensor> dense = HostTensor();
  bool copies = !tensor.isRowMajor();
  if (copies) {
    dense = tensor.copy();
    if (!dense)
      return npyError(path, toString(dense.takeError()));
  }
  const HostTensor &source = copies ? *dense : tensor;
  return writeFile(path, [&](raw_ostream &os) {
    char length[2];
    support::endian::write16le(length, header.size());
    os << npyMagic << StringRef("\1\0", 2) << StringRef(length, 2) << header;
    if (source.getByteSize() > 0)
      os.write(source.getDataAs<char>(), source.getByteSize());
  });
}

} // namespace quanta
