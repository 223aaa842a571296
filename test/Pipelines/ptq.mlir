// RUN: split-file %s %t
// RUN: %python %quanta_src/test/Inputs/npy.py %t/x.npy "numpy.linspace(-1, 1, 12).reshape(4, 3).astype('f')"
// RUN: quant-opt %t/model.mlir --quanta-insert-observers=observer=min_max -o %t/observed.mlir
// RUN: quant-run %t/observed.mlir --input=%t/x.npy --statistics=%t/s.json
// RUN: quant-opt %t/model.mlir --quanta-ptq="statistics=%t/s.json report=%t/report.json strict=true" -o %t/integer.mlir
// RUN: FileCheck %t/model.mlir < %t/integer.mlir
// RUN: FileCheck %t/model.mlir --check-prefix=REPORT < %t/report.json

// From the observed and the simulated stage, the same program.
// RUN: quant-opt %t/observed.mlir --quanta-ptq="statistics=%t/s.json report=%t/report.json" -o %t/from-observed.mlir
// RUN: cmp %t/integer.mlir %t/from-observed.mlir
// RUN: quant-opt %t/observed.mlir --quanta-apply-calibration=statistics=%t/s.json \
// RUN:   | quant-opt --quanta-ptq=report=%t/report.json -o %t/from-simulated.mlir
// RUN: cmp %t/integer.mlir %t/from-simulated.mlir

// The passes one at a time give the same program as well.
// RUN: quant-opt %t/observed.mlir --quanta-apply-calibration=statistics=%t/s.json --quanta-fuse --quanta-quantize \
// RUN:   --cse --canonicalize --quanta-rewrite-types --canonicalize --cse -o %t/by-hand.mlir
// RUN: cmp %t/integer.mlir %t/by-hand.mlir

// Without statistics, with those of another model; from the quantized stage it goes on.
// RUN: not quant-opt %t/model.mlir --quanta-ptq 2>&1 | FileCheck %s --check-prefix=NO-FILE
// RUN: sed s/0.75/0.5/ %t/model.mlir > %t/other.mlir
// RUN: not quant-opt %t/other.mlir --quanta-ptq=statistics=%t/s.json 2>&1 | FileCheck %s --check-prefix=FOREIGN
// RUN: quant-opt %t/quantized.mlir --quanta-ptq | FileCheck %s --check-prefix=STAGE

// What the recipe keeps in float is said, and refused by strict.
// RUN: quant-opt %t/model.mlir --quanta-ptq="statistics=%t/s.json recipe=%t/recipe.yaml" -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: not quant-opt %t/model.mlir --quanta-ptq="statistics=%t/s.json recipe=%t/recipe.yaml strict=true" -o /dev/null 2>&1 \
// RUN:   | FileCheck %s --check-prefix=STRICT

// NO-FILE: error: quanta-apply-calibration needs statistics=FILE
// FOREIGN: error: statistics file '{{.*}}s.json' belongs to another model
// STAGE: func.func @main(%arg0: tensor<4xi8>) -> tensor<4xi8>
// STAGE-NOT: quanta.dequantize
// REMARK: model.mlir:{{.*}} remark: stays in float: kept by hand
// STRICT: model.mlir:{{.*}} error: 'linalg.matmul' op stays in float, which strict forbids: kept by hand

//--- model.mlir
// The first layer ends in u8, the second in f32; nothing of the model is float
// in between but the scales.
// CHECK: module attributes {quanta.fingerprint =
// CHECK-LABEL: func.func @main(%{{.*}}: tensor<?x3xf32>) -> tensor<?x2xf32>
// CHECK-SAME: quanta.signature = (tensor<?x3xf32>) -> tensor<?x2xf32>
// CHECK-DAG: arith.constant dense<{{.*}}> : tensor<3x4xi8>
// CHECK-DAG: arith.constant dense<{{.*}}> : tensor<4x2xi8>
// CHECK-DAG: arith.constant dense<{{.*}}> : tensor<4xi32>
// CHECK: outs(%{{.*}} : tensor<?x3xi8>)
// CHECK: ins(%{{.*}}, %{{.*}} : tensor<?x3xi8>, tensor<3x4xi8>) outs(%{{.*}} : tensor<?x4xi32>)
// CHECK: outs(%{{.*}} : tensor<?x4xi8>)
// CHECK: ins(%{{.*}}, %{{.*}} : tensor<?x4xi8>, tensor<4x2xi8>) outs(%{{.*}} : tensor<?x2xi32>)
// CHECK: outs(%{{.*}} : tensor<?x2xf32>)
// CHECK-NOT: quant{{[.]}}

// REPORT: "int8_mac_share": 1,
// REPORT: "left_in_float": []
#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d1)>
func.func @main(%x: tensor<?x3xf32>) -> tensor<?x2xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %w0 = arith.constant dense<[[0.5, 0.75, -1.0, 0.25], [1.0, -1.0, 0.5, 0.125], [0.25, -0.5, 0.375, 1.0]]> : tensor<3x4xf32>
  %w1 = arith.constant dense<[[0.5, 0.75], [1.0, -1.0], [0.25, -0.5], [0.375, 1.0]]> : tensor<4x2xf32>
  %b = arith.constant dense<[0.5, -0.25, 0.0, 1.0]> : tensor<4xf32>
  %n = tensor.dim %x, %c0 : tensor<?x3xf32>
  %e0 = tensor.empty(%n) : tensor<?x4xf32>
  %e1 = tensor.empty(%n) : tensor<?x2xf32>
  %i0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?x4xf32>) -> tensor<?x4xf32>
  %i1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<?x2xf32>) -> tensor<?x2xf32>
  %y0 = linalg.matmul ins(%x, %w0 : tensor<?x3xf32>, tensor<3x4xf32>) outs(%i0 : tensor<?x4xf32>) -> tensor<?x4xf32>
  %r0 = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%y0, %b : tensor<?x4xf32>, tensor<4xf32>) outs(%e0 : tensor<?x4xf32>) {
  ^bb0(%a: f32, %c: f32, %o: f32):
    %s = arith.addf %a, %c : f32
    %m = arith.maximumf %s, %zero : f32
    linalg.yield %m : f32
  } -> tensor<?x4xf32>
  %y1 = linalg.matmul ins(%r0, %w1 : tensor<?x4xf32>, tensor<4x2xf32>) outs(%i1 : tensor<?x2xf32>) -> tensor<?x2xf32>
  return %y1 : tensor<?x2xf32>
}

//--- quantized.mlir
func.func @main(%x: tensor<4x!quant.uniform<u8:f32, 0.5>>) -> tensor<4x!quant.uniform<u8:f32, 0.5>> {
  return %x : tensor<4x!quant.uniform<u8:f32, 0.5>>
}

//--- recipe.yaml
format: quanta-recipe
version: 1
rules:
  - name: "main/matmul_1/lhs"
    scheme: float
    reason: kept by hand
