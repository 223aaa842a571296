// RUN: split-file %s %t
// RUN: quant-opt %t/model.mlir --quanta-lower-observers | FileCheck %t/model.mlir
// RUN: %python %quanta_src/test/Inputs/npy.py %t/x.npy "numpy.array([[1, -2, numpy.nan, 3], [numpy.inf, 0, -5, numpy.nan]], 'f')" \
// RUN:   %t/empty.npy "numpy.zeros((0, 4), 'f')" \
// RUN:   %t/s.npy "numpy.array(0.5, 'f')"
// RUN: quant-run %t/model.mlir --input=%t/x.npy --input=%t/s.npy --statistics=%t/x.json
// RUN: FileCheck %t/model.mlir --check-prefix=JSON < %t/x.json
// RUN: quant-run %t/model.mlir --input=%t/empty.npy --input=%t/s.npy --statistics=%t/empty.json
// RUN: FileCheck %t/model.mlir --check-prefix=EMPTY < %t/empty.json

//--- model.mlir
// Observers of one name share one buffer.
// CHECK: module attributes {
// CHECK-SAME: quanta.observers = [{kind = "min_max", name = "x", symbol = "quanta_observer_0"}, {kind = "min_max", name = "s", symbol = "quanta_observer_1"}]
// CHECK-DAG: memref.global @quanta_observer_0 : memref<9xf64> = dense<[0.000000e+00, 0x7FF0000000000000, 0xFFF0000000000000, 0.000000e+00, 0.000000e+00, 0.000000e+00, 0.000000e+00, 0.000000e+00, 0.000000e+00]>
// CHECK-DAG: memref.global @quanta_observer_1 : memref<9xf64>
// CHECK-NOT: memref.global

module attributes {quanta.fingerprint = "0123"} {
  // CHECK-LABEL: func.func @main
  // CHECK-SAME: %[[X:[a-z0-9_]+]]: tensor<?x4xf32>
  // CHECK-NOT: quanta.observe
  // CHECK: linalg.generic {{.*}} iterator_types = ["reduction", "reduction"]} ins(%[[X]] : tensor<?x4xf32>)
  // CHECK: memref.store
  // CHECK: linalg.generic {{.*}} iterator_types = ["reduction", "reduction"]} ins(%[[X]] : tensor<?x4xf32>)
  // CHECK: linalg.generic {{.*}} iterator_types = []}
  // CHECK: return %[[X]]
  func.func @main(%x: tensor<?x4xf32>, %s: tensor<f32>) -> (tensor<?x4xf32>, tensor<f32>) {
    %0 = quanta.observe %x, "x" using min_max : tensor<?x4xf32>
    %1 = quanta.observe %0, "x" using min_max : tensor<?x4xf32>
    %2 = quanta.observe %s, "s" using min_max : tensor<f32>
    return %1, %2 : tensor<?x4xf32>, tensor<f32>
  }
}

// NaNs and infinities are counted and do not widen the range; a scalar counts
// as one element.
// JSON: "fingerprint": "0123"
// JSON: "s": {
// JSON: "elements": 1,
// JSON: "min": 0.5,
// JSON: "max": 0.5,
// JSON: "x": {
// JSON: "kind": "min_max",
// JSON: "elements": 16,
// JSON: "min": -5,
// JSON: "max": 3,
// JSON: "nans": 4,
// JSON: "infs": 2,
// JSON: "batches": 2

// EMPTY: "x": {
// EMPTY: "elements": 0,
// EMPTY-NOT: "min"
// EMPTY: "nans": 0,
