//===- Limits.cpp - What the machine can do at most -----------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Subject.h"

#include "quanta/Targets/Target.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

using namespace quanta::bench;

using Clock = std::chrono::steady_clock;

/// Highest rate of several runs of `work`, which does `amount` units: a limit
/// is what the machine can do when nothing disturbs it.
template <typename Work> static double highestRate(double amount, Work work) {
  double best = 0;
  for (int i = 0; i < 8; ++i) {
    Clock::time_point start = Clock::now();
    work();
    double seconds =
        std::chrono::duration<double>(Clock::now() - start).count();
    best = std::max(best, amount / seconds * 1e-9);
  }
  return best;
}

#if defined(__x86_64__)

// Enough independent sums to cover the latency of two instructions a cycle.
constexpr int numSums = 12;
constexpr int numSteps = 100000;

__attribute__((target("avx512f,avx512vnni"))) static void dots() {
  __m512i sums[numSums] = {};
  __m512i a = _mm512_set1_epi8(1), b = _mm512_set1_epi8(2);
  for (int step = 0; step < numSteps; ++step) {
#pragma clang loop unroll(full)
    for (int i = 0; i < numSums; ++i) {
      sums[i] = _mm512_dpbusd_epi32(sums[i], a, b);
      asm volatile("" : "+v"(sums[i]));
    }
  }
}

constexpr int numTileSteps = 5000;

/// Two by two products of full registers, as kernels do them.
__attribute__((target("amx-tile,amx-int8"))) static void multiplyTiles() {
  // Palette 1: eight registers of 16 rows of 64 bytes. Intel's Software
  // Developer's Manual, LDTILECFG.
  struct {
    uint8_t palette = 1, start = 0, reserved[14] = {};
    uint16_t bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
    uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
  } shapes;
  _tile_loadconfig(&shapes);
  _tile_zero(4);
  _tile_zero(5);
  _tile_zero(6);
  _tile_zero(7);
  for (int step = 0; step < numTileSteps; ++step) {
    _tile_dpbusd(0, 4, 6);
    _tile_dpbusd(1, 4, 7);
    _tile_dpbusd(2, 5, 6);
    _tile_dpbusd(3, 5, 7);
  }
  _tile_release();
}

__attribute__((target("avx512f"))) static void wideFmas() {
  __m512 sums[numSums] = {};
  __m512 a = _mm512_set1_ps(1), b = _mm512_set1_ps(1e-6f);
  for (int step = 0; step < numSteps; ++step) {
#pragma clang loop unroll(full)
    for (int i = 0; i < numSums; ++i) {
      sums[i] = _mm512_fmadd_ps(a, b, sums[i]);
      asm volatile("" : "+v"(sums[i]));
    }
  }
}

__attribute__((target("avx2,fma"))) static void fmas() {
  __m256 sums[numSums] = {};
  __m256 a = _mm256_set1_ps(1), b = _mm256_set1_ps(1e-6f);
  for (int step = 0; step < numSteps; ++step) {
#pragma clang loop unroll(full)
    for (int i = 0; i < numSums; ++i) {
      sums[i] = _mm256_fmadd_ps(a, b, sums[i]);
      asm volatile("" : "+v"(sums[i]));
    }
  }
}

__attribute__((target("avx512f"))) static void readWide(const char *data,
                                                        size_t bytes) {
  __m512i sums[4] = {};
  for (size_t i = 0; i < bytes; i += 256)
#pragma clang loop unroll(full)
    for (int k = 0; k < 4; ++k)
      sums[k] = _mm512_or_si512(sums[k], _mm512_load_si512(data + i + 64 * k));
  for (__m512i &sum : sums)
    asm volatile("" : "+v"(sum));
}

double quanta::bench::measureDotPeak() {
  if (__builtin_cpu_supports("amx-int8") && quanta::requestMatrixRegisters())
    return highestRate(4.0 * 2 * 16 * 16 * 64 * numTileSteps, multiplyTiles);
  if (!__builtin_cpu_supports("avx512vnni"))
    return 0;
  return highestRate(128.0 * numSums * numSteps, dots);
}

double quanta::bench::measureFmaPeak() {
  if (__builtin_cpu_supports("avx512f"))
    return highestRate(32.0 * numSums * numSteps, wideFmas);
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return highestRate(16.0 * numSums * numSteps, fmas);
  return 0;
}

#else

double quanta::bench::measureDotPeak() { return 0; }
double quanta::bench::measureFmaPeak() { return 0; }

#endif

static void readPlain(const char *data, size_t bytes) {
  uint64_t sums[8] = {};
  for (size_t i = 0; i < bytes; i += 64)
    for (int k = 0; k < 8; ++k) {
      uint64_t value;
      std::memcpy(&value, data + i + 8 * k, 8);
      sums[k] |= value;
    }
  for (uint64_t &sum : sums)
    asm volatile("" : "+r"(sum));
}

double quanta::bench::measureReadBandwidth(size_t bytes) {
  bytes = std::max<size_t>((bytes + 255) / 256 * 256, 256);
  Buffer buffer(bytes);
  auto *data = static_cast<const char *>(buffer.get());
  // About 2 ms or one pass.
  size_t passes = std::max<size_t>(1, (size_t{64} << 20) / bytes);
  auto *read = readPlain;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f"))
    read = readWide;
#endif
  return highestRate(static_cast<double>(bytes) * passes, [&] {
    for (size_t i = 0; i < passes; ++i)
      read(data, bytes);
  });
}
