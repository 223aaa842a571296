// RUN: quant-opt %s --quanta-lower-vectors | FileCheck %s
// RUN: quant-opt %s --quanta-set-target=cpu=haswell --quanta-kernel-to-llvm | FileCheck %s --check-prefix=LLVM

// CHECK-LABEL: func.func @mask(
// CHECK: arith.constant dense<[true, true, true, false]>
// LLVM-LABEL: llvm.func @mask(
// LLVM: llvm.mlir.constant(dense<[true, true, true, false]> : vector<4xi1>)
func.func @mask() -> vector<4xi1> {
  %0 = vector.constant_mask [3] : vector<4xi1>
  return %0 : vector<4xi1>
}

// Lanes are counted in 32 bits: as many comparisons in one instruction again as
// in 64.
// CHECK-LABEL: func.func @open_mask(
// CHECK: arith.index_cast %{{.*}} : index to i32
// CHECK: arith.cmpi sgt, %{{.*}} : vector<16xi32>
func.func @open_mask(%n: index) -> vector<16xi1> {
  %0 = vector.create_mask %n : vector<16xi1>
  return %0 : vector<16xi1>
}

// CHECK-LABEL: func.func @slices(
// CHECK-NOT: strided_slice
// CHECK: vector.shuffle %{{.*}} [2, 3]
// LLVM-LABEL: llvm.func @slices(
// LLVM: llvm.shufflevector
func.func @slices(%x: vector<4xf32>) -> vector<2xf32> {
  %0 = vector.extract_strided_slice %x {offsets = [2], sizes = [2], strides = [1]} : vector<4xf32> to vector<2xf32>
  return %0 : vector<2xf32>
}

// CHECK-LABEL: func.func @contraction(
// CHECK-NOT: vector.contract
// CHECK-COUNT-4: vector.reduction <add>
// LLVM-LABEL: llvm.func @contraction(
// LLVM-COUNT-4: llvm.intr.vector.reduce.fadd
func.func @contraction(%a: vector<2x3xf32>, %b: vector<2x3xf32>, %c: vector<2x2xf32>) -> vector<2x2xf32> {
  %0 = vector.contract {indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (j, k)>, affine_map<(i, j, k) -> (i, j)>],
      iterator_types = ["parallel", "parallel", "reduction"], kind = #vector.kind<add>} %a, %b, %c
      : vector<2x3xf32>, vector<2x3xf32> into vector<2x2xf32>
  return %0 : vector<2x2xf32>
}

// Rounding to nearest, ties to even, in integers: subnormal numbers stay.
// CHECK-LABEL: func.func @arithmetic(
// CHECK-NOT: arith.ceildivsi
// CHECK-NOT: arith.maximumf
// CHECK-NOT: arith.truncf
// CHECK: return
func.func @arithmetic(%i: i32, %j: i32, %x: vector<4xf32>, %y: vector<4xf32>) -> (i32, vector<4xbf16>) {
  %0 = arith.ceildivsi %i, %j : i32
  %1 = arith.maximumf %x, %y : vector<4xf32>
  %2 = arith.truncf %1 : vector<4xf32> to vector<4xbf16>
  return %0, %2 : i32, vector<4xbf16>
}

// What is known to be the elements' own is stated, what is stated stays.
// CHECK-LABEL: func.func private @alignments(
// CHECK: vector.load %arg0[%{{.*}}] {alignment = 4 : i64}
// CHECK: vector.store %{{.*}}, %arg0[%{{.*}}] {alignment = 16 : i64}
// CHECK: vector.load %arg1[%{{.*}}] : memref<?xi1>
func.func private @alignments(%x: memref<?xf32>, %bits: memref<?xi1>, %i: index) -> vector<8xi1> {
  %0 = vector.load %x[%i] : memref<?xf32>, vector<4xf32>
  vector.store %0, %x[%i] {alignment = 16 : i64} : memref<?xf32>, vector<4xf32>
  %1 = vector.load %bits[%i] : memref<?xi1>, vector<8xi1>
  return %1 : vector<8xi1>
}
