// RUN: quant-opt %s --quanta-set-target=cpu=cascadelake --quanta-tile-open-products --canonicalize | FileCheck %s
// RUN: not quant-opt %s --quanta-tile-open-products 2>&1 | FileCheck %s --check-prefix=NO-TARGET
// NO-TARGET: error: quanta-tile-open-products needs quanta-set-target or quanta-to-kernel before it

#lhs = affine_map<(b, m, n, k) -> (b, m, k)>
#rhs = affine_map<(b, m, n, k) -> (b, n, k)>
#out = affine_map<(b, m, n, k) -> (b, m, n)>

// Keys as many as the sequence is long: blocks of columns, read before they are
// transposed.
// CHECK-LABEL: func.func @columns(
// CHECK-SAME: %[[A:.*]]: tensor<12x?x32xf32> {{.*}}, %[[B:.*]]: tensor<12x?x32xf32>
// CHECK: %[[REST:.*]] = arith.remui %[[N:.*]], %c64
// CHECK: %[[WHOLE:.*]] = arith.subi %[[N]], %[[REST]]
// CHECK: %[[LOOP:.*]] = scf.for %[[I:.*]] = %c0 to %[[WHOLE]] step %c64 iter_args(%[[Y:.*]] =
// CHECK: %[[KEYS:.*]] = tensor.extract_slice %[[B]][0, %[[I]], 0] [12, 64, 32] [1, 1, 1]
// CHECK: %[[SUMS:.*]] = linalg.generic {{.*}} ins(%[[A]], %[[KEYS]] : tensor<12x?x32xf32>, tensor<12x64x32xf32>)
// CHECK: %[[NEXT:.*]] = tensor.insert_slice %[[SUMS]] into %[[Y]][0, 0, %[[I]]]
// CHECK: scf.yield %[[NEXT]]
// CHECK: scf.if
// CHECK: tensor.extract_slice %[[B]][0, %[[WHOLE]], 0] [12, %[[REST]], 32] [1, 1, 1]
// CHECK: tensor.pad
// CHECK: tensor.insert_slice %{{.*}} into %[[LOOP]][0, 0, %[[WHOLE]]]
// CHECK: else
// CHECK: scf.yield %[[LOOP]]
func.func @columns(%a: tensor<12x?x32xf32>, %b: tensor<12x?x32xf32>, %y: tensor<12x?x?xf32>, %keys: tensor<12x32x?xf32>) -> tensor<12x?x?xf32> {
  %zero = arith.constant 0.0 : f32
  %t = linalg.transpose ins(%b : tensor<12x?x32xf32>) outs(%keys : tensor<12x32x?xf32>) permutation = [0, 2, 1]
  %init = linalg.fill ins(%zero : f32) outs(%y : tensor<12x?x?xf32>) -> tensor<12x?x?xf32>
  %0 = linalg.batch_matmul ins(%a, %t : tensor<12x?x32xf32>, tensor<12x32x?xf32>) outs(%init : tensor<12x?x?xf32>) -> tensor<12x?x?xf32>
  return %0 : tensor<12x?x?xf32>
}

// A sum over the sequence: 64 terms each. Behind the last one stand zero points.
// CHECK-LABEL: func.func @terms(
// CHECK: scf.for {{.*}} step %c64 iter_args
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<2x?x64xi8>, tensor<2x32x64xi8>)
// CHECK: arith.addi
// CHECK: scf.if
// CHECK: tensor.pad
// CHECK: tensor.yield %c3_i8
// CHECK: tensor.pad
// CHECK: tensor.yield %c-7_i8
func.func @terms(%a: tensor<2x?x?xi8>, %b: tensor<2x32x?xi8>, %init: tensor<2x?x32xi32>) -> tensor<2x?x32xi32> {
  %z0 = arith.constant 3 : i32
  %z1 = arith.constant -7 : i32
  %0 = linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%a, %b : tensor<2x?x?xi8>, tensor<2x32x?xi8>) outs(%init : tensor<2x?x32xi32>) {
  ^bb0(%x: i8, %w: i8, %acc: i32):
    %1 = arith.extui %x : i8 to i32
    %2 = arith.subi %1, %z0 : i32
    %3 = arith.extsi %w : i8 to i32
    %4 = arith.subi %3, %z1 : i32
    %5 = arith.muli %2, %4 : i32
    %6 = arith.addi %5, %acc : i32
    linalg.yield %6 : i32
  } -> tensor<2x?x32xi32>
  return %0 : tensor<2x?x32xi32>
}

// Static columns and terms, and weights, are for quanta-pack-weights as they are.
// CHECK-LABEL: func.func @static(
// CHECK-NOT: scf.
// CHECK: linalg.batch_matmul
// CHECK: return
func.func @static(%a: tensor<2x?x8xf32>, %b: tensor<2x8x4xf32>, %init: tensor<2x?x4xf32>) -> tensor<2x?x4xf32> {
  %0 = linalg.batch_matmul ins(%a, %b : tensor<2x?x8xf32>, tensor<2x8x4xf32>) outs(%init : tensor<2x?x4xf32>) -> tensor<2x?x4xf32>
  return %0 : tensor<2x?x4xf32>
}
