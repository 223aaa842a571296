// RUN: quant-opt %s --quanta-expand-amx | FileCheck %s

// Sums of tiles are carried as vectors; what a loop needs of the stack is taken
// at the start of the function.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:[a-z0-9_]+]]: memref<?x?xi8>, %[[W:[a-z0-9_]+]]: memref<?xi8>, %[[O:[a-z0-9_]+]]: memref<16x16xi32>
// CHECK-COUNT-6: memref.alloca()
// CHECK-NOT: memref.alloca
// CHECK: %[[ZERO:.*]] = arith.constant dense<0> : vector<256xi32>
// CHECK: %[[SUMS:.*]] = scf.for %[[K:[a-z0-9_]+]] = {{.*}} iter_args(%{{.*}} = %[[ZERO]]) -> (vector<256xi32>)
// CHECK: scf.for %[[ROW:[a-z0-9_]+]] =
// CHECK: %[[AT:.*]] = arith.addi %{{.*}}, %[[ROW]] : index
// CHECK: vector.load %[[X]][%[[AT]], %[[K]]] : memref<?x?xi8>, vector<64xi8>
// CHECK: vector.load %{{.*}} : memref<1024xi8>, vector<1024xi8>
// CHECK: scf.for %[[ROW:[a-z0-9_]+]] =
// CHECK: %[[STEP:.*]] = arith.muli %[[ROW]], %{{.*}} : index
// CHECK: %[[AT:.*]] = arith.addi %{{.*}}, %[[STEP]] : index
// CHECK: vector.load %[[W]][%[[AT]]] : memref<?xi8>, vector<64xi8>
// CHECK: arith.extui %{{.*}} : i8 to i32
// CHECK: arith.extsi %{{.*}} : vector<16xi8> to vector<16xi32>
// CHECK: scf.yield %{{.*}} : vector<256xi32>
// CHECK: vector.store %[[SUMS]]
// CHECK: vector.store %{{.*}}, %[[O]][%{{.*}}, %{{.*}}] : memref<16x16xi32>, vector<16xi32>
// CHECK-NOT: amx.
func.func @main(%x: memref<?x?xi8>, %w: memref<?xi8>, %o: memref<16x16xi32>, %k: index) {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %zero = amx.tile_zero : !amx.tile<16x16xi32>
  %sums = scf.for %i = %c0 to %k step %c64 iter_args(%sum = %zero) -> !amx.tile<16x16xi32> {
    %at = arith.muli %i, %c64 : index
    %left = amx.tile_load %x[%c0, %i] : memref<?x?xi8> into !amx.tile<16x64xi8>
    %right = amx.tile_load %w[%at], %c64 : memref<?xi8> into !amx.tile<16x64xi8>
    %next = amx.tile_muli %left zext, %right, %sum : !amx.tile<16x64xi8>, !amx.tile<16x64xi8>, !amx.tile<16x16xi32>
    scf.yield %next : !amx.tile<16x16xi32>
  }
  amx.tile_store %o[%c0, %c0], %sums : memref<16x16xi32>, !amx.tile<16x16xi32>
  return
}
