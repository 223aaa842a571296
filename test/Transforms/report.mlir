// RUN: split-file %s %t
// RUN: quant-opt %t/model.mlir --quanta-report -o /dev/null 2>&1 | FileCheck %t/model.mlir --check-prefix=REMARK
// RUN: quant-opt %t/model.mlir --quanta-report=output=%t/report.json -o /dev/null 2>&1 | count 0
// RUN: FileCheck %t/model.mlir --check-prefix=JSON < %t/report.json
// RUN: %python -m json.tool %t/report.json /dev/null
// RUN: not quant-opt %t/model.mlir --quanta-report=strict=true -o /dev/null 2>&1 | FileCheck %t/model.mlir --check-prefix=STRICT
// RUN: not quant-opt %t/model.mlir --quanta-report=output=%t/no/such/folder/report.json -o /dev/null 2>&1 \
// RUN:   | FileCheck %t/model.mlir --check-prefix=UNWRITABLE
// RUN: quant-opt %t/all-integer.mlir --quanta-report=strict=true -o /dev/null 2>&1 | count 0
// RUN: quant-opt %t/all-integer.mlir --quanta-report=output=- -o /dev/null | FileCheck %t/all-integer.mlir
// RUN: quant-opt %t/three-factors.mlir --quanta-report=output=- -o /dev/null | FileCheck %t/three-factors.mlir
// RUN: quant-opt %t/two-operations.mlir --quanta-report=output=- -o /dev/null | FileCheck %t/two-operations.mlir
// RUN: quant-opt %t/foreign.mlir --quanta-report=output=- -o /dev/null | FileCheck %t/foreign.mlir
// RUN: not quant-opt %t/foreign.mlir --quanta-report=strict=true -o /dev/null 2>&1 | FileCheck %t/foreign.mlir --check-prefix=STRICT
// RUN: not quant-opt %t/foreign.mlir --quanta-to-llvm -o /dev/null 2>&1 | FileCheck %t/foreign.mlir --check-prefix=CODE
// RUN: quant-opt %t/bytes.mlir --quanta-report=output=- -o /dev/null | FileCheck %t/bytes.mlir
// RUN: quant-opt %t/products.mlir --quanta-report=output=- -o /dev/null | FileCheck %t/products.mlir
// RUN: not quant-opt %t/products.mlir --quanta-report=strict=true -o /dev/null 2>&1 | FileCheck %t/products.mlir --check-prefix=STRICT
// RUN: not quant-opt %t/simulated.mlir --quanta-report -o /dev/null 2>&1 | FileCheck %t/simulated.mlir
// RUN: not quant-opt %t/integer.mlir --quanta-report -o /dev/null 2>&1 | FileCheck %t/integer.mlir

//--- model.mlir
!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8<-127:127>:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.25>
#id = affine_map<(d0, d1) -> (d0, d1)>

func.func @main(%x: tensor<?x4x!u8>, %w: tensor<4x3x!i8>, %f: tensor<?x3xf32>, %g: tensor<3x2xf32>,
                %o: tensor<?x2xf32>, %p: tensor<?x3xf32>) -> (tensor<?x3x!acc>, tensor<?x2xf32>, tensor<?x3xf32>, f32) {
  // A dynamic size counts as one: 4 * 3 multiply-accumulates here, 3 * 2 and 5 below.
  %0 = quanta.matmul %x, %w : tensor<?x4x!u8>, tensor<4x3x!i8> -> tensor<?x3x!acc>
  // REMARK: remark: loc("fc2"): stays in float: too precious
  // STRICT: error: loc("fc2"): 'linalg.matmul' op stays in float, which strict forbids: too precious
  %1 = linalg.matmul {quanta.float_reason = "too precious"} ins(%f, %g : tensor<?x3xf32>, tensor<3x2xf32>)
      outs(%o : tensor<?x2xf32>) -> tensor<?x2xf32> loc("fc2")
  %2 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%f : tensor<?x3xf32>) outs(%p : tensor<?x3xf32>) {
  ^bb0(%a: f32, %b: f32):
    %t = math.tanh %a : f32
    linalg.yield %t : f32
  } -> tensor<?x3xf32>
  %v = arith.constant dense<1.0> : tensor<5xf32>
  %s = arith.constant dense<0.0> : tensor<f32>
  // REMARK: remark: stays in float: it has no quantized counterpart
  // STRICT: error: 'linalg.dot' op stays in float, which strict forbids: it has no quantized counterpart
  %3 = linalg.dot ins(%v, %v : tensor<5xf32>, tensor<5xf32>) outs(%s : tensor<f32>) -> tensor<f32>
  // Moving floats is not computing.
  %4 = tensor.extract %3[] : tensor<f32>
  %5 = linalg.fill ins(%4 : f32) outs(%p : tensor<?x3xf32>) -> tensor<?x3xf32>
  // REMARK: remark: stays in float: pooling: its input is stored as f32
  %i = arith.constant dense<1.0> : tensor<1x4x4x1xf32>
  %k = tensor.empty() : tensor<2x2xf32>
  %l = arith.constant dense<0.0> : tensor<1x3x3x1xf32>
  %6 = linalg.pooling_nhwc_sum ins(%i, %k : tensor<1x4x4x1xf32>, tensor<2x2xf32>) outs(%l : tensor<1x3x3x1xf32>) -> tensor<1x3x3x1xf32>
  %7 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> ()>], iterator_types = ["reduction"]}
      ins(%v : tensor<5xf32>) outs(%s : tensor<f32>) {
  ^bb0(%a: f32, %b: f32):
    %t = arith.addf %a, %b : f32
    linalg.yield %t : f32
  } -> tensor<f32>
  return %0, %1, %2, %4 : tensor<?x3x!acc>, tensor<?x2xf32>, tensor<?x3xf32>, f32
}
// Glue is counted, not listed.
// REMARK: remark: elementwise operations in float: 1; between contractions they work on values in registers, as f32
// REMARK: remark: reduction operations in float: 1; they sum or compare
// JSON: "int8_mac_share": 0.52{{[0-9]*}},
// JSON: "macs": 23,
// JSON: "contractions": [
// JSON: "op": "quanta.matmul",
// JSON-NEXT: "location": "{{.*}}model.mlir:9:
// JSON: "macs": 12,
// JSON: "integer": true
// JSON: "op": "linalg.matmul",
// JSON-NEXT: "location": "fc2"
// JSON: "integer": false
// JSON: "left_in_float": [
// JSON: "op": "linalg.matmul",
// JSON: "reason": "too precious",
// JSON: "macs": 6
// JSON-NOT: linalg.generic
// JSON: "op": "linalg.dot",
// JSON: "op": "linalg.pooling_nhwc_sum",
// JSON: "reason": "pooling: its input is stored as f32",
// JSON: "glue_in_float": [
// JSON: "kind": "elementwise",
// JSON-NEXT: "count": 1,
// JSON-NEXT: "reason": "between contractions
// JSON: "kind": "reduction",
// JSON-NEXT: "count": 1,
// UNWRITABLE: error: the report: cannot write {{.*}}/no/such/folder/report.json: No such file or directory

// A product of three factors counts, as nn.Bilinear makes one.
//--- three-factors.mlir
#x = affine_map<(b, o, i, j) -> (b, i)>
#w = affine_map<(b, o, i, j) -> (o, i, j)>
#y = affine_map<(b, o, i, j) -> (b, j)>
#z = affine_map<(b, o, i, j) -> (b, o)>
// CHECK: "int8_mac_share": 0,
// CHECK: "macs": 120,
// CHECK: "left_in_float": [
// CHECK: "reason": "a sum of products that is none of two matrices has no quantized counterpart",
// CHECK-NEXT: "macs": 120
func.func @main(%x: tensor<2x4xf32>, %w: tensor<3x4x5xf32>, %y: tensor<2x5xf32>, %o: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = linalg.generic {indexing_maps = [#x, #w, #y, #z], iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%x, %w, %y : tensor<2x4xf32>, tensor<3x4x5xf32>, tensor<2x5xf32>) outs(%o : tensor<2x3xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32, %s: f32):
    %p = arith.mulf %a, %b : f32
    %q = arith.mulf %p, %c : f32
    %t = arith.addf %s, %q : f32
    linalg.yield %t : f32
  } -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// So does a sum behind the products, but for one of what a mask weighs.
//--- two-operations.mlir
#x = affine_map<(b, o, i, j) -> (b, i)>
#y = affine_map<(b, o, i, j) -> (o, j)>
#all = affine_map<(b, o, i, j) -> (b, o, i, j)>
#z = affine_map<(b, o, i, j) -> (b, o)>
#row = affine_map<(b, i) -> (i)>
#rows = affine_map<(b, i) -> (b, i)>
#sum = affine_map<(b, i) -> (b)>
// CHECK: "int8_mac_share": 0,
// CHECK: "macs": 120,
// CHECK: "left_in_float": [
// CHECK: "location": "products"
// CHECK: "reason": "a sum of products that is none of two matrices has no quantized counterpart",
// CHECK-NEXT: "macs": 120
// CHECK-NOT: "reason": "a sum
func.func @main(%x: tensor<2x4xf32>, %y: tensor<3x5xf32>, %e: tensor<2x3x4x5xf32>, %o: tensor<2x3xf32>, %m: tensor<4xf32>, %r: tensor<2xf32>) -> (tensor<2x3xf32>, tensor<2xf32>) {
  %0 = linalg.generic {indexing_maps = [#x, #y, #all], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x, %y : tensor<2x4xf32>, tensor<3x5xf32>) outs(%e : tensor<2x3x4x5xf32>) {
  ^bb0(%a: f32, %b: f32, %s: f32):
    %p = arith.mulf %a, %b : f32
    linalg.yield %p : f32
  } -> tensor<2x3x4x5xf32>
  %1 = linalg.generic {indexing_maps = [#all, #z], iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%0 : tensor<2x3x4x5xf32>) outs(%o : tensor<2x3xf32>) {
  ^bb0(%a: f32, %s: f32):
    %t = arith.addf %s, %a : f32
    linalg.yield %t : f32
  } -> tensor<2x3xf32> loc("products")
  %2 = linalg.generic {indexing_maps = [#rows, #row, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%x, %m : tensor<2x4xf32>, tensor<4xf32>) outs(%x : tensor<2x4xf32>) {
  ^bb0(%a: f32, %b: f32, %s: f32):
    %p = arith.mulf %a, %b : f32
    linalg.yield %p : f32
  } -> tensor<2x4xf32>
  %3 = linalg.generic {indexing_maps = [#rows, #sum], iterator_types = ["parallel", "reduction"]}
      ins(%2 : tensor<2x4xf32>) outs(%r : tensor<2xf32>) {
  ^bb0(%a: f32, %s: f32):
    %t = arith.addf %s, %a : f32
    linalg.yield %t : f32
  } -> tensor<2xf32>
  return %1, %3 : tensor<2x3xf32>, tensor<2xf32>
}

//--- all-integer.mlir
!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8<-127:127>:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.25>
// CHECK: "int8_mac_share": 1,
// CHECK: "macs": 24,
// CHECK: "left_in_float": []
func.func @main(%x: tensor<2x4x!u8>, %w: tensor<4x3x!i8>) -> tensor<2x3x!acc> {
  %0 = quanta.matmul %x, %w : tensor<2x4x!u8>, tensor<4x3x!i8> -> tensor<2x3x!acc>
  return %0 : tensor<2x3x!acc>
}

//--- foreign.mlir
// Nothing is known of what it computes, but that it is there.
// CHECK: "macs": 0,
// CHECK: "left_in_float": [
// CHECK: "reason": "no pass knows operations of 'tosa': lower them to linalg first",
// CHECK-NOT: "reason"
// STRICT: error: 'tosa.tanh' op stays in float, which strict forbids: no pass knows operations of 'tosa': lower them to linalg first
// CODE: error: 'tosa.const' op is none that code generation knows: lower operations of 'tosa' to linalg first
func.func @main(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<1xf32>) {
  %0 = "tosa.const"() {values = dense<1.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %1 = tosa.tanh %x : (tensor<2xf32>) -> tensor<2xf32>
  return %1, %0 : tensor<2xf32>, tensor<1xf32>
}

//--- bytes.mlir
!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8<-127:127>:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.25>
// Two bytes of one factor are products of one contraction.
// CHECK: "int8_mac_share": 1,
// CHECK: "macs": 24,
func.func @main(%x: tensor<2x4x!u8>, %y: tensor<2x4x!u8>, %w: tensor<4x3x!i8>) -> (tensor<2x3x!acc>, tensor<2x3x!acc>) {
  %0 = quanta.matmul %x, %w {quanta.upper_byte} : tensor<2x4x!u8>, tensor<4x3x!i8> -> tensor<2x3x!acc>
  %1 = quanta.matmul %y, %w : tensor<2x4x!u8>, tensor<4x3x!i8> -> tensor<2x3x!acc>
  return %0, %1 : tensor<2x3x!acc>, tensor<2x3x!acc>
}

//--- simulated.mlir
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  // CHECK: error: 'quanta.fake_quant' op belongs to the simulated stage, but quanta-report takes the quantized stage
  %0 = quanta.fake_quant %x as !quant.uniform<u8:f32, 0.5> : tensor<2xf32>
  return %0 : tensor<2xf32>
}

//--- integer.mlir
func.func @main(%x: tensor<2x2xi8>, %o: tensor<2x2xi32>) -> tensor<2x2xi32> {
  // CHECK: error: 'linalg.matmul' op belongs to the integer stage, but quanta-report takes the quantized stage
  %0 = linalg.matmul ins(%x, %x : tensor<2x2xi8>, tensor<2x2xi8>) outs(%o : tensor<2x2xi32>) -> tensor<2x2xi32>
  return %0 : tensor<2x2xi32>
}

// Sums of products in any form count.
//--- products.mlir
// CHECK: "int8_mac_share": 0,
// CHECK: "macs": 312,
// CHECK: "left_in_float": [
// CHECK: "linalg.conv_2d_nhwc_fhwc_q"
// CHECK: "reason": "a convolution in this layout has no quantized counterpart",
// CHECK: "macs": 288
// CHECK: "linalg.generic"
// CHECK: "macs": 12
// CHECK: "linalg.generic"
// CHECK: "macs": 12
// STRICT-COUNT-3: op stays in float, which strict forbids
func.func @main(%q: tensor<2x!quant.uniform<u8:f32, 0.5>>, %x: tensor<1x4x4x1xf32>, %k: tensor<2x3x3x1xf32>, %zero: f32, %y: tensor<1x4x4x2xf32>, %p: tensor<1x6x6x1xf32>,
                %a: tensor<2x3xf32>, %b: tensor<3x2xf32>, %o: tensor<2x2xf32>) -> (tensor<1x4x4x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2xf32>) {
  %d = quanta.dequantize %q : tensor<2x!quant.uniform<u8:f32, 0.5>> to tensor<2xf32>
  %0 = linalg.conv_2d_nhwc_fhwc_q ins(%p, %k, %zero, %zero : tensor<1x6x6x1xf32>, tensor<2x3x3x1xf32>, f32, f32) outs(%y : tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  %1 = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : tensor<2x3xf32>, tensor<3x2xf32>) outs(%o : tensor<2x2xf32>) {
  ^bb0(%u: f32, %v: f32, %s: f32):
    %r = math.fma %u, %v, %s : f32
    linalg.yield %r : f32
  } -> tensor<2x2xf32>
  %2 = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : tensor<2x3xf32>, tensor<3x2xf32>) outs(%o : tensor<2x2xf32>) {
  ^bb0(%u: f32, %v: f32, %s: f32):
    %t = arith.mulf %u, %v : f32
    %r = arith.subf %s, %t : f32
    linalg.yield %r : f32
  } -> tensor<2x2xf32>
  return %0, %1, %2, %d : tensor<1x4x4x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2xf32>
}
