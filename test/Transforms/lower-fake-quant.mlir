// RUN: quant-opt %s --quanta-lower-fake-quant --canonicalize | FileCheck %s
// RUN: %python %quanta_src/test/Inputs/npy.py %t.x.npy "numpy.array([-9, -1.75, -1.25, 0.2, 0.25, 0.75, 1e9, -numpy.inf, numpy.inf, numpy.nan], 'f')"
// RUN: quant-run %s --entry=main --input=%t.x.npy --output=%t.y.npy
// RUN: %python %quanta_src/test/Inputs/npy.py %t.y.npy | FileCheck %s --check-prefix=VALUES

// Half a step rounds to the even neighbour, before the zero point is added; NaN
// ends at the lower end.
// VALUES: [10] [-1.5, -1.5, -1.0, 0.0, 0.0, 1.0, 126.0, -1.5, 126.0, -1.5]

// CHECK-LABEL: func.func @main
// CHECK-SAME: %[[X:[a-z0-9_]+]]: tensor<?xf32>
func.func @main(%x: tensor<?xf32>) -> tensor<?xf32> {
  // CHECK-DAG: %[[SCALE:.*]] = arith.constant 5.000000e-01 : f32
  // CHECK-DAG: %[[ZP:.*]] = arith.constant 3.000000e+00 : f32
  // CHECK: linalg.generic {{.*}} ins(%[[X]] : tensor<?xf32>)
  // CHECK: ^bb0(%[[IN:[a-z0-9_]+]]: f32,
  // CHECK: %[[D:.*]] = arith.divf %[[IN]], %[[SCALE]]
  // CHECK: %[[R:.*]] = math.roundeven %[[D]]
  // CHECK: %[[Z:.*]] = arith.addf %[[R]], %[[ZP]]
  // CHECK: %[[L:.*]] = arith.maxnumf %[[Z]]
  // CHECK: %[[H:.*]] = arith.minnumf %[[L]]
  // CHECK: %[[C:.*]] = arith.subf %[[H]], %[[ZP]]
  // CHECK: arith.mulf %[[C]], %[[SCALE]]
  %0 = quanta.fake_quant %x as !quant.uniform<u8:f32, 0.5:3> : tensor<?xf32>
  return %0 : tensor<?xf32>
}

// CHECK-LABEL: func.func @per_axis
func.func @per_axis(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  // CHECK-DAG: %[[SCALES:.*]] = arith.constant dense<[5.000000e-01, 2.500000e-01]> : tensor<2xf32>
  // CHECK-DAG: %[[ZPS:.*]] = arith.constant dense<[3.000000e+00, -3.000000e+00]> : tensor<2xf32>
  // CHECK: linalg.generic {indexing_maps = [#[[ID:.*]], #[[ROW:.*]], #[[ROW]], #[[ID]]]
  // CHECK-SAME: ins(%{{.*}}, %[[SCALES]], %[[ZPS]] :
  %0 = quanta.fake_quant %x as !quant.uniform<i8:f32:0, {0.5:3, 0.25:-3}> : tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @scalar
func.func @scalar(%x: tensor<f32>) -> tensor<f32> {
  // CHECK: linalg.generic {{.*}} iterator_types = []}
  %0 = quanta.fake_quant %x as !quant.uniform<i4:f32, 0.5> : tensor<f32>
  return %0 : tensor<f32>
}

// CHECK-LABEL: func.func @weight
func.func @weight() -> tensor<2x3xf32> {
  // A weight is rounded here and now, each row with its own scale.
  // CHECK-NOT: linalg.generic
  // CHECK: arith.constant dense<{{\[}}[5.000000e-01, 0.000000e+00, 1.500000e+00], [2.500000e-01, -1.250000e+00, 3.175000e+01]]> : tensor<2x3xf32>
  %w = arith.constant dense<[[0.74, -0.25, 1.26], [0.3, -1.2, 99.0]]> : tensor<2x3xf32>
  %0 = quanta.fake_quant %w as !quant.uniform<i8<-127:127>:f32:0, {0.5, 0.25}> : tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}
