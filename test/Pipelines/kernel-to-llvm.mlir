// RUN: split-file %s %t
// Both halves give what the whole gives.
// RUN: quant-opt %t/model.mlir --quanta-to-kernel="triple=x86_64-linux-gnu cpu=znver4" -o %t/kernel.mlir
// RUN: quant-opt %t/kernel.mlir --quanta-kernel-to-llvm -o %t/halves.mlir
// RUN: quant-opt %t/model.mlir --quanta-to-llvm="triple=x86_64-linux-gnu cpu=znver4" -o %t/whole.mlir
// RUN: cmp %t/halves.mlir %t/whole.mlir
// RUN: FileCheck %t/model.mlir < %t/halves.mlir
// RUN: quant-opt %t/functions.mlir --quanta-to-llvm="triple=x86_64-linux-gnu cpu=znver4" | FileCheck %t/functions.mlir
// RUN: not quant-opt %t/no-target.mlir --quanta-kernel-to-llvm 2>&1 | FileCheck %t/no-target.mlir
// RUN: not quant-opt %t/model.mlir --quanta-kernel-to-llvm 2>&1 | FileCheck %s --check-prefix=TENSORS
// TENSORS: model.mlir:3:1: error: 'func.func' op works on tensors, but quanta-kernel-to-llvm takes the kernel stage: run quanta-to-kernel first

//--- model.mlir
// CHECK-LABEL: llvm.func @main(
// CHECK-NOT: unrealized_conversion_cast
func.func @main(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %w = arith.constant dense<[[1.0, 2.0], [4.0, 5.0]]> : tensor<2x2xf32>
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x2xf32>
  %e = tensor.empty(%n) : tensor<?x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<?x2xf32>) -> tensor<?x2xf32>
  %0 = linalg.matmul ins(%x, %w : tensor<?x2xf32>, tensor<2x2xf32>) outs(%init : tensor<?x2xf32>) -> tensor<?x2xf32>
  return %0 : tensor<?x2xf32>
}

//--- functions.mlir
// Arithmetic on vectors, not a call of a library for each element.
// CHECK-LABEL: llvm.func @main(
// CHECK-NOT: llvm.call @{{rsqrtf|expf}}
// CHECK: llvm.intr.fma({{.*}}vector<16xf32>
// CHECK: llvm.intr.sqrt({{.*}}vector<16xf32>
// CHECK-NOT: llvm.call @{{rsqrtf|expf}}
func.func @main(%x: tensor<64xf32>) -> tensor<64xf32> {
  %e = tensor.empty() : tensor<64xf32>
  %0 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
      iterator_types = ["parallel"]} ins(%x : tensor<64xf32>) outs(%e : tensor<64xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = math.exp %a : f32
    %r = math.rsqrt %s : f32
    linalg.yield %r : f32
  } -> tensor<64xf32>
  return %0 : tensor<64xf32>
}

//--- no-target.mlir
// CHECK: error: quanta-annotate-functions needs quanta-set-target or quanta-to-kernel before it
func.func @main(%x: memref<2xf32>) {
  return
}
