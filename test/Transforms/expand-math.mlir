// RUN: quant-opt %s --quanta-expand-math | FileCheck %s

// CHECK-LABEL: func.func @rsqrt
// CHECK: %[[ONE:.*]] = arith.constant dense<1.000000e+00> : vector<16xf32>
// CHECK: %[[ROOT:.*]] = math.sqrt %{{.*}} : vector<16xf32>
// CHECK: arith.divf %[[ONE]], %[[ROOT]] : vector<16xf32>
func.func @rsqrt(%x: vector<16xf32>) -> vector<16xf32> {
  %0 = math.rsqrt %x : vector<16xf32>
  return %0 : vector<16xf32>
}

// Vectors stay whole; only operations that IEEE 754 defines are left.
// CHECK-LABEL: func.func @vectors
// CHECK-NOT: math.{{exp|tanh|erf|log}}
// CHECK: math.fma {{.*}} : vector<16xf32>
// CHECK-NOT: math.{{exp|tanh|erf|log}}
// CHECK: return
func.func @vectors(%x: vector<16xf32>) -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>) {
  %0 = math.exp %x : vector<16xf32>
  %1 = math.tanh %x : vector<16xf32>
  %2 = math.erf %x : vector<16xf32>
  %3 = math.log %x : vector<16xf32>
  return %0, %1, %2, %3 : vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>
}

// Narrow floats are computed in f32.
// CHECK-LABEL: func.func @half
// CHECK: arith.extf %{{.*}} : f16 to f32
// CHECK-NOT: math.exp
// CHECK: arith.truncf %{{.*}} : f32 to f16
func.func @half(%x: f16) -> f16 {
  %0 = math.exp %x : f16
  return %0 : f16
}

// CHECK-LABEL: func.func @cube
// CHECK: %[[SQUARE:.*]] = arith.mulf %[[X:.*]], %[[X]] : f32
// CHECK: arith.mulf %[[X]], %[[SQUARE]] : f32
func.func @cube(%x: f32) -> f32 {
  %c = arith.constant 3.0 : f32
  %0 = math.powf %x, %c : f32
  return %0 : f32
}

// Left to the library.
// CHECK-LABEL: func.func @others
// CHECK: math.sin
// CHECK: math.powf
// CHECK: math.exp %{{.*}} : f64
func.func @others(%x: f32, %y: f64) -> (f32, f32, f64) {
  %0 = math.sin %x : f32
  %1 = math.powf %x, %x : f32
  %2 = math.exp %y : f64
  return %0, %1, %2 : f32, f32, f64
}

// One piece for all arguments: no coefficient is chosen.
// CHECK-LABEL: func.func @erf
// CHECK-COUNT-2: arith.select
// CHECK-NOT: arith.select
// CHECK-COUNT-10: math.fma
// CHECK-NOT: math.fma
// CHECK: arith.divf
// CHECK-COUNT-2: arith.select
// CHECK-NOT: arith.select
// CHECK: return
func.func @erf(%x: vector<16xf32>) -> vector<16xf32> {
  %0 = math.erf %x : vector<16xf32>
  return %0 : vector<16xf32>
}
