// RUN: split-file %s %t
// RUN: quant-opt %t/model.mlir --quanta-apply-calibration=statistics=%t/good.json | FileCheck %s
// RUN: quant-opt %t/model.mlir --quanta-apply-calibration="statistics=%t/good.json recipe=%t/i8.yaml" | FileCheck %s --check-prefix=I8
// RUN: quant-opt %t/model.mlir --quanta-apply-calibration="statistics=%t/good.json recipe=%t/float.yaml" | FileCheck %s --check-prefix=FLOAT
// RUN: quant-opt %t/model.mlir --quanta-apply-calibration="statistics=%t/nan-data.json" 2>&1 | FileCheck %s --check-prefix=NAN-DATA
// RUN: quant-opt %t/shared.mlir --quanta-apply-calibration=statistics=%t/good.json | FileCheck %s --check-prefix=SHARED
// RUN: quant-opt %t/residual.mlir --quanta-insert-observers --quanta-apply-calibration=recipe=%t/given.yaml | FileCheck %t/residual.mlir --check-prefixes=RESIDUAL,DEFAULT
// RUN: quant-opt %t/residual.mlir --quanta-insert-observers --quanta-apply-calibration=recipe=%t/residual-float.yaml | FileCheck %t/residual.mlir --check-prefixes=RESIDUAL,EXACT
// RUN: quant-opt %t/residual.mlir --quanta-insert-observers --quanta-apply-calibration=recipe=%t/residual-quantized.yaml | FileCheck %t/residual.mlir --check-prefixes=RESIDUAL,QUANTIZED
// RUN: not quant-opt %t/residual.mlir --quanta-insert-observers --quanta-apply-calibration=recipe=%t/residual-wrong.yaml 2>&1 | FileCheck %s --check-prefix=WRONG-RESIDUAL
// WRONG-RESIDUAL: residual-wrong.yaml:3:11: error: {{.*}}'int8' is no residual: there are float, quantized

// RUN: not quant-opt %t/model.mlir --quanta-apply-calibration 2>&1 | FileCheck %s --check-prefix=NO-FILE
// RUN: not quant-opt %t/model.mlir --quanta-apply-calibration=statistics=%t/absent.json 2>&1 | FileCheck %s --check-prefix=ABSENT
// RUN: not quant-opt %t/model.mlir --quanta-apply-calibration=statistics=%t/foreign.json 2>&1 | FileCheck %s --check-prefix=FOREIGN
// RUN: not quant-opt %t/model.mlir --quanta-apply-calibration=statistics=%t/no-data.json 2>&1 | FileCheck %s --check-prefix=NO-DATA
// RUN: quant-opt %t/model.mlir --quanta-apply-calibration=statistics=%t/unreached.json 2>&1 | FileCheck %s --check-prefix=UNREACHED
// RUN: not quant-opt %t/model.mlir --quanta-apply-calibration=statistics=%t/unreached.json --quanta-fuse --quanta-quantize --quanta-report=strict=true 2>&1 | FileCheck %s --check-prefix=UNREACHED-STRICT
// RUN: quant-opt %t/model.mlir --quanta-apply-calibration="statistics=%t/unreached.json recipe=%t/dynamic.yaml" 2>&1 | FileCheck %s --check-prefix=UNREACHED-DYNAMIC --implicit-check-not=warning
// RUN: not quant-opt %t/model.mlir --quanta-apply-calibration=statistics=%t/only-nan.json 2>&1 | FileCheck %s --check-prefix=ONLY-NAN
// RUN: not quant-opt %t/model.mlir --quanta-apply-calibration=statistics=%t/missing.json 2>&1 | FileCheck %s --check-prefix=MISSING
// RUN: not quant-opt %t/model.mlir --quanta-apply-calibration="statistics=%t/good.json recipe=%t/absent.yaml" 2>&1 | FileCheck %s --check-prefix=NO-RECIPE
// RUN: not quant-opt %t/float.mlir --quanta-apply-calibration=statistics=%t/good.json 2>&1 | FileCheck %s --check-prefix=NOT-OBSERVED
// RUN: not quant-opt %t/simulated.mlir --quanta-apply-calibration=statistics=%t/good.json 2>&1 | FileCheck %s --check-prefix=STAGE
// RUN: not quant-opt %t/nan-weight.mlir --quanta-apply-calibration=statistics=%t/good.json 2>&1 | FileCheck %s --check-prefix=NAN-WEIGHT

// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:[a-z0-9_]+]]: tensor<?x2xf32>
// The range [-1, 1.55] in u8; the range [1, 2] is widened to hold zero.
// CHECK-DAG: %[[QX:.*]] = quanta.fake_quant %[[X]] as !quant.uniform<u8:f32, 0.0099999997764825{{.*}}:100> {name = "main/matmul_0/lhs"} : tensor<?x2xf32>
// One scale for each column, symmetric in the narrow range: 127 / 127 and 0.5.
// CHECK-DAG: %[[QW:.*]] = quanta.fake_quant %{{.*}} as !quant.uniform<i8<-127:127>:f32:1, {1.000000e+00,5.000000e-01}> : tensor<2x2xf32>
// CHECK: %[[Y:.*]] = linalg.matmul ins(%[[QX]], %[[QW]] :
// CHECK: %[[QY:.*]] = quanta.fake_quant %[[Y]] as !quant.uniform<u8:f32, 0.007843137718737125{{[0-9]*}}> {name = "main/matmul_1/lhs"}
// CHECK: %[[Z:.*]] = linalg.matmul ins(%[[QY]], %
// Results stay float, and observers are gone.
// CHECK-NOT: quanta.observe
// CHECK: return %[[Z]]

// I8-DAG: quanta.fake_quant %{{.*}} as !quant.uniform<i8:f32, 0.0099999997764825{{.*}}:-28> {name = "main/matmul_0/lhs"}
// One scale for the whole weight.
// I8-DAG: quanta.fake_quant %{{.*}} as !quant.uniform<i8<-127:127>:f32, 1.000000e+00> : tensor<2x2xf32>

// FLOAT-LABEL: func.func @main
// FLOAT: quanta.fake_quant {{.*}} "main/matmul_0/lhs"
// FLOAT-NOT: quanta.fake_quant {{.*}} "main/matmul_1/lhs"
// FLOAT: linalg.matmul {quanta.float_reason = "too precious"}
// FLOAT-NOT: quanta.observe

// NAN-DATA: model.mlir:{{.*}} warning: 'main/matmul_0/lhs' saw 2 NaNs and 1 infinities, which its range leaves out
// NAN-DATA: quanta.fake_quant

// UNREACHED: model.mlir:{{.*}} warning: stays in float: no sample reached 'main/matmul_1/lhs' in calibration
// UNREACHED: quanta.fake_quant {{.*}} "main/matmul_0/lhs"
// UNREACHED-NOT: quanta.fake_quant {{.*}} "main/matmul_1/lhs"
// UNREACHED: linalg.matmul {quanta.float_reason = "no sample reached 'main/matmul_1/lhs' in calibration"}
// UNREACHED-STRICT: error: 'linalg.matmul' op stays in float, which strict forbids: no sample reached 'main/matmul_1/lhs' in calibration
// UNREACHED-DYNAMIC: quanta.dynamic_fake_quant {{.*}} "main/matmul_1/lhs"

// An observed value and a weight that two contractions share are quantized once.
// SHARED-COUNT-2: quanta.fake_quant
// SHARED-NOT: quanta.fake_quant

// NO-FILE: error: quanta-apply-calibration needs statistics=FILE
// ABSENT: model.mlir:1:1: error: cannot read statistics file '{{.*}}absent.json': No such file or directory
// FOREIGN: error: statistics file '{{.*}}foreign.json' belongs to another model ('resnet'): run the observed program of this one
// NO-DATA: model.mlir:{{[0-9]+}}:{{.*}} error: 'quanta.observe' op 'main/matmul_0/lhs' saw no data: run the observed program on samples first
// ONLY-NAN: error: 'quanta.observe' op 'main/matmul_0/lhs' saw only NaNs and infinities
// MISSING: error: 'quanta.observe' op 'main/matmul_1/lhs' is not in statistics file '{{.*}}missing.json'
// NO-RECIPE: model.mlir:{{[0-9:]+}} error: cannot read recipe file '{{.*}}absent.yaml': No such file or directory
// NOT-OBSERVED: error: quanta-apply-calibration needs an observed module: run quanta-insert-observers first
// STAGE: error: 'quanta.fake_quant' op belongs to the simulated stage, but quanta-apply-calibration takes the float and observed stages
// NAN-WEIGHT: nan-weight.mlir:{{[0-9]+}}:{{.*}} error: 'linalg.matmul' op has a weight with the value {{nan|NaN}} at element 1

//--- model.mlir
module attributes {quanta.fingerprint = "0123"} {
  func.func @main(%x: tensor<?x2xf32>, %init: tensor<?x2xf32>) -> tensor<?x2xf32> {
    %w0 = arith.constant dense<[[127.0, -63.5], [1.0, 2.0]]> : tensor<2x2xf32>
    %w1 = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
    %ox = quanta.observe %x, "main/matmul_0/lhs" using min_max : tensor<?x2xf32>
    %y = linalg.matmul ins(%ox, %w0 : tensor<?x2xf32>, tensor<2x2xf32>) outs(%init : tensor<?x2xf32>) -> tensor<?x2xf32>
    %oy = quanta.observe %y, "main/matmul_1/lhs" using min_max : tensor<?x2xf32>
    %z = linalg.matmul ins(%oy, %w1 : tensor<?x2xf32>, tensor<2x2xf32>) outs(%init : tensor<?x2xf32>) -> tensor<?x2xf32>
    %oz = quanta.observe %z, "main/result_0" using min_max : tensor<?x2xf32>
    return %oz : tensor<?x2xf32>
  }
}

//--- shared.mlir
module attributes {quanta.fingerprint = "0123"} {
  func.func @main(%x: tensor<?x2xf32>, %init: tensor<?x2xf32>) -> (tensor<?x2xf32>, tensor<?x2xf32>) {
    %w = arith.constant dense<[[127.0, -63.5], [1.0, 2.0]]> : tensor<2x2xf32>
    %ox = quanta.observe %x, "main/matmul_0/lhs" using min_max : tensor<?x2xf32>
    %y = linalg.matmul ins(%ox, %w : tensor<?x2xf32>, tensor<2x2xf32>) outs(%init : tensor<?x2xf32>) -> tensor<?x2xf32>
    %z = linalg.matmul ins(%ox, %w : tensor<?x2xf32>, tensor<2x2xf32>) outs(%init : tensor<?x2xf32>) -> tensor<?x2xf32>
    return %y, %z : tensor<?x2xf32>, tensor<?x2xf32>
  }
}

//--- nan-weight.mlir
module attributes {quanta.fingerprint = "0123"} {
  func.func @main(%x: tensor<?x2xf32>, %init: tensor<?x2xf32>) -> tensor<?x2xf32> {
    %w = arith.constant dense<[[127.0, 0x7FC00000], [1.0, 2.0]]> : tensor<2x2xf32>
    %ox = quanta.observe %x, "main/matmul_0/lhs" using min_max : tensor<?x2xf32>
    %y = linalg.matmul ins(%ox, %w : tensor<?x2xf32>, tensor<2x2xf32>) outs(%init : tensor<?x2xf32>) -> tensor<?x2xf32>
    return %y : tensor<?x2xf32>
  }
}

//--- float.mlir
func.func @main(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  return %x : tensor<?x2xf32>
}

//--- simulated.mlir
module attributes {quanta.fingerprint = "0123"} {
  func.func @main(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
    %0 = quanta.fake_quant %x as !quant.uniform<u8:f32, 0.5> : tensor<?x2xf32>
    return %0 : tensor<?x2xf32>
  }
}

//--- good.json
{"format": "quanta-statistics", "version": 1, "fingerprint": "0123", "model": "m", "data": "d", "observers": {
  "main/matmul_0/lhs": {"kind": "min_max", "elements": 8, "min": -1.0, "max": 1.55, "nans": 0, "infs": 0, "batches": 1},
  "main/matmul_1/lhs": {"kind": "min_max", "elements": 8, "min": 1.0, "max": 2.0, "nans": 0, "infs": 0, "batches": 1}}}

//--- nan-data.json
{"format": "quanta-statistics", "version": 1, "fingerprint": "0123", "model": "m", "data": "d", "observers": {
  "main/matmul_0/lhs": {"kind": "min_max", "elements": 8, "min": -1.0, "max": 1.55, "nans": 2, "infs": 1, "batches": 1},
  "main/matmul_1/lhs": {"kind": "min_max", "elements": 8, "min": 1.0, "max": 2.0, "nans": 0, "infs": 0, "batches": 1}}}

//--- foreign.json
{"format": "quanta-statistics", "version": 1, "fingerprint": "4567", "model": "resnet", "data": "", "observers": {}}

//--- no-data.json
{"format": "quanta-statistics", "version": 1, "fingerprint": "0123", "model": "m", "data": "d", "observers": {
  "main/matmul_0/lhs": {"kind": "min_max", "elements": 0, "nans": 0, "infs": 0, "batches": 0}}}

//--- unreached.json
{"format": "quanta-statistics", "version": 1, "fingerprint": "0123", "model": "m", "data": "d", "observers": {
  "main/matmul_0/lhs": {"kind": "min_max", "elements": 8, "min": -1.0, "max": 1.55, "nans": 0, "infs": 0, "batches": 1},
  "main/matmul_1/lhs": {"kind": "min_max", "elements": 0, "nans": 0, "infs": 0, "batches": 0}}}

//--- dynamic.yaml
format: quanta-recipe
version: 1
rules:
  - {name: main/matmul_1/lhs, scheme: dynamic}

//--- only-nan.json
{"format": "quanta-statistics", "version": 1, "fingerprint": "0123", "model": "m", "data": "d", "observers": {
  "main/matmul_0/lhs": {"kind": "min_max", "elements": 3, "nans": 2, "infs": 1, "batches": 1}}}

//--- missing.json
{"format": "quanta-statistics", "version": 1, "fingerprint": "0123", "model": "m", "data": "d", "observers": {
  "main/matmul_0/lhs": {"kind": "min_max", "elements": 8, "min": -1.0, "max": 1.55, "nans": 0, "infs": 0, "batches": 1}}}

//--- i8.yaml
format: quanta-recipe
version: 1
activation: i8
weight: per_tensor

//--- float.yaml
format: quanta-recipe
version: 1
rules:
  - name: "main/matmul_1/*"
    scheme: float
    reason: too precious

//--- given.yaml
format: quanta-recipe
version: 1
rules:
  - name: "*"
    min: 0
    max: 2

//--- residual-float.yaml
format: quanta-recipe
version: 1
residual: float
rules:
  - name: "*"
    min: 0
    max: 2

//--- residual-quantized.yaml
format: quanta-recipe
version: 1
residual: quantized
rules:
  - name: "*"
    min: 0
    max: 2

//--- residual-wrong.yaml
format: quanta-recipe
version: 1
residual: int8

//--- residual.mlir
#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#rows = affine_map<(d0, d1) -> (d0, d1)>

// Elementwise operations read what the convolution reads, unless the recipe says
// otherwise.
// RESIDUAL-LABEL: func.func @convolution(
// RESIDUAL: %[[S:.*]] = linalg.generic
// RESIDUAL: %[[Q:.*]] = quanta.fake_quant %[[S]]
// DEFAULT: linalg.generic {{.*}} ins(%[[Q]] :
// EXACT: linalg.generic {{.*}} ins(%[[S]] :
// QUANTIZED: linalg.generic {{.*}} ins(%[[Q]] :
// RESIDUAL: %[[C:.*]] = linalg.conv_1d_nwc_wcf ins(%[[Q]],
// DEFAULT: linalg.generic {{.*}} ins(%[[C]], %[[Q]] :
// EXACT: linalg.generic {{.*}} ins(%[[C]], %[[S]] :
// QUANTIZED: linalg.generic {{.*}} ins(%[[C]], %[[Q]] :
func.func @convolution(%x: tensor<1x6x4xf32>, %e: tensor<1x6x4xf32>) -> (tensor<1x6x4xf32>, tensor<1x6x4xf32>) {
  %k = arith.constant dense<0.5> : tensor<1x4x4xf32>
  %s = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x : tensor<1x6x4xf32>) outs(%e : tensor<1x6x4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %t = math.absf %a : f32
    linalg.yield %t : f32
  } -> tensor<1x6x4xf32>
  %other = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%s : tensor<1x6x4xf32>) outs(%e : tensor<1x6x4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %t = math.exp %a : f32
    linalg.yield %t : f32
  } -> tensor<1x6x4xf32>
  %c = linalg.conv_1d_nwc_wcf ins(%s, %k : tensor<1x6x4xf32>, tensor<1x4x4xf32>) outs(%e : tensor<1x6x4xf32>) -> tensor<1x6x4xf32>
  %r = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%c, %s : tensor<1x6x4xf32>, tensor<1x6x4xf32>) outs(%e : tensor<1x6x4xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %t = arith.addf %a, %b : f32
    linalg.yield %t : f32
  } -> tensor<1x6x4xf32>
  return %r, %other : tensor<1x6x4xf32>, tensor<1x6x4xf32>
}

// RESIDUAL-LABEL: func.func @matmul(
// RESIDUAL: %[[S:.*]] = linalg.generic
// RESIDUAL: %[[Q:.*]] = quanta.fake_quant %[[S]]
// RESIDUAL: %[[C:.*]] = linalg.matmul ins(%[[Q]],
// DEFAULT: linalg.generic {{.*}} ins(%[[C]], %[[S]] :
// EXACT: linalg.generic {{.*}} ins(%[[C]], %[[S]] :
// QUANTIZED: linalg.generic {{.*}} ins(%[[C]], %[[Q]] :
func.func @matmul(%x: tensor<6x4xf32>, %e: tensor<6x4xf32>) -> tensor<6x4xf32> {
  %k = arith.constant dense<0.5> : tensor<4x4xf32>
  %s = linalg.generic {indexing_maps = [#rows, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<6x4xf32>) outs(%e : tensor<6x4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %t = math.absf %a : f32
    linalg.yield %t : f32
  } -> tensor<6x4xf32>
  %c = linalg.matmul ins(%s, %k : tensor<6x4xf32>, tensor<4x4xf32>) outs(%e : tensor<6x4xf32>) -> tensor<6x4xf32>
  %r = linalg.generic {indexing_maps = [#rows, #rows, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%c, %s : tensor<6x4xf32>, tensor<6x4xf32>) outs(%e : tensor<6x4xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %t = arith.addf %a, %b : f32
    linalg.yield %t : f32
  } -> tensor<6x4xf32>
  return %r : tensor<6x4xf32>
}
