// RUN: split-file %s %t
// RUN: quant-opt %t/model.mlir --quanta-to-kernel="triple=x86_64-linux-gnu cpu=znver4" | FileCheck %t/model.mlir --check-prefixes=CHECK,VNNI
// RUN: quant-opt %t/model.mlir --quanta-to-kernel="triple=x86_64-linux-gnu cpu=haswell" | FileCheck %t/model.mlir --check-prefixes=CHECK,AVX2
// RUN: quant-opt %t/model.mlir --quanta-to-kernel="triple=x86_64-linux-gnu cpu=znver4 kernels=false" | FileCheck %t/model.mlir --check-prefix=SCALAR
// RUN: not quant-opt %t/quantized.mlir --quanta-to-kernel 2>&1 | FileCheck %t/quantized.mlir
// RUN: not quant-opt %t/model.mlir --quanta-to-kernel=cpu=imaginary 2>&1 | FileCheck %s --check-prefix=CPU

// CPU: error: unknown CPU 'imaginary'

//--- model.mlir
#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (k, n)>
#out = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(d0, d1) -> (d0, d1)>

// Contraction and requantization are one loop nest without a buffer of
// accumulators; the weights are constants of the module.
// CHECK: memref.global "private" constant @{{.*}}xi8> = dense<{{.*}}> {alignment = 64
// SCALAR-NOT: vpdpbusd
// SCALAR: linalg.generic
// CHECK-LABEL: func.func @main(%{{.*}}: memref<?x5xi8>) -> memref<?x3xi8>
// CHECK: memref.alloc(%{{.*}}) {{.*}}: memref<?x3xi8>
// CHECK-NOT: memref.alloc
// VNNI: llvm.x86.avx512.vpdpbusd.512
// AVX2: llvm.x86.avx2.pmadd.wd
// CHECK: math.roundeven %{{.*}} : vector<
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @main(%x: tensor<?x5xi8>) -> tensor<?x3xi8> {
  %c0 = arith.constant 0 : index
  %w = arith.constant dense<[[1, 2, 3], [2, 4, 6], [3, 6, 9], [4, 8, 12], [5, 10, 15]]> : tensor<5x3xi8>
  %b = arith.constant dense<[10, 20, 30]> : tensor<3xi32>
  %scale = arith.constant 0.125 : f32
  %low = arith.constant 0.0 : f32
  %high = arith.constant 255.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x5xi8>
  %e = tensor.empty(%n) : tensor<?x3xi32>
  %e8 = tensor.empty(%n) : tensor<?x3xi8>
  %init = linalg.broadcast ins(%b : tensor<3xi32>) outs(%e : tensor<?x3xi32>) dimensions = [0]
  %0 = linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<?x5xi8>, tensor<5x3xi8>) outs(%init : tensor<?x3xi32>) {
  ^bb0(%a: i8, %v: i8, %acc: i32):
    %i = arith.extui %a : i8 to i32
    %j = arith.extsi %v : i8 to i32
    %p = arith.muli %i, %j : i32
    %s = arith.addi %acc, %p : i32
    linalg.yield %s : i32
  } -> tensor<?x3xi32>
  %1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%0 : tensor<?x3xi32>) outs(%e8 : tensor<?x3xi8>) {
  ^bb0(%a: i32, %out: i8):
    %f = arith.sitofp %a : i32 to f32
    %m = arith.mulf %f, %scale : f32
    %r = math.roundeven %m : f32
    %l = arith.maxnumf %r, %low : f32
    %h = arith.minnumf %l, %high : f32
    %i = arith.fptosi %h : f32 to i32
    %t = arith.trunci %i : i32 to i8
    linalg.yield %t : i8
  } -> tensor<?x3xi8>
  return %1 : tensor<?x3xi8>
}

//--- quantized.mlir
// CHECK: error: 'func.return' op belongs to the quantized stage, but code generation takes the float and integer stages
func.func @main(%x: tensor<4x!quant.uniform<u8:f32, 0.5>>) -> tensor<4x!quant.uniform<u8:f32, 0.5>> {
  return %x : tensor<4x!quant.uniform<u8:f32, 0.5>>
}
