// A program with kernels keeps the target that they were generated for: options
// that would change it are errors, and so is a machine that it cannot run on.
//
// RUN: rm -rf %t && mkdir %t
// RUN: %python %S/../../Inputs/npy.py %t/x.npy "numpy.ones((2, 4), 'f4')"
// RUN: quant-opt %s --quanta-to-kernel -o %t/kernel.mlir
// RUN: quant-opt %t/kernel.mlir --quanta-kernel-to-llvm -o %t/llvm.mlir
// RUN: quant-opt %s --quanta-to-kernel="triple=x86_64-linux-gnu cpu=x86-64" -o %t/least.mlir
// RUN: quant-opt %s --quanta-to-kernel="triple=aarch64-linux-gnu cpu=cortex-a76" -o %t/arm.mlir

// RUN: quant-run %t/kernel.mlir --input=%t/x.npy --output=%t/y.npy
// RUN: quant-run %t/llvm.mlir --input=%t/x.npy --output=%t/z.npy
// RUN: cmp %t/y.npy %t/z.npy

// RUN: not quant-run %t/kernel.mlir --input=%t/x.npy --cpu=nonsense 2>&1 | FileCheck %s --check-prefix=CPU
// RUN: not quant-run %t/llvm.mlir --input=%t/x.npy --cpu=nonsense 2>&1 | FileCheck %s --check-prefix=CPU
// CPU: error: unknown CPU 'nonsense'
// RUN: not quant-run %t/kernel.mlir --input=%t/x.npy --cpu=penryn 2>&1 | FileCheck %s --check-prefix=OTHER -DSTAGE=kernel
// RUN: not quant-run %t/llvm.mlir --input=%t/x.npy --cpu=penryn 2>&1 | FileCheck %s --check-prefix=OTHER -DSTAGE=llvm
// OTHER: error: the module is at the [[STAGE]] stage, compiled for CPU '{{.*}}' of {{.*}}: it cannot be compiled for 'penryn' of
// RUN: not quant-run %t/kernel.mlir --input=%t/x.npy --threads=2 2>&1 | FileCheck %s --check-prefix=THREADS -DSTAGE=kernel
// RUN: not quant-run %t/llvm.mlir --input=%t/x.npy --threads=2 2>&1 | FileCheck %s --check-prefix=THREADS -DSTAGE=llvm
// THREADS: error: the program is at the [[STAGE]] stage, where work is shared among threads already: a number of threads would change nothing

// RUN: not quant-run %t/arm.mlir --input=%t/x.npy 2>&1 | FileCheck %s --check-prefix=HOST
// HOST: error: the code is compiled for aarch64-unknown-linux-gnu and this machine is
// RUN: quant-run %t/arm.mlir --emit=asm -o - | FileCheck %s --check-prefix=ARM
// ARM: fmla
// RUN: quant-run %t/arm.mlir --emit=asm --target=aarch64-linux-gnu,cortex-a76 -o - | FileCheck %s --check-prefix=ARM
// RUN: not quant-run %t/arm.mlir --emit=asm --target=aarch64-linux-gnu,cortex-a55 -o - 2>&1 | FileCheck %s --check-prefix=ARM-OTHER
// ARM-OTHER: error: the module is at the kernel stage, compiled for CPU 'cortex-a76' of aarch64-unknown-linux-gnu: it cannot be compiled for 'cortex-a55'
// RUN: quant-run %t/least.mlir --emit=obj --target=x86_64-linux-gnu,x86-64 -o %t/least.o
// RUN: not quant-run %t/least.mlir --emit=obj --target=x86_64-linux-gnu,x86-64,haswell -o %t/least.o 2>&1 | FileCheck %s --check-prefix=SEVERAL
// SEVERAL: error: the program is at the kernel stage, compiled for one CPU already: it cannot be compiled for several

func.func @main(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %w = arith.constant dense<[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0], [1.0, 3.0, 5.0, 7.0], [2.0, 4.0, 6.0, 8.0]]> : tensor<4x4xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x4xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<2x4xf32>) -> tensor<2x4xf32>
  %0 = linalg.matmul ins(%x, %w : tensor<2x4xf32>, tensor<4x4xf32>) outs(%init : tensor<2x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}
