// RUN: quant-opt %s --allow-unregistered-dialect --quanta-plan-buffers --canonicalize | FileCheck %s

// CHECK-DAG: func.func private @quanta_acquire_buffer(index) -> memref<?xi8> attributes {llvm.emit_c_interface}
// CHECK-DAG: func.func private @quanta_release_buffer(memref<?xi8>) attributes {llvm.emit_c_interface}

// The first and the third are never in use at once, wherever they are freed:
// 128 + 64 bytes are enough.
// CHECK-LABEL: func.func @lifetimes(
func.func @lifetimes(%x: memref<4x8xf32>) {
  // CHECK-DAG: %[[ZERO:.*]] = arith.constant 0 : index
  // CHECK-DAG: %[[SECOND:.*]] = arith.constant 128 : index
  // CHECK-DAG: %[[ALL:.*]] = arith.constant 192 : index
  // CHECK: %[[BLOCK:.*]] = call @quanta_acquire_buffer(%[[ALL]])
  // CHECK: memref.view %[[BLOCK]][%[[ZERO]]][] : memref<?xi8> to memref<4x8xf32>
  %0 = memref.alloc() : memref<4x8xf32>
  memref.copy %x, %0 : memref<4x8xf32> to memref<4x8xf32>
  // CHECK: memref.view %[[BLOCK]][%[[SECOND]]][] : memref<?xi8> to memref<5xi8>
  %1 = memref.alloc() {alignment = 64 : i64} : memref<5xi8>
  "test.use"(%0, %1) : (memref<4x8xf32>, memref<5xi8>) -> ()
  // CHECK: memref.view %[[BLOCK]][%[[ZERO]]][] : memref<?xi8> to memref<3x3xf32>
  %2 = memref.alloc() : memref<3x3xf32>
  "test.use"(%1, %2) : (memref<5xi8>, memref<3x3xf32>) -> ()
  memref.dealloc %0 : memref<4x8xf32>
  memref.dealloc %1 : memref<5xi8>
  memref.dealloc %2 : memref<3x3xf32>
  // CHECK-NOT: memref.dealloc
  // CHECK: call @quanta_release_buffer(%[[BLOCK]])
  return
}

// A view keeps its buffer in use.
// CHECK-LABEL: func.func @view(
func.func @view(%x: memref<4x8xf32>) {
  // CHECK-DAG: %[[ALL:.*]] = arith.constant 192 : index
  // CHECK: call @quanta_acquire_buffer(%[[ALL]])
  %0 = memref.alloc() : memref<4x8xf32>
  %1 = memref.collapse_shape %0 [[0, 1]] : memref<4x8xf32> into memref<32xf32>
  %2 = memref.alloc() : memref<5xi8>
  "test.use"(%2) : (memref<5xi8>) -> ()
  "test.use"(%1) : (memref<32xf32>) -> ()
  memref.dealloc %0 : memref<4x8xf32>
  memref.dealloc %2 : memref<5xi8>
  return
}

// Open sizes scale a layout of their own, behind the fixed one.
// CHECK-LABEL: func.func @open(
// CHECK-SAME: %[[X:.*]]: memref<?x4xf32>
func.func @open(%x: memref<?x4xf32>) {
  // CHECK: %[[N:.*]] = memref.dim %[[X]]
  // CHECK: %[[OPEN:.*]] = arith.muli %[[N]], %c80
  // CHECK: %[[DOWN:.*]] = arith.andi %[[OPEN]], %c-64
  // CHECK: %[[ALL:.*]] = arith.addi %[[DOWN]], %c128
  // CHECK: %[[BLOCK:.*]] = call @quanta_acquire_buffer(%[[ALL]])
  // CHECK: memref.view %[[BLOCK]][%c0][] : memref<?xi8> to memref<8xf32>
  // CHECK: memref.view {{.*}}[%[[N]]] : memref<?xi8> to memref<?x4xf32>
  // CHECK: memref.view %[[BLOCK]][%c64][%[[N]]] : memref<?xi8> to memref<?x16xf32>
  %c0 = arith.constant 0 : index
  %s = memref.alloc() : memref<8xf32>
  "test.use"(%s) : (memref<8xf32>) -> ()
  %n = memref.dim %x, %c0 : memref<?x4xf32>
  %0 = memref.alloc(%n) : memref<?x4xf32>
  memref.copy %x, %0 : memref<?x4xf32> to memref<?x4xf32>
  %1 = memref.alloc(%n) : memref<?x16xf32>
  "test.use"(%0, %1) : (memref<?x4xf32>, memref<?x16xf32>) -> ()
  memref.dealloc %1 : memref<?x16xf32>
  memref.dealloc %0 : memref<?x4xf32>
  memref.dealloc %s : memref<8xf32>
  return
}

// Only the places of buffers are rounded, not the rows of a buffer: 9 rows of 4 bytes
// and of 1 are 45 bytes, the second of them 64 bytes further.
// CHECK-LABEL: func.func @narrow(
// CHECK-SAME: %[[N:.*]]: index
func.func @narrow(%n: index) {
  // CHECK-DAG: %[[MASK:.*]] = arith.constant -64 : index
  // CHECK: %[[END:.*]] = arith.muli %[[N]], %c5
  // CHECK: %[[DOWN:.*]] = arith.andi %[[END]], %[[MASK]]
  // CHECK: %[[ALL:.*]] = arith.addi %[[DOWN]], %c128
  // CHECK: %[[BLOCK:.*]] = call @quanta_acquire_buffer(%[[ALL]])
  // CHECK: memref.view %[[BLOCK]][%c0][%[[N]]] : memref<?xi8> to memref<?xi32>
  // CHECK: %[[BEGIN:.*]] = arith.muli %[[N]], %c4
  // CHECK: %[[PLACE:.*]] = arith.andi %[[BEGIN]], %[[MASK]]
  // CHECK: %[[OFFSET:.*]] = arith.addi %[[PLACE]], %c64
  // CHECK: memref.view %[[BLOCK]][%[[OFFSET]]][%[[N]]] : memref<?xi8> to memref<?xi8>
  %0 = memref.alloc(%n) : memref<?xi32>
  %1 = memref.alloc(%n) : memref<?xi8>
  "test.use"(%0, %1) : (memref<?xi32>, memref<?xi8>) -> ()
  memref.dealloc %0 : memref<?xi32>
  memref.dealloc %1 : memref<?xi8>
  return
}

// In a loop, buffers share memory as anywhere else; what is alive around it has its
// own: 64 bytes for the two that are not in use at once, and for two more.
// CHECK-LABEL: func.func @loop(
func.func @loop(%n: index) {
  // CHECK: %[[BLOCK:.*]] = call @quanta_acquire_buffer(%c192)
  // CHECK: memref.view %[[BLOCK]][%[[AROUND:.*]]][]
  // CHECK: scf.for
  // CHECK: memref.view %[[BLOCK]][%[[FIRST:.*]]][]
  // CHECK: memref.view %[[BLOCK]][%[[FIRST]]][]
  // CHECK: scf.for
  // CHECK: memref.view %[[BLOCK]][%[[INNER:.*]]][]
  // CHECK: "test.use"
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %around = memref.alloc() : memref<16xf32>
  scf.for %i = %c0 to %n step %c1 {
    %0 = memref.alloc() : memref<16xf32>
    "test.use"(%0) : (memref<16xf32>) -> ()
    memref.dealloc %0 : memref<16xf32>
    %1 = memref.alloc() : memref<16xf32>
    scf.for %j = %c0 to %n step %c1 {
      %2 = memref.alloc() : memref<16xf32>
      "test.use"(%2, %around) : (memref<16xf32>, memref<16xf32>) -> ()
      memref.dealloc %2 : memref<16xf32>
    }
    "test.use"(%1) : (memref<16xf32>) -> ()
    memref.dealloc %1 : memref<16xf32>
  }
  memref.dealloc %around : memref<16xf32>
  return
}

// Left alone: what is returned, what is freed elsewhere, sizes found on the way.
// CHECK-LABEL: func.func @others(
func.func @others(%x: memref<index>, %flag: i1) -> memref<4xf32> {
  // CHECK-NOT: quanta_acquire_buffer
  // CHECK-COUNT-3: memref.alloc
  // CHECK-NOT: memref.view
  // CHECK: return
  %0 = memref.alloc() : memref<4xf32>
  %1 = memref.alloc() : memref<4xf32>
  "test.use"(%1) : (memref<4xf32>) -> ()
  scf.if %flag {
    memref.dealloc %1 : memref<4xf32>
  }
  %n = memref.load %x[] : memref<index>
  %2 = memref.alloc(%n) : memref<?xf32>
  "test.use"(%0, %2) : (memref<4xf32>, memref<?xf32>) -> ()
  memref.dealloc %2 : memref<?xf32>
  return %0 : memref<4xf32>
}
