// Every kind of observer, in branches and loops, over batches of data with NaN
// and infinities.
//
// RUN: rm -rf %t && mkdir %t
// RUN: %python %S/../Inputs/npy.py %t/x.npy "numpy.array([[1, 2], [-3, 8], [5, 4], [numpy.nan, numpy.inf]], 'f4')"
// RUN: quant-run %s --entry=main --input=%t/x.npy --output=%t/y.npy --statistics=%t/s.json
// RUN: cmp %t/x.npy %t/y.npy
// RUN: FileCheck %s --input-file=%t/s.json
//
// RUN: quant-opt %s --quanta-lower-observers | FileCheck %s --check-prefix=STATE
// STATE-DAG: memref.global @{{.*}} : memref<9xf64>
// STATE-DAG: memref.global @{{.*}} : memref<17xf64>
// STATE-DAG: memref.global @{{.*}} : memref<4105xf64>
// STATE-DAG: memref.global @{{.*}} : memref<4165xf64>
// STATE-NOT: quanta.observe

// Two batches of two rows; 0.01 * 5 + 0.99 * (-3), 0.01 * 5 + 0.99 * 8 by PyTorch's rule.
// CHECK:      "average": {
// CHECK-NEXT:   "kind": "moving_average_min_max",
// CHECK-NEXT:   "elements": 8,
// CHECK-NEXT:   "min": -2.93{{[0-9]*}},
// CHECK-NEXT:   "max": 7.9{{[0-9]*}},
// CHECK-NEXT:   "nans": 1,
// CHECK-NEXT:   "infs": 1,
// CHECK-NEXT:   "batches": 2
// CHECK:      "average of channels": {
// CHECK-NEXT:   "kind": "moving_average_per_channel_min_max",
// CHECK-NEXT:   "elements": 8,
// CHECK-NEXT:   "min": -2.9{{[0-9]*}},
// CHECK-NEXT:   "max": 7.96{{[0-9]*}},
// CHECK:        "axis": 1,
// CHECK-NEXT:   "min": [-2.9{{[0-9]+}},2.02],
// CHECK-NEXT:   "max": [1.04,7.96]
// CHECK:      "branch": {
// CHECK-NEXT:   "kind": "min_max",
// CHECK-NEXT:   "elements": 4,
// CHECK-NEXT:   "min": -3,
// CHECK-NEXT:   "max": 8,
// CHECK:        "batches": 1
// CHECK:      "channels": {
// CHECK-NEXT:   "kind": "per_channel_min_max",
// CHECK:        "axis": 1,
// CHECK-NEXT:   "min": [-3,2],
// CHECK-NEXT:   "max": [5,8]
// CHECK:      "histogram": {
// CHECK-NEXT:   "kind": "histogram",
// CHECK-NEXT:   "elements": 8,
// CHECK-NEXT:   "min": -3,
// CHECK-NEXT:   "max": 8,
// CHECK:        "histogram": {
// CHECK-NEXT:     "width": 0.0078125,
// CHECK-NEXT:     "first": -384,
// CHECK-NEXT:     "counts": [1,0,{{.*}},1]
// CHECK-NOT:  "channels"
// CHECK:      "loop": {
// CHECK-NEXT:   "kind": "histogram",
// CHECK-NEXT:   "elements": 24,
// CHECK:        "nans": 3,
// CHECK:        "batches": 6
// CHECK-NOT:  "no data"

// The bins of 1, -3, 5 and 2, 8, 4 are 2^-7 wide: magnitudes from 1 to 2 are in
// octave 7 + 4, the infinity in none.
// CHECK:      "with channels": {
// CHECK-NEXT:   "kind": "histogram",
// CHECK:        "channels": {
// CHECK-NEXT:     "axis": 1,
// CHECK-NEXT:     "min": [-3,2],
// CHECK-NEXT:     "max": [5,8],
// CHECK-NEXT:     "octaves": {
// CHECK-NEXT:       "first": 11,
// CHECK-NEXT:       "counts": [1,1,1,0,0,1,1,1]
// CHECK-NEXT:     }

func.func @main(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %a = quanta.observe %x, "average" using moving_average_min_max : tensor<2x2xf32>
  %b = quanta.observe %a, "average of channels" using moving_average_per_channel_min_max axis 1 : tensor<2x2xf32>
  %c = quanta.observe %b, "channels" using per_channel_min_max axis 1 : tensor<2x2xf32>
  %d = quanta.observe %c, "histogram" using histogram : tensor<2x2xf32>
  %e = quanta.observe %d, "no data" using fixed : tensor<2x2xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %zero = arith.constant 3.0 : f32
  %first = tensor.extract %x[%c0, %c0] : tensor<2x2xf32>
  %is_small = arith.cmpf olt, %first, %zero : f32
  %f = scf.if %is_small -> tensor<2x2xf32> {
    %g = quanta.observe %e, "branch" using min_max : tensor<2x2xf32>
    scf.yield %g : tensor<2x2xf32>
  } else {
    scf.yield %e : tensor<2x2xf32>
  }
  %h = scf.for %i = %c0 to %c3 step %c1 iter_args(%v = %f) -> tensor<2x2xf32> {
    %w = quanta.observe %v, "loop" using histogram : tensor<2x2xf32>
    scf.yield %w : tensor<2x2xf32>
  }
  %i = quanta.observe %h, "with channels" using histogram axis 1 : tensor<2x2xf32>
  return %i : tensor<2x2xf32>
}
