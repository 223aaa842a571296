// Layers that are no contractions in the schemes fp16 and bf16, by rules.

// RUN: split-file %s %t
// RUN: quant-opt %t/model.mlir --quanta-insert-observers --quanta-apply-calibration=recipe=%t/recipe.yaml -o %t/simulated.mlir 2>%t/warnings
// RUN: FileCheck %s --input-file=%t/simulated.mlir
// RUN: FileCheck %s --check-prefix=IDLE --input-file=%t/warnings
// RUN: quant-opt %t/simulated.mlir --quanta-fuse --quanta-quantize --cse --canonicalize -o %t/quantized.mlir
// RUN: FileCheck %s --check-prefix=QUANTIZED --input-file=%t/quantized.mlir
// RUN: quant-opt %t/quantized.mlir --quanta-report -o /dev/null 2>&1 | FileCheck %s --check-prefix=REPORT
// RUN: quant-opt %t/quantized.mlir --quanta-rewrite-types | FileCheck %s --check-prefix=INTEGER --implicit-check-not=quanta.layer

// A tensor is rounded once for all who read it, and not again if it is rounded.
// What a maximum leaves needs no rounding; numbers stay as they are.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:.*]]: tensor<2x4xf32>, %[[D:.*]]: tensor<4xf64>
// CHECK-DAG: %[[RX:.*]] = quanta.fake_quant %[[X]] as f16
// CHECK-DAG: %[[C:.*]] = arith.constant dense<[1.000000e-01, 2.000000e-01, 3.000000e-01, 4.000000e-01]>
// CHECK-DAG: %[[RC:.*]] = quanta.fake_quant %[[C]] as f16
// CHECK: %[[A:.*]] = arith.addf %[[RX]], %[[RX]] {quanta.float16 = "fp16", quanta.layer = "main/addf_0"}
// CHECK: %[[RA:.*]] = quanta.fake_quant %[[A]] as f16
// CHECK: linalg.generic {{.*}} ins(%[[RA]], %[[RC]] : tensor<2x4xf32>, tensor<4xf32>) {{.*}}quanta.layer = "scale"
// CHECK: %[[M:.*]] = quanta.fake_quant %{{.*}} as f16
// CHECK: %[[RELU:.*]] = linalg.generic {{.*}} ins(%[[M]] : tensor<2x4xf32>) {{.*}}quanta.layer = "main/generic_0"
// Another type is another rounding, and float none.
// CHECK: %[[B:.*]] = quanta.fake_quant %[[RELU]] as bf16
// CHECK-NOT: quanta.fake_quant %[[RELU]] as f16
// CHECK: arith.mulf %[[B]], %[[B]] {quanta.float16 = "bf16", quanta.layer = "main/mulf_0"}
// CHECK: %[[RB:.*]] = quanta.fake_quant %{{.*}} as bf16
// CHECK: arith.subf %[[RB]], %[[X]] : tensor<2x4xf32>
// What cannot be rounded keeps the reason.
// CHECK: linalg.generic {{.*}}quanta.float_reason = "its constant operand 1 has the value 7.0000E+04 at element 1, which fp16 cannot hold"
// CHECK: arith.addf %[[D]], %[[D]] {quanta.float_reason = "it reads f64: only f32 is rounded to fp16"}

// CHECK-LABEL: func.func @softmax
// CHECK: %[[R:.*]] = quanta.fake_quant %{{.*}} as f16
// CHECK: %[[S:.*]] = linalg.softmax {{.*}}quanta.layer = "softmax/softmax_0"{{.*}} ins(%[[R]] :
// CHECK: quanta.fake_quant %[[S]] as f16

// IDLE: warning: recipe file '{{.*}}': rule 4 (name 'main/nothing_0') applies to no activation of this model
// IDLE-NOT: warning

// Tensors are rounded where they come from; constants are stored in 16 bits.
// QUANTIZED: arith.constant dense<[9.997550e-02, 1.999510e-01, 3.000490e-01, 3.999020e-01]> : tensor<4xf16>
// QUANTIZED: arith.truncf %{{.*}} : f32 to f16
// QUANTIZED: arith.extf %{{.*}} : f16 to f32

// REPORT-DAG: remark: stays in float: its constant operand 1 has the value 7.0000E+04 at element 1, which fp16 cannot hold
// REPORT-DAG: remark: stays in float: it reads f64: only f32 is rounded to fp16
// REPORT-DAG: remark: 'main/addf_0' is fp16: inputs and result rounded, f32 between
// REPORT-DAG: remark: 'scale' is fp16: inputs and result rounded, f32 between
// REPORT-DAG: remark: 'main/mulf_0' is bf16: inputs and result rounded, f32 between

// INTEGER: arith.truncf %{{.*}} : f32 to f16

//--- recipe.yaml
format: quanta-recipe
version: 1
scheme: fp16
rules:
  - name: "main/mulf_*"
    scheme: bf16
  - op: "arith.subf"
    scheme: float
  - name: "scale"
    scheme: fp16
  - name: "main/nothing_0"
    scheme: bf16
//--- model.mlir
#row = affine_map<(m, n) -> (m, n)>
#col = affine_map<(m, n) -> (n)>
func.func @main(%x: tensor<2x4xf32>, %d: tensor<4xf64>) -> (tensor<2x4xf32>, tensor<2x4xf32>, tensor<4xf64>, tensor<2x4xf32>) {
  %c = arith.constant dense<[0.1, 0.2, 0.3, 0.4]> : tensor<4xf32>
  %large = arith.constant dense<[1.0, 70000.0, 1.0, 1.0]> : tensor<4xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x4xf32>
  %0 = arith.addf %x, %x : tensor<2x4xf32>
  %1 = linalg.generic {indexing_maps = [#row, #col, #row], iterator_types = ["parallel", "parallel"]} ins(%0, %c : tensor<2x4xf32>, tensor<4xf32>) outs(%e : tensor<2x4xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %t = arith.mulf %a, %b : f32
    linalg.yield %t : f32
  } -> tensor<2x4xf32> loc("scale")
  %2 = linalg.generic {indexing_maps = [#row, #row], iterator_types = ["parallel", "parallel"]} ins(%1 : tensor<2x4xf32>) outs(%e : tensor<2x4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %t = arith.maximumf %a, %zero : f32
    linalg.yield %t : f32
  } -> tensor<2x4xf32>
  %3 = arith.mulf %2, %2 : tensor<2x4xf32>
  %4 = arith.subf %3, %x : tensor<2x4xf32>
  %5 = linalg.generic {indexing_maps = [#row, #col, #row], iterator_types = ["parallel", "parallel"]} ins(%0, %large : tensor<2x4xf32>, tensor<4xf32>) outs(%e : tensor<2x4xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %t = arith.mulf %a, %b : f32
    linalg.yield %t : f32
  } -> tensor<2x4xf32>
  %6 = arith.addf %d, %d : tensor<4xf64>
  // What is returned is a layer of its own.
  return %4, %5, %6, %2 : tensor<2x4xf32>, tensor<2x4xf32>, tensor<4xf64>, tensor<2x4xf32>
}
func.func @softmax(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %e = tensor.empty() : tensor<4x4xf32>
  %0 = linalg.softmax dimension(1) ins(%x : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}
