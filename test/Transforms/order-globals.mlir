// RUN: quant-opt %s --quanta-order-globals | FileCheck %s

// Constants come in the order of their first use; what others can see, or what is
// written to, stays as it is.
// CHECK: memref.global "private" constant @constant : memref<2xi32> = dense<[3, 4]>
// CHECK-NEXT: memref.global "private" constant @constant_1 : memref<2xi32> = dense<[1, 2]>
// CHECK-NEXT: memref.global constant @seen : memref<2xi32> = dense<5>
// CHECK-NEXT: memref.global "private" @state : memref<2xi32> = uninitialized
// CHECK-NEXT: memref.global "private" constant @constant_0 : memref<i32>
memref.global "private" constant @__constant_2xi32 : memref<2xi32> = dense<[1, 2]>
memref.global "private" constant @__constant_2xi32_3 : memref<2xi32> = dense<[3, 4]>
memref.global constant @seen : memref<2xi32> = dense<5>
memref.global "private" @state : memref<2xi32> = uninitialized
memref.global "private" constant @constant_0 : memref<i32>

// CHECK-LABEL: func.func @f(
// CHECK-NEXT: memref.get_global @constant :
// CHECK-NEXT: memref.get_global @constant_1 :
// CHECK-NEXT: memref.get_global @constant :
// CHECK-NEXT: memref.get_global @seen :
// CHECK-NEXT: memref.get_global @state :
func.func @f() -> (memref<2xi32>, memref<2xi32>, memref<2xi32>, memref<2xi32>, memref<2xi32>, memref<i32>) {
  %0 = memref.get_global @__constant_2xi32_3 : memref<2xi32>
  %1 = memref.get_global @__constant_2xi32 : memref<2xi32>
  %2 = memref.get_global @__constant_2xi32_3 : memref<2xi32>
  %3 = memref.get_global @seen : memref<2xi32>
  %4 = memref.get_global @state : memref<2xi32>
  %5 = memref.get_global @constant_0 : memref<i32>
  return %0, %1, %2, %3, %4, %5 : memref<2xi32>, memref<2xi32>, memref<2xi32>, memref<2xi32>, memref<2xi32>, memref<i32>
}
