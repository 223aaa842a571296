// RUN: quant-opt %s --quanta-lower-math | FileCheck %s

// CHECK: func.func private @cbrtf(f32) -> f32
// CHECK-LABEL: func.func @scalars(
// CHECK-NEXT: llvm.intr.roundeven(%arg0)
// CHECK-NEXT: llvm.intr.fma
// CHECK-NEXT: call @cbrtf
// CHECK-NEXT: return
func.func @scalars(%x: f32, %y: f32) -> f32 {
  %0 = math.roundeven %x : f32
  %1 = math.fma %0, %x, %y : f32
  %2 = math.cbrt %1 : f32
  return %2 : f32
}

// Calls take one number each.
// CHECK-LABEL: func.func @vectors(
// CHECK: llvm.intr.roundeven(%arg0) : (vector<2xf32>) -> vector<2xf32>
// CHECK-COUNT-2: call @cbrtf
// CHECK-NOT: math.
func.func @vectors(%x: vector<2xf32>) -> vector<2xf32> {
  %0 = math.roundeven %x : vector<2xf32>
  %1 = math.cbrt %0 : vector<2xf32>
  return %1 : vector<2xf32>
}
