// The scheme fp16 from the observed stage to the kernel, pass by pass.

// RUN: split-file %s %t
// RUN: %python %S/../Inputs/npy.py %t/image.npy "numpy.linspace(-3, 4, 60).reshape(1, 2, 5, 6).astype('f4')"
// RUN: quant-opt %t/model.mlir --quanta-apply-calibration=recipe=%t/recipe.yaml -o %t/simulated.mlir
// RUN: FileCheck %s --check-prefix=SIMULATED --input-file=%t/simulated.mlir
// RUN: quant-opt %t/simulated.mlir --quanta-quantize -o %t/quantized.mlir
// RUN: FileCheck %s --check-prefix=QUANTIZED --input-file=%t/quantized.mlir
// RUN: quant-opt %t/quantized.mlir --quanta-rewrite-types --canonicalize -o %t/integer.mlir
// RUN: FileCheck %s --check-prefix=INTEGER --input-file=%t/integer.mlir
// RUN: quant-opt %t/integer.mlir --quanta-set-target="cpu=x86-64-v4 triple=x86_64-linux-gnu" --quanta-pack-weights | FileCheck %s --check-prefix=PACKED
// RUN: quant-opt %t/simulated.mlir --quanta-lower-fake-quant --canonicalize | FileCheck %s --check-prefix=LOWERED

// Factors and result are rounded; what f16 cannot hold stays in float, and so
// does a product of which one factor alone is fp16.
// SIMULATED-LABEL: func.func @main
// SIMULATED-DAG: %[[X:.*]] = quanta.fake_quant %{{.*}} as f16 {name = "main/matmul_0/lhs"} : tensor<2x3xf32>
// SIMULATED-DAG: %[[W:.*]] = quanta.fake_quant %{{.*}} as f16 : tensor<3x2xf32>
// SIMULATED: %[[R:.*]] = linalg.matmul ins(%[[X]], %[[W]] :
// SIMULATED: quanta.fake_quant %[[R]] as f16 : tensor<2x2xf32>
// SIMULATED: linalg.matmul {{.*}}quanta.float_reason = "its weight has the value 6.5520E+04 at element 1, which fp16 cannot hold"
// SIMULATED: linalg.matmul {{.*}}quanta.float_reason = "the recipe gives its factors different schemes, of which one is fp16"

// 1.2 is 0x3CCD, 65519 the largest number below infinity.
// QUANTIZED: arith.constant dense<{{.*}}1.200200e+00{{.*}}6.550400e+04{{.*}}> : tensor<3x2xf16>
// QUANTIZED: quanta.weight_only_contract %{{.*}}, %{{.*}} init %{{.*}} : tensor<2x3xf32>, tensor<3x2xf16> -> tensor<2x2xf32>

// INTEGER: ^bb0(%[[A:.*]]: f32, %[[B:.*]]: f16, %[[O:.*]]: f32):
// INTEGER-NEXT: %[[E:.*]] = arith.extf %[[B]] : f16 to f32
// INTEGER-NEXT: %[[S:.*]] = math.fma %[[A]], %[[E]], %[[O]] : f32
// INTEGER-NEXT: linalg.yield %[[S]]

// PACKED: quanta.fused_matmul #quanta.half_fma<lanes = 16, vectors = 4, rows = 6, type = f16> lhs(%{{.*}} : tensor<2x3xf32>) rhs(%{{.*}} : tensor<48xf16>) init(%{{.*}} : tensor<16xf32>)

// LOWERED-DAG: arith.constant dense<{{.*}}1.20019531{{.*}}6.550400e+04{{.*}}> : tensor<3x2xf32>
// LOWERED-DAG: arith.truncf %{{.*}} : f32 to f16
// LOWERED-DAG: arith.extf %{{.*}} : f16 to f32

// A convolution sums its window first, its channels last.
// RUN: quant-opt %t/conv.mlir --quanta-ptq=recipe=%t/recipe.yaml -o %t/conv-integer.mlir
// RUN: FileCheck %s --check-prefix=CONV --input-file=%t/conv-integer.mlir
// CONV-DAG: affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d6, d2 + d4, d3 + d5)>
// CONV-DAG: affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d1, d6, d4, d5)>
// CONV: linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<1x2x5x6xf32>, tensor<3x2x2x2xf16>)
// RUN: quant-opt %t/conv-integer.mlir --quanta-set-target="cpu=x86-64-v4 triple=x86_64-linux-gnu" --quanta-convert-layout --quanta-pack-convolutions | FileCheck %s --check-prefix=FUSED
// FUSED: quanta.fused_conv_2d #quanta.half_fma<lanes = 16, vectors = 4, rows = 6, type = f16> {{.*}} rhs(%{{.*}} : tensor<128xf16>)
// RUN: quant-run %t/conv.mlir --recipe=%t/recipe.yaml --input=%t/image.npy --check-stages | FileCheck %s --check-prefix=STAGES
// STAGES: quantized = integer = kernel: 0 quantized tensors and 1 results, 60 elements with the same bits

//--- recipe.yaml
format: quanta-recipe
version: 1
scheme: fp16
rules:
  - name: "main/matmul_2/rhs"
    scheme: bf16
//--- model.mlir
module attributes {quanta.fingerprint = "0123"} {
  func.func @main(%x: tensor<2x3xf32>, %y: tensor<3x2xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>) {
    %w = arith.constant dense<[[7.0, 1.2], [65519.0, 2.2], [0.0, 1.0]]> : tensor<3x2xf32>
    %v = arith.constant dense<[[7.0, 65520.0], [1.2, 2.2], [0.0, 1.0]]> : tensor<3x2xf32>
    %zero = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<2x2xf32>
    %i = linalg.fill ins(%zero : f32) outs(%e : tensor<2x2xf32>) -> tensor<2x2xf32>
    %ox = quanta.observe %x, "main/matmul_0/lhs" using min_max : tensor<2x3xf32>
    %oy = quanta.observe %y, "main/matmul_2/rhs" using min_max : tensor<3x2xf32>
    %0 = linalg.matmul ins(%ox, %w : tensor<2x3xf32>, tensor<3x2xf32>) outs(%i : tensor<2x2xf32>) -> tensor<2x2xf32>
    %1 = linalg.matmul ins(%ox, %v : tensor<2x3xf32>, tensor<3x2xf32>) outs(%i : tensor<2x2xf32>) -> tensor<2x2xf32>
    %2 = linalg.matmul ins(%ox, %oy : tensor<2x3xf32>, tensor<3x2xf32>) outs(%i : tensor<2x2xf32>) -> tensor<2x2xf32>
    return %0, %1, %2 : tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>
  }
}
//--- conv.mlir
func.func @main(%x: tensor<1x2x5x6xf32>) -> tensor<1x3x4x5xf32> {
  %w = arith.constant dense<[[[[0.1, 0.2], [0.3, 0.4]], [[0.5, 0.6], [0.7, 0.8]]], [[[-0.1, 1.2], [2.3, -0.4]], [[1.5, 0.6], [-2.7, 0.8]]],
                             [[[3.1, 0.2], [-0.3, 0.4]], [[0.9, -0.6], [0.7, 1.8]]]]> : tensor<3x2x2x2xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x3x4x5xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<1x3x4x5xf32>) -> tensor<1x3x4x5xf32>
  %0 = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x2x5x6xf32>, tensor<3x2x2x2xf32>) outs(%i : tensor<1x3x4x5xf32>) -> tensor<1x3x4x5xf32>
  return %0 : tensor<1x3x4x5xf32>
}
