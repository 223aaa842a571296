// RUN: split-file %s %t
// RUN: quant-opt %t/model.mlir --quanta-to-llvm="triple=x86_64-linux-gnu cpu=znver4" | FileCheck %t/model.mlir
// RUN: quant-opt %t/model.mlir --quanta-to-llvm="triple=x86_64-linux-gnu cpu=znver4" | mlir-translate --mlir-to-llvmir \
// RUN:   | llc -filetype=obj -o /dev/null
// RUN: quant-opt %t/model.mlir --quanta-to-llvm="triple=aarch64-linux-gnu cpu=cortex-a76" | mlir-translate --mlir-to-llvmir \
// RUN:   | llc -filetype=asm -o - | FileCheck %t/model.mlir --check-prefix=ARM
// RUN: not quant-opt %t/simulated.mlir --quanta-to-llvm 2>&1 | FileCheck %t/simulated.mlir
// RUN: not quant-opt %t/model.mlir --quanta-to-llvm=cpu=imaginary 2>&1 | FileCheck %s --check-prefix=CPU

// CPU: error: unknown CPU 'imaginary'

//--- model.mlir
// CHECK: module attributes {
// CHECK-SAME: llvm.data_layout
// CHECK-SAME: llvm.target_triple = "x86_64-unknown-linux-gnu"
// CHECK-SAME: quanta.isa = "avx512-vnni"
// CHECK-LABEL: llvm.func @main(
// CHECK-SAME: quanta.signature = (tensor<?x2xf32>) -> tensor<?x3xf32>
// CHECK-SAME: target_cpu = "znver4"
// CHECK-LABEL: llvm.func @_mlir_ciface_main(
// A private function has no C interface.
// CHECK-LABEL: llvm.func @helper(
// CHECK: llvm.intr.fma(
// CHECK-NOT: @_mlir_ciface_helper

// ARM-LABEL: main:
// ARM: fmla
func.func @main(%x: tensor<?x2xf32>) -> tensor<?x3xf32> {
  %0 = call @helper(%x) : (tensor<?x2xf32>) -> tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}

func.func private @helper(%x: tensor<?x2xf32>) -> tensor<?x3xf32> attributes {no_inline} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %n = tensor.dim %x, %c0 : tensor<?x2xf32>
  %e = tensor.empty(%n) : tensor<?x3xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<?x3xf32>) -> tensor<?x3xf32>
  %0 = linalg.matmul ins(%x, %w : tensor<?x2xf32>, tensor<2x3xf32>) outs(%init : tensor<?x3xf32>) -> tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}

//--- simulated.mlir
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: error: 'quanta.fake_quant' op belongs to the simulated stage, but code generation takes the float and integer stages
  %0 = quanta.fake_quant %x as !quant.uniform<u8:f32, 0.5> : tensor<4xf32>
  return %0 : tensor<4xf32>
}
