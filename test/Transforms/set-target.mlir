// RUN: split-file %s %t
// RUN: quant-opt %t/model.mlir --quanta-set-target="triple=x86_64-linux-gnu cpu=znver4" | FileCheck %t/model.mlir --check-prefixes=CHECK,ZNVER4
// RUN: quant-opt %t/model.mlir --quanta-set-target="triple=x86_64-linux-gnu cpu=sapphirerapids" | FileCheck %t/model.mlir --check-prefix=SPR
// RUN: quant-opt %t/model.mlir --quanta-set-target="triple=x86_64-linux-gnu cpu=haswell" | FileCheck %t/model.mlir --check-prefixes=CHECK,HASWELL
// RUN: quant-opt %t/model.mlir --quanta-set-target="triple=x86_64-linux-gnu cpu=skylake-avx512" | FileCheck %t/model.mlir --check-prefix=SKX
// RUN: quant-opt %t/model.mlir --quanta-set-target="triple=x86_64-linux-gnu cpu=alderlake" | FileCheck %t/model.mlir --check-prefix=ADL
// RUN: quant-opt %t/model.mlir --quanta-set-target="triple=x86_64-linux-gnu cpu=" | FileCheck %t/model.mlir --check-prefix=BASELINE
// RUN: quant-opt %t/model.mlir --quanta-set-target="triple=aarch64-linux-gnu cpu=cortex-a76" | FileCheck %t/model.mlir --check-prefix=A76
// RUN: quant-opt %t/model.mlir --quanta-set-target="triple=aarch64-linux-gnu cpu=generic" | FileCheck %t/model.mlir --check-prefix=A64
// RUN: quant-opt %t/model.mlir --quanta-set-target | FileCheck %t/model.mlir --check-prefix=NATIVE

// RUN: not quant-opt %t/model.mlir --quanta-set-target="triple=x86_64-linux-gnu cpu=znver44" 2>&1 | FileCheck %s --check-prefix=TYPO
// RUN: not quant-opt %t/model.mlir --quanta-set-target="triple=x86_64-linux-gnu cpu=completely-unknown" 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not quant-opt %t/model.mlir --quanta-set-target="triple=aarch64-linux-gnu cpu=znver4" 2>&1 | FileCheck %s --check-prefix=FOREIGN
// RUN: not quant-opt %t/model.mlir --quanta-set-target="triple=pdp11-linux-gnu cpu=generic" 2>&1 | FileCheck %s --check-prefix=TRIPLE

// TYPO: error: unknown CPU 'znver44' for x86_64-unknown-linux-gnu; did you mean 'znver4'?
// TYPO-NOT: not a recognized processor
// UNKNOWN: error: unknown CPU 'completely-unknown' for x86_64-unknown-linux-gnu
// UNKNOWN-NOT: did you mean
// RUN: not quant-opt %s --quanta-set-target="triple=x86_64-linux-gnu cpu=foo" 2>&1 | FileCheck %s --check-prefix=SHORT
// SHORT: set-target.mlir:0:0: error: unknown CPU 'foo' for x86_64-unknown-linux-gnu{{$}}
// FOREIGN: error: unknown CPU 'znver4' for aarch64-unknown-linux-gnu
// TRIPLE: error: unknown target triple 'pdp11-linux-gnu'
// RUN: not quant-opt %t/model.mlir --quanta-set-target=triple=s390x-linux-gnu 2>&1 | FileCheck %s --check-prefix=MACHINE
// MACHINE: error: no code can be generated for 's390x-linux-gnu': it can for little-endian x86-64, AArch64 and 64-bit RISC-V
// RUN: not quant-opt %t/model.mlir --quanta-set-target="triple=riscv64-linux-gnu cpu=sifive-e20" 2>&1 | FileCheck %s --check-prefix=WIDTH
// WIDTH: error: CPU 'sifive-e20' has no 64-bit mode, which riscv64-unknown-linux-gnu needs
// RUN: not quant-opt %t/taken.mlir --quanta-set-target 2>&1 | FileCheck %s --check-prefix=TAKEN
// RUN: sed s/malloc/free/ %t/taken.mlir > %t/free.mlir
// RUN: not quant-opt %t/free.mlir --quanta-set-target 2>&1 | FileCheck %s --check-prefix=FREE
// FREE: free.mlir:1:1: error: 'free' is the name of a function that compiled code calls; give this one another
// TAKEN: taken.mlir:1:1: error: 'malloc' is the name of a function that compiled code calls; give this one another

// Kernels are for one machine.
// RUN: quant-opt %t/model.mlir --quanta-to-kernel="triple=x86_64-linux-gnu cpu=znver4" -o %t/kernel.mlir
// RUN: quant-opt %t/kernel.mlir --quanta-set-target="triple=x86_64-linux-gnu cpu=znver4" | cmp - %t/kernel.mlir
// RUN: not quant-opt %t/kernel.mlir --quanta-set-target="triple=x86_64-linux-gnu cpu=haswell" 2>&1 | FileCheck %s --check-prefix=KERNEL
// KERNEL: kernel.mlir:1:1: error: the module is at the kernel stage, compiled for CPU 'znver4' of x86_64-unknown-linux-gnu: it cannot be compiled for 'haswell' of x86_64-unknown-linux-gnu
// RUN: quant-opt %t/kernel.mlir --quanta-kernel-to-llvm -o %t/llvm.mlir
// RUN: not quant-opt %t/llvm.mlir --quanta-set-target="triple=aarch64-linux-gnu cpu=generic" 2>&1 | FileCheck %s --check-prefix=LLVM
// LLVM: llvm.mlir:1:1: error: the module is at the llvm stage, compiled for CPU 'znver4' of x86_64-unknown-linux-gnu: it cannot be compiled for 'generic' of aarch64-unknown-linux-gnu

//--- taken.mlir
func.func @malloc(%x: tensor<?xf32>) -> tensor<?xf32> {
  return %x : tensor<?xf32>
}

//--- model.mlir
// CHECK: module attributes {
// CHECK-SAME: llvm.data_layout = "e-m:e
// CHECK-SAME: llvm.target_triple = "x86_64-unknown-linux-gnu"
// ZNVER4-SAME: quanta.cpu = "znver4"
// ZNVER4-SAME: quanta.float_dot = #quanta.fma<lanes = 16, {{.*}} fused = true>
// ZNVER4-SAME: quanta.integer_dot = #quanta.avx512_vnni
// ZNVER4-SAME: quanta.isa = "avx512-vnni"
// SPR: quanta.integer_dot = #quanta.amx
// SPR-SAME: quanta.isa = "amx-int8"
// HASWELL-SAME: quanta.float_dot = #quanta.fma<lanes = 8, {{.*}} fused = true>
// HASWELL-SAME: quanta.integer_dot = #quanta.avx2
// HASWELL-SAME: quanta.isa = "avx2"
// SKX: quanta.float_dot = #quanta.fma<lanes = 16
// SKX-SAME: quanta.integer_dot = #quanta.avx512
// SKX-SAME: quanta.isa = "avx512"
// ADL: quanta.float_dot = #quanta.fma<lanes = 8
// ADL-SAME: quanta.integer_dot = #quanta.avx_vnni
// ADL-SAME: quanta.isa = "avx-vnni"
// BASELINE: quanta.cpu = "x86-64"
// BASELINE-SAME: fused = false
// BASELINE-SAME: quanta.isa = "portable"
// A76: llvm.target_triple = "aarch64-unknown-linux-gnu"
// A76-SAME: quanta.integer_dot = #quanta.neon_dot
// A76-SAME: quanta.isa = "neon-dotprod"
// A64: quanta.isa = "portable"
// NATIVE: quanta.cpu = "{{[a-z0-9_.-]+}}"
// NATIVE-SAME: quanta.features = "{{.+}}"

// CHECK: func.func @main({{.*}}) -> tensor<?xf32> attributes {llvm.emit_c_interface, quanta.signature = (tensor<?xf32>) -> tensor<?xf32>}
func.func @main(%x: tensor<?xf32>) -> tensor<?xf32> {
  return %x : tensor<?xf32>
}

// A signature that is there already stays: the storage was quantized before.
// CHECK: func.func @kept({{.*}}) attributes {llvm.emit_c_interface, quanta.signature = (tensor<4x!quant.uniform<u8:f32, 5.000000e-01>>) -> ()}
func.func @kept(%x: tensor<4xi8>) attributes {quanta.signature = (tensor<4x!quant.uniform<u8:f32, 0.5>>) -> ()} {
  return
}

// CHECK: func.func private @helper
// CHECK-NOT: quanta.signature
func.func private @helper(%x: tensor<?xf32>) -> tensor<?xf32> {
  return %x : tensor<?xf32>
}

func.func private @declared(tensor<?xf32>) -> tensor<?xf32>
