//===- Npz.cpp - NumPy's .npz archives ------------------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Execution/Npy.h"

#include "llvm/Support/CRC.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MemoryBuffer.h"

#ifdef QUANTA_HAVE_ZLIB
#include <zlib.h>
#endif

using namespace llvm;
using namespace llvm::support;

namespace quanta {

namespace {
/// An entry of the archive's central directory.
struct ZipEntry {
  StringRef name;
  unsigned method = 0;
  uint32_t crc = 0;
  uint64_t compressedSize = 0;
  uint64_t size = 0;
  uint64_t headerOffset = 0;

  /// What the array is called.
  StringRef key() const {
    StringRef key = name;
    key.consume_back(".npy");
    return key;
  }
};

/// Reads little-endian fields; reading past the end gives zeros and is
/// remembered.
class Cursor {
public:
  explicit Cursor(StringRef bytes) : bytes(bytes) {}
  StringRef take(uint64_t count) {
    if (count > bytes.size()) {
      ok = false;
      bytes = "";
      return "";
    }
    StringRef result = bytes.take_front(count);
    bytes = bytes.drop_front(count);
    return result;
  }
  uint16_t u16() {
    StringRef field = take(2);
    return ok ? endian::read16le(field.data()) : 0;
  }
  uint32_t u32() {
    StringRef field = take(4);
    return ok ? endian::read32le(field.data()) : 0;
  }
  uint64_t u64() {
    StringRef field = take(8);
    return ok ? endian::read64le(field.data()) : 0;
  }
  bool atEnd() const { return bytes.empty(); }
  bool ok = true;

private:
  StringRef bytes;
};
} // namespace

static constexpr StringLiteral localSignature("PK\3\4");
static constexpr StringLiteral directorySignature("PK\1\2");
static constexpr StringLiteral endSignature("PK\5\6");
static constexpr StringLiteral end64LocatorSignature("PK\6\7");
static constexpr StringLiteral end64Signature("PK\6\6");

static Error npzError(StringRef name, const Twine &message) {
  return createStringError(name + ": " + message);
}

/// Replaces the sizes that did not fit 32 bits by those of the ZIP64 field.
static void readZip64Field(StringRef extra, ZipEntry &entry) {
  Cursor fields(extra);
  while (fields.ok && !fields.atEnd()) {
    unsigned id = fields.u16();
    Cursor field(fields.take(fields.u16()));
    if (id != 1)
      continue;
    for (uint64_t *value :
         {&entry.size, &entry.compressedSize, &entry.headerOffset})
      if (*value == UINT32_MAX)
        *value = field.u64();
  }
}

static Expected<std::vector<ZipEntry>> readDirectory(StringRef bytes,
                                                     StringRef name) {
  size_t end = bytes.rfind(endSignature);
  if (end == StringRef::npos)
    return npzError(name, bytes.starts_with("PK")
                              ? "truncated .npz file (no end of archive)"
                              : "not an .npz file");
  Cursor record(bytes.drop_front(end + 8));
  record.u16();
  uint64_t count = record.u16();
  uint64_t directorySize = record.u32();
  uint64_t directoryOffset = record.u32();
  record.take(record.u16());
  if (!record.ok)
    return npzError(name, "truncated .npz file (end of archive)");
  if (end >= 20 && bytes.substr(end - 20).starts_with(end64LocatorSignature)) {
    Cursor locator(bytes.substr(end - 12));
    uint64_t position = locator.u64();
    if (position <= bytes.size() &&
        bytes.substr(position).starts_with(end64Signature)) {
      Cursor record64(bytes.substr(position).drop_front(4));
      record64.take(28);
      count = record64.u64();
      directorySize = record64.u64();
      directoryOffset = record64.u64();
    }
  }
  if (directoryOffset > bytes.size() ||
      directorySize > bytes.size() - directoryOffset)
    return npzError(name, "corrupt .npz file (directory out of bounds)");

  std::vector<ZipEntry> entries;
  Cursor directory(bytes.substr(directoryOffset, directorySize));
  for (uint64_t i = 0; i < count; ++i) {
    ZipEntry entry;
    bool signatureOk = directory.take(4) == directorySignature;
    directory.take(4);
    unsigned flags = directory.u16();
    entry.method = directory.u16();
    directory.take(4);
    entry.crc = directory.u32();
    entry.compressedSize = directory.u32();
    entry.size = directory.u32();
    unsigned nameSize = directory.u16();
    unsigned extraSize = directory.u16();
    unsigned commentSize = directory.u16();
    directory.take(8);
    entry.headerOffset = directory.u32();
    entry.name = directory.take(nameSize);
    readZip64Field(directory.take(extraSize), entry);
    directory.take(commentSize);
    if (!directory.ok || !signatureOk)
      return npzError(name,
                      "corrupt .npz file (directory entry " + Twine(i) + ")");
    if (flags & 1)
      return npzError(name, "the archive is encrypted");
    entries.push_back(entry);
  }
  return entries;
}

static Expected<std::unique_ptr<MemoryBuffer>>
inflateEntry(const ZipEntry &entry, StringRef compressed, StringRef name) {
  // No deflate stream expands more than this: a larger claim is a corrupt file
  // and not a reason to allocate.
  if (entry.size / 1032 > compressed.size())
    return npzError(name, "corrupt .npz file (impossible size)");
#ifdef QUANTA_HAVE_ZLIB
  std::unique_ptr<WritableMemoryBuffer> buffer =
      WritableMemoryBuffer::getNewUninitMemBuffer(entry.size);
  if (!buffer)
    return npzError(name, "not enough memory for the array");
  z_stream stream = {};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    return npzError(name, "not enough memory to decompress the array");
  // zlib counts in 32 bits: feed it piece by piece.
  constexpr uint64_t maxPiece = 1u << 30;
  uint64_t in = 0, out = 0;
  int status = Z_OK;
  while (status == Z_OK) {
    uInt inPiece = std::min(compressed.size() - in, maxPiece);
    uInt outPiece = std::min(entry.size - out, maxPiece);
    stream.next_in =
        reinterpret_cast<Bytef *>(const_cast<char *>(compressed.data() + in));
    stream.avail_in = inPiece;
    stream.next_out = reinterpret_cast<Bytef *>(buffer->getBufferStart() + out);
    stream.avail_out = outPiece;
    status = inflate(&stream, Z_NO_FLUSH);
    in += inPiece - stream.avail_in;
    out += outPiece - stream.avail_out;
  }
  inflateEnd(&stream);
  if (status != Z_STREAM_END || out != entry.size)
    return npzError(name, "corrupt .npz file (compressed data)");
  return std::unique_ptr<MemoryBuffer>(std::move(buffer));
#else
  return npzError(name, "the array is compressed, and this build of Quanta has "
                        "no zlib");
#endif
}

static Expected<NamedTensor> readEntry(const ZipEntry &entry, StringRef bytes,
                                       StringRef name) {
  StringRef key = entry.key();
  std::string where = (name + ":" + key).str();
  if (entry.headerOffset > bytes.size())
    return npzError(where, "corrupt .npz file (array out of bounds)");
  Cursor local(bytes.substr(entry.headerOffset));
  bool signatureOk = local.take(4) == localSignature;
  local.take(22);
  unsigned nameSize = local.u16();
  unsigned extraSize = local.u16();
  local.take(nameSize);
  local.take(extraSize);
  StringRef data = local.take(entry.compressedSize);
  if (!local.ok || !signatureOk)
    return npzError(where, "corrupt .npz file (array out of bounds)");

  std::unique_ptr<MemoryBuffer> inflated;
  if (entry.method == 8) {
    Expected<std::unique_ptr<MemoryBuffer>> buffer =
        inflateEntry(entry, data, where);
    if (!buffer)
      return buffer.takeError();
    inflated = std::move(*buffer);
    data = inflated->getBuffer();
  } else if (entry.method != 0) {
    return npzError(where, "unknown compression method " + Twine(entry.method));
  }
  if (llvm::crc32(ArrayRef(data.bytes_begin(), data.size())) != entry.crc)
    return npzError(where, "corrupt .npz file (checksum)");
  Expected<HostTensor> tensor = parseNpy(data, where);
  if (!tensor)
    return tensor.takeError();
  tensor->setOrigin(where);
  return NamedTensor{key.str(), std::move(*tensor)};
}

static Expected<std::unique_ptr<MemoryBuffer>> openNpz(StringRef path) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> file =
      MemoryBuffer::getFile(path, /*IsText=*/false,
                            /*RequiresNullTerminator=*/false);
  if (!file)
    return npzError(path, file.getError().message());
  return std::move(*file);
}

Expected<std::vector<NamedTensor>> parseNpz(StringRef bytes, StringRef name,
                                            StringRef only) {
  Expected<std::vector<ZipEntry>> entries = readDirectory(bytes, name);
  if (!entries)
    return entries.takeError();
  std::vector<NamedTensor> tensors;
  for (const ZipEntry &entry : *entries) {
    if (!only.empty() && entry.key() != only)
      continue;
    Expected<NamedTensor> tensor = readEntry(entry, bytes, name);
    if (!tensor)
      return tensor.takeError();
    tensors.push_back(std::move(*tensor));
  }
  return tensors;
}

Expected<std::vector<NamedTensor>> readNpz(StringRef path, StringRef key) {
  Expected<std::unique_ptr<MemoryBuffer>> file = openNpz(path);
  if (!file)
    return file.takeError();
  return parseNpz((*file)->getBuffer(), path, key);
}

Error forEachArray(StringRef path, function_ref<Error(NamedTensor)> use) {
  Expected<std::unique_ptr<MemoryBuffer>> file = openNpz(path);
  if (!file)
    return file.takeError();
  StringRef bytes = (*file)->getBuffer();
  Expected<std::vector<ZipEntry>> entries = readDirectory(bytes, path);
  if (!entries)
    return entries.takeError();
  for (ZipEntry &entry : *entries) {
    // Of the whole file's pages those that were read would stay: each array is
    // read from a part of its own.
    uint64_t size = bytes.size() - std::min(entry.headerOffset, bytes.size());
    uint64_t header = 1 << 18;
    if (size > header && entry.compressedSize < size - header)
      size = header + entry.compressedSize;
    ErrorOr<std::unique_ptr<MemoryBuffer>> part =
        MemoryBuffer::getFileSlice(path, size, entry.headerOffset);
    if (!part)
      return npzError(path, part.getError().message());
    entry.headerOffset = 0;
    Expected<NamedTensor> tensor = readEntry(entry, (*part)->getBuffer(), path);
    if (!tensor)
      return tensor.takeError();
    part->reset();
    if (Error error = use(std::move(*tensor)))
      return error;
  }
  return Error::success();
}

} // namespace quanta
