//===- GuardedMemory.cpp - Memory with forbidden pages around it ----------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GuardedMemory.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "gtest/gtest.h"

#include <algorithm>
#include <cstring>
#include <map>

#include <sys/mman.h>
#include <unistd.h>

using namespace mlir;

namespace quanta::test {

static size_t getPageSize() {
  static const size_t size = sysconf(_SC_PAGESIZE);
  return size;
}

static size_t roundUp(size_t size, size_t unit) {
  return (size + unit - 1) / unit * unit;
}

/// `bytes` of accessible pages between two that are not.
static char *mapPages(size_t bytes) {
  size_t page = getPageSize();
  void *base = mmap(nullptr, bytes + 2 * page, PROT_NONE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED)
    return nullptr;
  char *pages = static_cast<char *>(base) + page;
  mprotect(pages, bytes, PROT_READ | PROT_WRITE);
  return pages;
}

static void unmapPages(char *pages, size_t bytes) {
  munmap(pages - getPageSize(), bytes + 2 * getPageSize());
}

GuardedMemory::GuardedMemory(size_t capacity)
    : bytes(roundUp(std::max<size_t>(capacity, 1), getPageSize())) {
  pages = mapPages(bytes);
}

GuardedMemory::~GuardedMemory() { unmapPages(pages, bytes); }

const void *GuardedMemory::place(const void *data, size_t size, bool atEnd) {
  mprotect(pages, bytes, PROT_READ | PROT_WRITE);
  char *to = atEnd ? pages + bytes - size : pages;
  if (size > 0)
    std::memcpy(to, data, size);
  mprotect(pages, bytes, PROT_READ);
  return to;
}

namespace {
struct Block {
  char *pages;
  size_t bytes;
  size_t size;
};
} // namespace

static std::map<void *, Block> &getBlocks() {
  static std::map<void *, Block> blocks;
  return blocks;
}

void *guardedAllocate(size_t size) {
  constexpr size_t alignment = 64;
  size_t bytes = roundUp(std::max<size_t>(size, 1) + alignment, getPageSize());
  char *pages = mapPages(bytes);
  if (!pages)
    return nullptr;
  std::memset(pages, guardByte, bytes);
  char *block = pages + bytes - roundUp(size, alignment);
  getBlocks()[block] = {pages, bytes, size};
  return block;
}

bool isIntactAround(void *block, const void *data, size_t size) {
  const Block &found = getBlocks().at(block);
  const char *begin = static_cast<const char *>(data), *end = begin + size;
  auto isGuard = [](char byte) {
    return static_cast<unsigned char>(byte) == guardByte;
  };
  return begin >= found.pages && end <= found.pages + found.bytes &&
         std::all_of(static_cast<const char *>(found.pages), begin, isGuard) &&
         std::all_of(end, static_cast<const char *>(found.pages + found.bytes),
                     isGuard);
}

void guardedFree(void *block) {
  if (!block)
    return;
  auto it = getBlocks().find(block);
  if (it == getBlocks().end()) {
    ADD_FAILURE() << "compiled code frees what it did not allocate";
    return;
  }
  EXPECT_TRUE(isIntactAround(block, block, it->second.size))
      << "compiled code wrote outside of an allocation";
  unmapPages(it->second.pages, it->second.bytes);
  getBlocks().erase(it);
}

extern "C" void *quantaTestAllocate(size_t size) {
  return guardedAllocate(size);
}
extern "C" void quantaTestFree(void *block) { guardedFree(block); }

void useGuardedAllocation(ModuleOp module) {
  // By other names: the linker would find the C library's.
  auto rename = [&](StringRef from, StringRef to) {
    auto func = module.lookupSymbol<LLVM::LLVMFuncOp>(from);
    if (!func || !func.isExternal())
      return;
    auto name = StringAttr::get(func.getContext(), to);
    EXPECT_TRUE(succeeded(
        SymbolTable::replaceAllSymbolUses(func.getOperation(), name, module)));
    func.setSymNameAttr(name);
  };
  rename("malloc", "quantaTestAllocate");
  rename("free", "quantaTestFree");
}

} // namespace quanta::test
