// RUN: split-file %s %t
// RUN: quant-opt %t/model.mlir --quanta-smooth-activations="statistics=%t/s.json recipe=%t/half.yaml" | FileCheck %t/model.mlir
// RUN: quant-opt %t/model.mlir --quanta-smooth-activations="statistics=%t/s.json recipe=%t/mixed.yaml" | FileCheck %t/model.mlir --check-prefix=MIXED
// RUN: quant-opt %t/model.mlir --quanta-smooth-activations="statistics=%t/s.json recipe=%t/half.yaml" \
// RUN:   --quanta-smooth-activations="statistics=%t/s.json recipe=%t/half.yaml" | FileCheck %t/model.mlir

// Ranges are those of the divided values; with a scale for the whole weight, a
// contraction does not take over what follows it.
// RUN: quant-opt %t/model.mlir --quanta-apply-calibration="statistics=%t/s.json recipe=%t/half.yaml" | FileCheck %t/model.mlir --check-prefix=APPLY
// RUN: quant-opt %t/model.mlir --quanta-smooth-activations="statistics=%t/s.json recipe=%t/per_tensor.yaml" | FileCheck %t/model.mlir --check-prefix=TENSOR

// What counts are statistics of channels, not the observer in the program.
// RUN: quant-opt %t/ranges.mlir --quanta-smooth-activations="statistics=%t/s.json recipe=%t/half.yaml" | FileCheck %t/ranges.mlir
// RUN: not quant-opt %t/model.mlir --quanta-smooth-activations="statistics=%t/other.json recipe=%t/half.yaml" 2>&1 | FileCheck %t/other.json
// RUN: not quant-opt %t/model.mlir --quanta-smooth-activations 2>&1 | FileCheck %s --check-prefix=NONE
// NONE: error: quanta-smooth-activations needs statistics=FILE

//--- half.yaml
format: quanta-recipe
version: 1
smooth: 0.5

//--- mixed.yaml
format: quanta-recipe
version: 1
rules:
  - {name: norm, smooth: none}
  - {name: before, scheme: float}
  - {name: shared, scheme: weight_only}
  - {name: given, min: -1, max: 1}
  - {name: "*", smooth: 1}

//--- per_tensor.yaml
format: quanta-recipe
version: 1
smooth: 0.5
weight: per_tensor

//--- s.json
{"format": "quanta-statistics", "version": 1, "fingerprint": "0123", "observers": {
  "norm": {"kind": "per_channel_min_max", "elements": 8, "min": -64, "max": 16, "nans": 0, "infs": 0, "batches": 1,
           "channels": {"axis": 1, "min": [-1, -64], "max": [1, 16]}},
  "before": {"kind": "per_channel_min_max", "elements": 12, "min": -6, "max": 4, "nans": 0, "infs": 0, "batches": 1,
           "channels": {"axis": 1, "min": [-2, -4, -6], "max": [2, 3, 4]}},
  "hidden": {"kind": "per_channel_min_max", "elements": 8, "min": 0, "max": 16, "nans": 0, "infs": 0, "batches": 1,
           "channels": {"axis": 1, "min": [0, 0], "max": [1, 16]}},
  "shared": {"kind": "per_channel_min_max", "elements": 8, "min": 0, "max": 4, "nans": 0, "infs": 0, "batches": 1,
           "channels": {"axis": 1, "min": [0, 0], "max": [4, 0]}},
  "given": {"kind": "per_channel_min_max", "elements": 8, "min": -4, "max": 4, "nans": 0, "infs": 0, "batches": 1,
           "channels": {"axis": 1, "min": [-4, 0], "max": [1, 4]}}}}

//--- other.json
// CHECK: error: 'quanta.observe' op 'norm' is to be smoothed, but there are no statistics of its channels: calibrate with observer=histogram or per_channel_min_max
{"format": "quanta-statistics", "version": 1, "fingerprint": "0123", "observers": {
  "norm": {"kind": "min_max", "elements": 8, "min": -64, "max": 16, "nans": 0, "infs": 0, "batches": 1}}}

//--- model.mlir
#id = affine_map<(i, j) -> (i, j)>
#column = affine_map<(i, j) -> (j)>
#one = affine_map<(i, j) -> ()>
module attributes {quanta.fingerprint = "0123"} {
  // The numbers 1 and 8 go into scale and shift of the layer norm, and into the
  // rows of the weights.
  // CHECK-LABEL: func.func @norm
  // MIXED-LABEL: func.func @norm
  func.func @norm(%x: tensor<4x2xf32>, %z: tensor<4x3xf32>) -> tensor<4x3xf32> {
    %gamma = arith.constant dense<[2.0, 3.0]> : tensor<2xf32>
    %beta = arith.constant dense<[4.0, 5.0]> : tensor<2xf32>
    %e = tensor.empty() : tensor<4x2xf32>
    %w = arith.constant dense<[[1.0, 0.5, -1.0], [0.5, 1.0, 0.25]]> : tensor<2x3xf32>
    // CHECK-DAG: %[[GAMMA:.*]] = arith.constant dense<[2.000000e+00, 3.750000e-01]> : tensor<2xf32>
    // CHECK-DAG: %[[BETA:.*]] = arith.constant dense<[4.000000e+00, 6.250000e-01]> : tensor<2xf32>
    // CHECK: %[[N:.*]] = linalg.generic {{.*}} ins(%{{.*}}, %[[GAMMA]], %[[BETA]] :
    // CHECK-NOT: linalg.generic
    // CHECK: %[[O:.*]] = quanta.observe %[[N]], "norm" using per_channel_min_max axis 1 {smoothing = array<f32: 1.000000e+00, 8.000000e+00>}
    // CHECK: %[[W:.*]] = arith.constant dense<{{\[\[}}1.000000e+00, 5.000000e-01, -1.000000e+00], [4.000000e+00, 8.000000e+00, 2.000000e+00]]> : tensor<2x3xf32>
    // CHECK: linalg.matmul ins(%[[O]], %[[W]] :
    // MIXED: quanta.observe %{{.*}}, "norm" using per_channel_min_max axis 1 : tensor
    // APPLY: quanta.fake_quant %{{.*}} as !quant.uniform<u8:f32, 0.0392156{{[0-9]+}}:204> {name = "norm"}
    %n = linalg.generic {indexing_maps = [#id, #column, #column, #id], iterator_types = ["parallel", "parallel"]}
        ins(%x, %gamma, %beta : tensor<4x2xf32>, tensor<2xf32>, tensor<2xf32>) outs(%e : tensor<4x2xf32>) {
    ^bb0(%a: f32, %g: f32, %b: f32, %out: f32):
      %m = arith.mulf %a, %g : f32
      %s = arith.addf %m, %b : f32
      linalg.yield %s : f32
    } -> tensor<4x2xf32>
    %o = quanta.observe %n, "norm" using per_channel_min_max axis 1 : tensor<4x2xf32>
    %y = linalg.matmul ins(%o, %w : tensor<4x2xf32>, tensor<2x3xf32>) outs(%z : tensor<4x3xf32>) -> tensor<4x3xf32>
    return %y : tensor<4x3xf32>
  }

  // Through a reshape, a transpose, ReLU written as a choice, a bias that all
  // channels share, into the columns of the weights before. An alpha of 1 leaves
  // the weights that follow out of the formula.
  // CHECK-LABEL: func.func @hidden
  // TENSOR-LABEL: func.func @hidden
  func.func @hidden(%x: tensor<4x3xf32>, %z: tensor<4x3xf32>) -> tensor<4x3xf32> {
    %zero = arith.constant 0.0 : f32
    %bias = arith.constant dense<4.0> : tensor<f32>
    %v = arith.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
    %w = arith.constant dense<[[1.0, 0.5, -1.0], [1.0, 1.0, 0.25]]> : tensor<2x3xf32>
    %e = tensor.empty() : tensor<4x2xf32>
    %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4x2xf32>) -> tensor<4x2xf32>
    // CHECK-DAG: %[[V:.*]] = arith.constant dense<{{\[\[}}1.000000e+00, 5.000000e-01], [3.000000e+00, 1.000000e+00], [5.000000e+00, 1.500000e+00]]>
    // CHECK: linalg.matmul {quanta.result_axis = 1 : i64, quanta.result_scales = array<f32: 1.000000e+00, 2.500000e-01>} ins(%{{.*}}, %[[V]] :
    // CHECK: %[[BIAS:.*]] = arith.constant dense<[4.000000e+00, 1.000000e+00]> : tensor<2xf32>
    // CHECK: linalg.generic {{.*}} ins(%{{.*}}, %[[BIAS]] : tensor<4x2xf32>, tensor<2xf32>)
    // CHECK-NOT: linalg.generic
    // CHECK: quanta.observe %{{.*}}, "hidden" {{.*}} {smoothing = array<f32: 1.000000e+00, 4.000000e+00>}
    // CHECK: %[[W:.*]] = arith.constant dense<{{\[\[}}1.000000e+00, 5.000000e-01, -1.000000e+00], [4.000000e+00, 4.000000e+00, 1.000000e+00]]>
    // CHECK: linalg.matmul ins(%{{.*}}, %[[W]] :
    // MIXED: quanta.observe %{{.*}}, "hidden" {{.*}} {smoothing = array<f32: 1.000000e+00, 1.600000e+01>}
    // TENSOR: linalg.matmul ins(
    // TENSOR: quanta.observe %{{.*}}, "hidden" {{.*}} {smoothing =
    %ox = quanta.observe %x, "before" using per_channel_min_max axis 1 : tensor<4x3xf32>
    %h = linalg.matmul ins(%ox, %v : tensor<4x3xf32>, tensor<3x2xf32>) outs(%f : tensor<4x2xf32>) -> tensor<4x2xf32>
    %r = linalg.generic {indexing_maps = [#id, #one, #id], iterator_types = ["parallel", "parallel"]}
        ins(%h, %bias : tensor<4x2xf32>, tensor<f32>) outs(%e : tensor<4x2xf32>) {
    ^bb0(%a: f32, %b: f32, %out: f32):
      %s = arith.addf %a, %b : f32
      %p = arith.cmpf ogt, %s, %zero : f32
      %q = arith.select %p, %s, %zero : f32
      linalg.yield %q : f32
    } -> tensor<4x2xf32>
    %te = tensor.empty() : tensor<2x4xf32>
    %t = linalg.transpose ins(%r : tensor<4x2xf32>) outs(%te : tensor<2x4xf32>) permutation = [1, 0]
    %x3 = tensor.expand_shape %t [[0, 1], [2]] output_shape [1, 2, 4] : tensor<2x4xf32> into tensor<1x2x4xf32>
    %x2 = tensor.collapse_shape %x3 [[0, 1], [2]] : tensor<1x2x4xf32> into tensor<2x4xf32>
    %u = linalg.transpose ins(%x2 : tensor<2x4xf32>) outs(%e : tensor<4x2xf32>) permutation = [1, 0]
    %o = quanta.observe %u, "hidden" using per_channel_min_max axis 1 : tensor<4x2xf32>
    %y = linalg.matmul ins(%o, %w : tensor<4x2xf32>, tensor<2x3xf32>) outs(%z : tensor<4x3xf32>) -> tensor<4x3xf32>
    return %y : tensor<4x3xf32>
  }

  // Two contractions share the numbers: the second row of weights is largest in
  // the second of them, but its channel was always zero. A result and a product of
  // activations read what is not divided, so that there is a multiplication.
  // CHECK-LABEL: func.func @shared
  // CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<4x2xf32>
  // MIXED-LABEL: func.func @shared
  func.func @shared(%x: tensor<4x2xf32>, %k: tensor<2x4xf32>, %z: tensor<4x3xf32>, %zz: tensor<4x4xf32>)
      -> (tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x4xf32>, tensor<4x2xf32>) {
    // CHECK-DAG: %[[INVERSE:.*]] = arith.constant dense<[2.500000e-01, 1.000000e+00]> : tensor<2xf32>
    // CHECK: %[[D:.*]] = linalg.generic {{.*}} ins(%[[X]], %[[INVERSE]] :
    // CHECK: arith.mulf
    // CHECK: %[[OD:.*]] = quanta.observe %[[D]], "shared" {{.*}} {smoothing = array<f32: 4.000000e+00, 1.000000e+00>}
    // CHECK: %[[OX:.*]] = quanta.observe %[[X]], "shared" using per_channel_min_max axis 1 : tensor
    // CHECK: %[[W0:.*]] = arith.constant dense<{{\[\[}}4.000000e-01, 1.000000e+00, -4.000000e-01], [1.000000e+00, 1.000000e+00, 1.000000e+00]]>
    // CHECK: linalg.matmul ins(%[[OD]], %[[W0]] :
    // CHECK: %[[W1:.*]] = arith.constant dense<{{\[\[}}5.000000e-01, 4.000000e-01, -4.000000e-01], [3.000000e+00, 8.000000e+00, 1.000000e+00]]>
    // CHECK: linalg.matmul ins(%[[OD]], %[[W1]] :
    // CHECK: linalg.matmul ins(%[[OX]], %{{.*}} :
    // CHECK: return {{.*}}, %[[OX]] :
    // MIXED: quanta.observe %{{.*}}, "shared" using per_channel_min_max axis 1 : tensor
    // MIXED-NOT: smoothing
    // MIXED: return
    %w0 = arith.constant dense<[[0.1, 0.25, -0.1], [1.0, 1.0, 1.0]]> : tensor<2x3xf32>
    %w1 = arith.constant dense<[[0.125, 0.1, -0.1], [3.0, 8.0, 1.0]]> : tensor<2x3xf32>
    %o = quanta.observe %x, "shared" using per_channel_min_max axis 1 : tensor<4x2xf32>
    %y0 = linalg.matmul ins(%o, %w0 : tensor<4x2xf32>, tensor<2x3xf32>) outs(%z : tensor<4x3xf32>) -> tensor<4x3xf32>
    %y1 = linalg.matmul ins(%o, %w1 : tensor<4x2xf32>, tensor<2x3xf32>) outs(%z : tensor<4x3xf32>) -> tensor<4x3xf32>
    %y2 = linalg.matmul ins(%o, %k : tensor<4x2xf32>, tensor<2x4xf32>) outs(%zz : tensor<4x4xf32>) -> tensor<4x4xf32>
    return %y0, %y1, %y2, %o : tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x4xf32>, tensor<4x2xf32>
  }

  // Elementwise work that is not linear stays in front of a multiplication. The
  // channels of a convolution are its input channels.
  // CHECK-LABEL: func.func @given
  // CHECK: linalg.exp
  // CHECK: linalg.generic
  // CHECK: quanta.observe %{{.*}}, "given" using per_channel_min_max axis 1 {smoothing = array<f32: 1.600000e+01, 3.125000e-02>}
  // MIXED-LABEL: func.func @given
  // MIXED: quanta.observe %{{.*}}, "given" using per_channel_min_max axis 1 : tensor
  func.func @given(%x: tensor<1x2x4xf32>, %z: tensor<1x3x3xf32>) -> tensor<1x3x3xf32> {
    %w = arith.constant dense<[[[0.01, 0.0], [4096.0, 1.0]], [[0.0, 0.015625], [0.5, 0.5]], [[0.0, 0.0], [1.0, 1.0]]]> : tensor<3x2x2xf32>
    %e = tensor.empty() : tensor<1x2x4xf32>
    %s = linalg.exp ins(%x : tensor<1x2x4xf32>) outs(%e : tensor<1x2x4xf32>) -> tensor<1x2x4xf32>
    %o = quanta.observe %s, "given" using per_channel_min_max axis 1 : tensor<1x2x4xf32>
    %y = linalg.conv_1d_ncw_fcw ins(%o, %w : tensor<1x2x4xf32>, tensor<3x2x2xf32>) outs(%z : tensor<1x3x3xf32>) -> tensor<1x3x3xf32>
    return %y : tensor<1x3x3xf32>
  }
}

//--- ranges.mlir
module attributes {quanta.fingerprint = "0123"} {
  func.func @main(%x: tensor<4x2xf32>, %z: tensor<4x3xf32>) -> tensor<4x3xf32> {
    %w = arith.constant dense<1.0> : tensor<2x3xf32>
    // CHECK: quanta.observe %{{.*}}, "hidden" using min_max axis 1 {smoothing = array<f32: 1.000000e+00, 4.000000e+00>}
    %o = quanta.observe %x, "hidden" using min_max : tensor<4x2xf32>
    %y = linalg.matmul ins(%o, %w : tensor<4x2xf32>, tensor<2x3xf32>) outs(%z : tensor<4x3xf32>) -> tensor<4x3xf32>
    return %y : tensor<4x3xf32>
  }
}
