//===- KernelSweepTest.cpp - Kernels equal the scalar reference -----------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every kernel gives the bits of quanta/Numerics/Reference.h, and touches
// nothing outside of its tensors, on every instruction set that can be run
// here: natively for this machine's architecture, emulated for AArch64.
//
//===----------------------------------------------------------------------===//

#include "Sweep.h"

#include "gtest/gtest.h"

using namespace quanta;
using namespace quanta::test;

namespace {

struct Machine {
  const char *name;
  const char *triple;
  const char *cpu;
};

void PrintTo(const Machine &machine, std::ostream *os) { *os << machine.name; }

const Machine machines[] = {
#ifdef __x86_64__
    {"avx512_vnni", "", "cascadelake"},
    {"avx512", "", "skylake-avx512"},
    {"avx_vnni", "", "alderlake"},
    {"avx2", "", "haswell"},
    {"portable", "", "x86-64"},
#else
    {"native", "", "native"},
#endif
    {"neon_dotprod", "aarch64-linux-gnu", "cortex-a76"},
    {"neon_portable", "aarch64-linux-gnu", "cortex-a53"},
};

class KernelSweep : public ::testing::TestWithParam<Machine> {
protected:
  DotShape dot() { return getDotShape(GetParam().triple, GetParam().cpu); }
  void run(const Sweep &sweep) {
    runSweep(sweep, GetParam().triple, GetParam().cpu);
  }
};

TEST_P(KernelSweep, Layers) { run(makeLayerSweep(dot())); }
TEST_P(KernelSweep, Linalg) { run(makeLinalgSweep(dot())); }
TEST_P(KernelSweep, Convolutions) { run(makeConvSweep(dot())); }
TEST_P(KernelSweep, Narrow) { run(makeNarrowSweep(dot())); }
TEST_P(KernelSweep, NarrowConvolutions) { run(makeNarrowConvSweep(dot())); }
TEST_P(KernelSweep, Products) { run(makeProductSweep(dot())); }
TEST_P(KernelSweep, Stored) { run(makeStoredSweep(dot())); }
TEST_P(KernelSweep, Half) { run(makeHalfSweep(dot())); }
TEST_P(KernelSweep, Elementwise) { run(makeElementwiseSweep()); }
TEST_P(KernelSweep, Families) { run(makeFamilySweep()); }
TEST_P(KernelSweep, Named) { run(makeNamedSweep()); }
TEST_P(KernelSweep, Rows) { run(makeRowSweep()); }
TEST_P(KernelSweep, Dynamic) { run(makeDynamicSweep()); }
TEST_P(KernelSweep, FakeQuant) { run(makeFakeQuantSweep()); }

#ifdef __x86_64__
// Tables are permutations; the rest is that of avx512_vnni.
TEST(VbmiSweep, Families) { runSweep(makeFamilySweep(), "", "icelake-server"); }

// Vectors do the rest as they do for avx512_vnni. Matrices are the processor's
// own where it has them, and otherwise loops that take their place.
class AmxSweep : public ::testing::Test {
protected:
  DotShape dot() { return getDotShape("", "sapphirerapids"); }
  void run(const Sweep &sweep) {
    bool isNative = getDotShape("", "native").matrixRows > 0;
    runSweep(sweep, "", isNative ? "native" : "sapphirerapids");
  }
};

TEST_F(AmxSweep, Matrices) { run(makeMatrixSweep(dot())); }
TEST_F(AmxSweep, Convolutions) { run(makeMatrixConvSweep(dot())); }
TEST_F(AmxSweep, Products) { run(makeProductSweep(dot())); }
TEST_F(AmxSweep, Narrow) { run(makeNarrowSweep(dot())); }
#endif

INSTANTIATE_TEST_SUITE_P(Machines, KernelSweep, ::testing::ValuesIn(machines),
                         [](const auto &info) {
                           return std::string(info.param.name);
                         });

} // namespace
