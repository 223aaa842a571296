/* Calls the functions of an object file between forbidden pages.

   Reads cases from the standard input, as 64-bit words: the function's index,
   the rank and element size of its result, the number of arguments; for each
   argument its rank, element size, sizes, and bytes, padded to whole words.
   Makes each call twice, with all tensors at the end of accessible memory, then
   at its start, and writes the result's sizes and padded bytes. */
#include "functions.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { maxRank = 4, maxArguments = 6, capacity = 1 << 20, guardByte = 0xa5 };

typedef struct {
  char *allocated, *aligned;
  int64_t offset, sizesAndStrides[2 * maxRank];
} Tensor;

static void fail(const char *message, int64_t function) {
  fprintf(stderr, "%s in function %d\n", message, (int)function);
  exit(1);
}

static char *mapPages(size_t bytes) {
  size_t page = sysconf(_SC_PAGESIZE);
  char *base =
      mmap(0, bytes + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED)
    fail("out of memory", 0);
  mprotect(base + page, bytes, PROT_READ | PROT_WRITE);
  return base + page;
}

/* What the object file calls for malloc and free, and the C library, too: the
   linker wraps them. Blocks stay until the call has been checked. */
void *__real_malloc(size_t size);
void __real_free(void *pointer);
static int isCalling;
static struct Block {
  char *pages, *block;
  size_t bytes;
} blocks[64];
static int blockCount;

void *__wrap_malloc(size_t size) {
  if (!isCalling)
    return __real_malloc(size);
  size_t page = sysconf(_SC_PAGESIZE);
  struct Block *block = &blocks[blockCount++];
  if (blockCount > 64)
    fail("too many allocations", 0);
  block->bytes = (size + 64 + page) / page * page;
  block->pages = mapPages(block->bytes);
  memset(block->pages, guardByte, block->bytes);
  block->block = block->pages + block->bytes - (size + 63) / 64 * 64;
  return block->block;
}

void __wrap_free(void *pointer) {
  if (!isCalling)
    __real_free(pointer);
}

/* Whether nothing was written around the result; unmaps all blocks. */
static int releaseBlocks(const char *data, size_t size) {
  int intact = 1;
  size_t page = sysconf(_SC_PAGESIZE);
  while (blockCount > 0) {
    struct Block *block = &blocks[--blockCount];
    const char *end = block->pages + block->bytes;
    if (data >= block->pages && data <= end)
      for (const char *at = block->pages; at < end; ++at)
        if ((at < data || at >= data + size) &&
            *(const unsigned char *)at != guardByte)
          intact = 0;
    munmap(block->pages - page, block->bytes + 2 * page);
  }
  return intact;
}

static int64_t readWord(void) {
  int64_t word;
  if (fread(&word, sizeof(word), 1, stdin) != 1)
    exit(0);
  return word;
}

static void call(Function *f, Tensor *r, Tensor *a, int count) {
  switch (count) {
  case 1:
    ((void (*)(Tensor *, Tensor *))f)(r, a);
    break;
  case 2:
    ((void (*)(Tensor *, Tensor *, Tensor *))f)(r, a, a + 1);
    break;
  case 3:
    ((void (*)(Tensor *, Tensor *, Tensor *, Tensor *))f)(r, a, a + 1, a + 2);
    break;
  case 4:
    ((void (*)(Tensor *, Tensor *, Tensor *, Tensor *, Tensor *))f)(
        r, a, a + 1, a + 2, a + 3);
    break;
  case 6:
    ((void (*)(Tensor *, Tensor *, Tensor *, Tensor *, Tensor *, Tensor *,
               Tensor *))f)(r, a, a + 1, a + 2, a + 3, a + 4, a + 5);
    break;
  default:
    fail("unexpected number of arguments", count);
  }
}

int main(void) {
  static char data[maxArguments][capacity], *memory[maxArguments];
  for (int i = 0; i < maxArguments; ++i)
    memory[i] = mapPages(capacity);
  for (;;) {
    int64_t function = readWord(), rank = readWord(), elementSize = readWord();
    int64_t count = readWord(), bytes[maxArguments];
    Tensor arguments[maxArguments];
    for (int i = 0; i < count; ++i) {
      int64_t argumentRank = readWord(), *words = arguments[i].sizesAndStrides;
      bytes[i] = readWord();
      for (int d = 0; d < argumentRank; ++d)
        words[d] = readWord();
      for (int d = argumentRank, stride = 1; d-- > 0; stride *= words[d])
        words[argumentRank + d] = stride;
      for (int d = 0; d < argumentRank; ++d)
        bytes[i] *= words[d];
      size_t padded = (bytes[i] + 7) / 8 * 8;
      if (fread(data[i], 1, padded, stdin) != padded)
        fail("truncated input", function);
    }
    for (int atStart = 0; atStart < 2; ++atStart) {
      for (int i = 0; i < count; ++i) {
        mprotect(memory[i], capacity, PROT_READ | PROT_WRITE);
        char *to = memory[i] + (atStart ? 0 : capacity - bytes[i]);
        memcpy(to, data[i], bytes[i]);
        mprotect(memory[i], capacity, PROT_READ);
        arguments[i].allocated = arguments[i].aligned = to;
        arguments[i].offset = 0;
      }
      Tensor result;
      isCalling = 1;
      call(functions[function], &result, arguments, count);
      isCalling = 0;
      int64_t size = elementSize, zero = 0;
      for (int d = 0; d < rank; ++d)
        size *= result.sizesAndStrides[d];
      const char *values = result.aligned + result.offset * elementSize;
      fwrite(result.sizesAndStrides, sizeof(int64_t), rank, stdout);
      fwrite(values, 1, size, stdout);
      fwrite(&zero, 1, (8 - size % 8) % 8, stdout);
      if (!releaseBlocks(values, size))
        fail("memory outside of the result was written", function);
    }
  }
}
