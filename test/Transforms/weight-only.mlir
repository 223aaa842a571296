// From the observed stage to the kernel, pass by pass.

// RUN: split-file %s %t
// RUN: quant-opt %t/model.mlir --quanta-apply-calibration=recipe=%t/recipe.yaml -o %t/simulated.mlir
// RUN: FileCheck %s --check-prefix=SIMULATED --input-file=%t/simulated.mlir
// RUN: quant-opt %t/simulated.mlir --quanta-quantize -o %t/quantized.mlir
// RUN: FileCheck %s --check-prefix=QUANTIZED --input-file=%t/quantized.mlir
// RUN: quant-opt %t/quantized.mlir --quanta-rewrite-types --canonicalize -o %t/integer.mlir
// RUN: FileCheck %s --check-prefix=INTEGER --input-file=%t/integer.mlir
// RUN: quant-opt %t/integer.mlir --quanta-set-target="cpu=x86-64-v4 triple=x86_64-linux-gnu" --quanta-pack-weights | FileCheck %s --check-prefix=PACKED
// RUN: quant-opt %t/simulated.mlir --quanta-lower-fake-quant --canonicalize | FileCheck %s --check-prefix=LOWERED

// The weight alone is rounded, of a convolution with a scale for each filter and
// block of channels; it sums over the window first.
// SIMULATED-LABEL: func.func @main
// SIMULATED-SAME: %[[X:[a-z0-9]+]]: tensor<2x8xf32>
// SIMULATED: %[[W:.*]] = quanta.fake_quant %{{.*}} as !quant.uniform<i4<-7:7>:f32:{0:8, 1:1}, {{[{][{]}}1.000000e+00, 2.000000e+00{{[}][}]}}> : tensor<8x2xf32>
// SIMULATED: %[[V:.*]] = quanta.fake_quant %{{.*}} as !quant.uniform<i4<-7:7>:f32:{0:1, 1:8}, {{.*}}> : tensor<1x8x3xf32>
// SIMULATED: linalg.matmul ins(%[[X]], %[[W]] :
// SIMULATED: linalg.conv_1d_ncw_fcw ins(%{{.*}}, %[[V]] :

// QUANTIZED: #[[X:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d4, d2 + d3)>
// QUANTIZED: #[[K:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d1, d4, d3)>
// QUANTIZED: #[[Y:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2)>
// QUANTIZED: %[[C:.*]] = arith.constant dense<{{.*}}> : tensor<8x2xi4>
// QUANTIZED: %[[Q:.*]] = quant.scast %[[C]]
// QUANTIZED: quanta.weight_only_contract %{{.*}}, %[[Q]] init
// QUANTIZED: quanta.weight_only_contract {{.*}} maps [#[[X]], #[[K]], #[[Y]]] : tensor<1x8x9xf32>, tensor<1x8x3x!quant.uniform<

// INTEGER: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "reduction"]} ins(%{{.*}}, %{{.*}}, %{{.*}} : tensor<2x8xf32>, tensor<8x2xi4>, tensor<1x2xf32>)
// INTEGER-NEXT: ^bb0(%[[A:.*]]: f32, %[[B:.*]]: i4, %[[S:.*]]: f32, %[[O:.*]]: f32):
// INTEGER-NEXT: %[[E:.*]] = arith.extsi %[[B]] : i4 to i32
// INTEGER-NEXT: %[[F:.*]] = arith.sitofp %[[E]] : i32 to f32
// INTEGER-NEXT: %[[D:.*]] = arith.mulf %[[F]], %[[S]] : f32
// INTEGER-NEXT: %[[R:.*]] = math.fma %[[A]], %[[D]], %[[O]] : f32
// INTEGER-NEXT: linalg.yield %[[R]]

// 16 columns, each with a scale of four bytes and eight weights in four.
// PACKED: quanta.fused_matmul #quanta.stored_fma<lanes = 16, vectors = 4, rows = 6, bits = 4, is_signed = true, block = 8, zero_points = false> lhs(%{{.*}} : tensor<2x8xf32>) rhs(%{{.*}} : tensor<128xi8>) init(%{{.*}} : tensor<16xf32>)

// LOWERED: arith.constant dense<{{\[\[}}7.000000e+00, -1.400000e+01], [1.000000e+00, 2.000000e+00]

//--- recipe.yaml
format: quanta-recipe
version: 1
scheme: weight_only
weight: per_block
weight_storage: i4
block_size: 8
//--- model.mlir
module attributes {quanta.fingerprint = "0123"} {
  func.func @main(%x: tensor<2x8xf32>, %y: tensor<1x8x9xf32>) -> (tensor<2x2xf32>, tensor<1x1x7xf32>) {
    %w = arith.constant dense<[[7.0, -14.0], [1.2, 2.2], [0.0, 1.0], [1.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [-7.0, 14.0]]> : tensor<8x2xf32>
    %v = arith.constant dense<0.5> : tensor<1x8x3xf32>
    %zero = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<2x2xf32>
    %i = linalg.fill ins(%zero : f32) outs(%e : tensor<2x2xf32>) -> tensor<2x2xf32>
    %ox = quanta.observe %x, "main/matmul_0/lhs" using min_max : tensor<2x8xf32>
    %0 = linalg.matmul ins(%ox, %w : tensor<2x8xf32>, tensor<8x2xf32>) outs(%i : tensor<2x2xf32>) -> tensor<2x2xf32>
    %d = tensor.empty() : tensor<1x1x7xf32>
    %j = linalg.fill ins(%zero : f32) outs(%d : tensor<1x1x7xf32>) -> tensor<1x1x7xf32>
    %oy = quanta.observe %y, "main/conv_0/lhs" using min_max : tensor<1x8x9xf32>
    %1 = linalg.conv_1d_ncw_fcw ins(%oy, %v : tensor<1x8x9xf32>, tensor<1x8x3xf32>) outs(%j : tensor<1x1x7xf32>) -> tensor<1x1x7xf32>
    return %0, %1 : tensor<2x2xf32>, tensor<1x1x7xf32>
  }
}
