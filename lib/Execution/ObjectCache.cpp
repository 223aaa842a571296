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

Expected<ObjectBytes>
getCachedObject(const LoweredModule &lowered, unsigned optLevel,
                StringRef directory,
                function_ref<Expected<ObjectBytes>()> compile) {
  ObjectBytes found;
  Expected<FileCache> cache = localCache(
      "Quanta", "quanta", directory,
      [&](unsigned, const Twine &, std::unique_ptr<MemoryBuffer> buffer) {
        found.append(buffer->getBufferStart(), buffer->getBufferEnd());
      });
  if (!cache) {
    consumeError(cache.takeError());
    return compile();
  }
  Expected<AddStreamFn> add = (*cache)(0, getKey(lowered, optLevel), "");
  if (!add) {
    consumeError(add.takeError());
    return compile();
  }
  if (!*add)
    return found;
  Expected<ObjectBytes> object = compile();
  if (!object)
    return object;
  Expected<std::unique_ptr<CachedFileStream>> stream = (*add)(0, "");
  if (!stream) {
    consumeError(stream.takeError());
    return object;
  }
  (*stream)->OS->write(object->data(), object->size());
  consumeError((*stream)->commit());
  // The least recently used files go, a week old or beyond 75 % of free space.
  pruneCache(directory, CachePruningPolicy());
  return object;
}

} // namespace quanta
