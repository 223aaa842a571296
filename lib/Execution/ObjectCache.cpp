//===- ObjectCache.cpp - Object files kept between compilations -----------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ObjectCache.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/BLAKE3.h"
#include "llvm/Support/CachePruning.h"
#include "llvm/Support/Caching.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace quanta {

/// All that code generation reads: the module, the machine, how much to
/// optimize, and which compiler does it.
static std::string getKey(const LoweredModule &lowered, unsigned optLevel) {
  SmallVector<char, 0> bytes;
  raw_svector_ostream os(bytes);
  WriteBitcodeToFile(*lowered.module, os);
  const TargetMachine &machine = *lowered.machine;
  os << LLVM_VERSION_STRING << '\0' << optLevel << '\0'
     << machine.getTargetTriple().str() << '\0' << machine.getTargetCPU()
     << '\0' << machine.getTargetFeatureString();
  BLAKE3Result<16> hash = BLAKE3::hash<16>(
      ArrayRef(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()));
  return toHex(hash, /*LowerCase=*/true);
}

/// What stands behind an object in its file: a file may be cut off, or be
/// changed by others.
static BLAKE3Result<16> getChecksum(StringRef bytes) {
  return BLAKE3::hash<16>(
      ArrayRef(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()));
}

/// The object of a file's contents, if they are whole.
static std::optional<ObjectBytes> readObject(StringRef bytes) {
  if (bytes.size() < sizeof(BLAKE3Result<16>))
    return std::nullopt;
  StringRef object = bytes.drop_back(sizeof(BLAKE3Result<16>));
  BLAKE3Result<16> checksum = getChecksum(object);
  if (!bytes.ends_with(StringRef(
          reinterpret_cast<const char *>(checksum.data()), checksum.size())))
    return std::nullopt;
  return ObjectBytes(object.begin(), object.end());
}

Expected<ObjectBytes>
getCachedObject(const LoweredModule &lowered, unsigned optLevel,
                StringRef directory,
                function_ref<Expected<ObjectBytes>()> compile) {
  std::optional<ObjectBytes> found;
  Expected<FileCache> cache = localCache(
      "Quanta", "quanta", directory,
      [&](unsigned, const Twine &, std::unique_ptr<MemoryBuffer> buffer) {
        found = readObject(buffer->getBuffer());
      });
  if (!cache) {
    consumeError(cache.takeError());
    return compile();
  }
  std::string key = getKey(lowered, optLevel);
  Expected<AddStreamFn> add = (*cache)(0, key, "");
  if (add && !*add && !found) {
    // The file is damaged: without it, there is one to write.
    SmallString<128> path(directory);
    sys::path::append(path, "llvmcache-" + key);
    sys::fs::remove(path);
    add = (*cache)(0, key, "");
  }
  if (!add) {
    consumeError(add.takeError());
    return compile();
  }
  if (!*add)
    return found ? Expected<ObjectBytes>(std::move(*found)) : compile();
  Expected<ObjectBytes> object = compile();
  if (!object)
    return object;
  Expected<std::unique_ptr<CachedFileStream>> stream = (*add)(0, "");
  if (!stream) {
    consumeError(stream.takeError());
    return object;
  }
  BLAKE3Result<16> checksum =
      getChecksum(StringRef(object->data(), object->size()));
  (*stream)->OS->write(object->data(), object->size());
  (*stream)->OS->write(reinterpret_cast<const char *>(checksum.data()),
                       checksum.size());
  consumeError((*stream)->commit());
  // The least recently used files go, a week old or beyond 75 % of free space.
  pruneCache(directory, CachePruningPolicy());
  return object;
}

} // namespace quanta
