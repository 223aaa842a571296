// RUN: split-file %s %t
// RUN: quant-opt %t/model.mlir --quanta-quantize --cse --canonicalize 2> %t/remarks | FileCheck %t/model.mlir
// RUN: FileCheck %t/model.mlir --check-prefix=REMARK < %t/remarks
// RUN: quant-opt %t/edge.mlir --quanta-quantize --cse --canonicalize | FileCheck %t/edge.mlir
// RUN: not quant-opt %t/observed.mlir --quanta-quantize 2>&1 | FileCheck %t/observed.mlir

//--- model.mlir
#id = affine_map<(d0, d1) -> (d0, d1)>

// Weights and bias are quantized at compile time; the accumulators of the first
// layer, ReLU and the quantization of the second's input are one requantize.
// CHECK-LABEL: func.func @two_layers
// CHECK-SAME: %[[X:[a-z0-9_]+]]: tensor<?x2xf32>
func.func @two_layers(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  // CHECK-DAG: %[[W:.*]] = arith.constant dense<{{\[}}[127, -127], [2, 4]]> : tensor<2x2xi8>
  // CHECK-DAG: %[[B:.*]] = arith.constant dense<[2, -6]> : tensor<2xi32>
  // CHECK-DAG: %[[QX:.*]] = quanta.quantize %[[X]] {name = "x"} : tensor<?x2xf32> to tensor<?x2x!quant.uniform<u8:f32, 5.000000e-01:3>>
  // CHECK-DAG: %[[QW:.*]] = quant.scast %[[W]] : tensor<2x2xi8> to tensor<2x2x!quant.uniform<i8<-127:127>:f32:1, {1.000000e+00,5.000000e-01}>>
  // CHECK-DAG: %[[QB:.*]] = quant.scast %[[B]] : tensor<2xi32> to tensor<2x!quant.uniform<i32:f32:0, {5.000000e-01,2.500000e-01}>>
  // CHECK: %[[A:.*]] = quanta.matmul %[[QX]], %[[QW]] bias %[[QB]] : {{.*}} -> tensor<?x2x!quant.uniform<i32:f32:1, {5.000000e-01,2.500000e-01}>>
  // CHECK: %[[R:.*]] = quanta.requantize %[[A]] clamp [7, 255] {name = "y"} : {{.*}} to tensor<?x2x!quant.uniform<u8:f32, 1.250000e-01:7>>
  // CHECK: %[[C:.*]] = quanta.matmul %[[R]], %
  // CHECK: %[[D:.*]] = quanta.dequantize %[[C]]
  // CHECK: return %[[D]]
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[127.0, -63.5], [2.0, 2.0]]> : tensor<2x2xf32>
  // 1.25 / 0.5 = 2.5 rounds to even.
  %b = arith.constant dense<[1.0, -1.5]> : tensor<2xf32>
  %n = tensor.dim %x, %c0 : tensor<?x2xf32>
  %empty = tensor.empty(%n) : tensor<?x2xf32>
  %bias = linalg.broadcast ins(%b : tensor<2xf32>) outs(%empty : tensor<?x2xf32>) dimensions = [0]
  %zeros = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x2xf32>) -> tensor<?x2xf32>
  %qx = quanta.fake_quant %x as !quant.uniform<u8:f32, 0.5:3> {name = "x"} : tensor<?x2xf32>
  %qw = quanta.fake_quant %w as !quant.uniform<i8<-127:127>:f32:1, {1.0, 0.5}> : tensor<2x2xf32>
  %y = linalg.matmul ins(%qx, %qw : tensor<?x2xf32>, tensor<2x2xf32>) outs(%bias : tensor<?x2xf32>) -> tensor<?x2xf32>
  %relu = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%y : tensor<?x2xf32>) outs(%empty : tensor<?x2xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.maximumf %a, %zero : f32
    linalg.yield %m : f32
  } -> tensor<?x2xf32>
  %qy = quanta.fake_quant %relu as !quant.uniform<u8:f32, 0.125:7> {name = "y"} : tensor<?x2xf32>
  %z = linalg.matmul ins(%qy, %qw : tensor<?x2xf32>, tensor<2x2xf32>) outs(%zeros : tensor<?x2xf32>) -> tensor<?x2xf32>
  return %z : tensor<?x2xf32>
}

// ReLU6 as comparisons and selections: [0, 6] in steps of 0.5 from zero point 3.
// CHECK-LABEL: func.func @relu6
func.func @relu6(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // CHECK: quanta.requantize %{{.*}} clamp [3, 15] : tensor<4x2x!quant.uniform<u8:f32, 2.500000e-01:9>> to tensor<4x2x!quant.uniform<u8:f32, 5.000000e-01:3>>
  // CHECK-NOT: linalg.generic
  %zero = arith.constant 0.0 : f32
  %six = arith.constant 6.0 : f32
  %empty = tensor.empty() : tensor<4x2xf32>
  %qx = quanta.fake_quant %x as !quant.uniform<u8:f32, 0.25:9> : tensor<4x2xf32>
  %c = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%qx : tensor<4x2xf32>) outs(%empty : tensor<4x2xf32>) {
  ^bb0(%a: f32, %o: f32):
    %p = arith.cmpf ogt, %a, %zero : f32
    %s = arith.select %p, %a, %zero : f32
    %q = arith.cmpf olt, %six, %s : f32
    %t = arith.select %q, %six, %s : f32
    linalg.yield %t : f32
  } -> tensor<4x2xf32>
  %qy = quanta.fake_quant %c as !quant.uniform<u8:f32, 0.5:3> : tensor<4x2xf32>
  return %qy : tensor<4x2xf32>
}

// Any other tail stays float between dequantize and quantize.
// CHECK-LABEL: func.func @float_tail
func.func @float_tail(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // CHECK: quanta.dequantize
  // CHECK: linalg.generic
  // CHECK: math.tanh
  // CHECK: quanta.quantize
  // CHECK: quanta.dequantize
  %empty = tensor.empty() : tensor<4x2xf32>
  %qx = quanta.fake_quant %x as !quant.uniform<u8:f32, 0.25:9> : tensor<4x2xf32>
  %c = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%qx : tensor<4x2xf32>) outs(%empty : tensor<4x2xf32>) {
  ^bb0(%a: f32, %o: f32):
    %t = math.tanh %a : f32
    linalg.yield %t : f32
  } -> tensor<4x2xf32>
  %qy = quanta.fake_quant %c as !quant.uniform<u8:f32, 0.5:3> : tensor<4x2xf32>
  return %qy : tensor<4x2xf32>
}

// REMARK: model.mlir:{{[0-9]+}}:{{[0-9]+}}: remark: keeps its bias in float: i32 cannot hold it well at the scale of the accumulators
// CHECK-LABEL: func.func @bias_too_large
func.func @bias_too_large(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // CHECK: %[[A:.*]] = quanta.matmul %{{[a-z0-9_]+}}, %{{[a-z0-9_]+}} :
  // CHECK: %[[D:.*]] = quanta.dequantize %[[A]]
  // CHECK: linalg.generic {{.*}} ins(%[[D]], %
  // CHECK: arith.addf
  %w = arith.constant dense<1.0e-4> : tensor<2x2xf32>
  %b = arith.constant dense<[1.0, 1.0e3]> : tensor<2xf32>
  %empty = tensor.empty() : tensor<4x2xf32>
  %bias = linalg.broadcast ins(%b : tensor<2xf32>) outs(%empty : tensor<4x2xf32>) dimensions = [0]
  %qx = quanta.fake_quant %x as !quant.uniform<u8:f32, 1.0e-6:3> : tensor<4x2xf32>
  %qw = quanta.fake_quant %w as !quant.uniform<i8<-127:127>:f32, 1.0e-6> : tensor<2x2xf32>
  %y = linalg.matmul ins(%qx, %qw : tensor<4x2xf32>, tensor<2x2xf32>) outs(%bias : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

//--- edge.mlir
// A product of activations; accumulating on data; a factor that is float.
// CHECK-LABEL: func.func @activations
func.func @activations(%x: tensor<4x2xf32>, %y: tensor<2x3xf32>, %acc: tensor<4x3xf32>)
    -> (tensor<4x3xf32>, tensor<4x3xf32>) {
  // CHECK-DAG: %[[QX:.*]] = quanta.quantize %{{.*}} tensor<4x2x!quant.uniform<u8:f32, 5.000000e-01:3>>
  // CHECK-DAG: %[[QY:.*]] = quanta.quantize %{{.*}} tensor<2x3x!quant.uniform<i8:f32, 2.500000e-01:-3>>
  // CHECK: %[[M:.*]] = quanta.matmul %[[QX]], %[[QY]] : {{.*}} -> tensor<4x3x!quant.uniform<i32:f32, 1.250000e-01>>
  // CHECK: %[[D:.*]] = quanta.dequantize %[[M]]
  // CHECK: %[[S:.*]] = linalg.generic {{.*}} ins(%[[D]], %
  // CHECK: %[[F:.*]] = linalg.matmul
  // CHECK: return %[[S]], %[[F]]
  %qx = quanta.fake_quant %x as !quant.uniform<u8:f32, 0.5:3> : tensor<4x2xf32>
  %qy = quanta.fake_quant %y as !quant.uniform<i8:f32, 0.25:-3> : tensor<2x3xf32>
  %0 = linalg.matmul ins(%qx, %qy : tensor<4x2xf32>, tensor<2x3xf32>) outs(%acc : tensor<4x3xf32>) -> tensor<4x3xf32>
  %1 = linalg.matmul ins(%qx, %y : tensor<4x2xf32>, tensor<2x3xf32>) outs(%acc : tensor<4x3xf32>) -> tensor<4x3xf32>
  return %0, %1 : tensor<4x3xf32>, tensor<4x3xf32>
}

// A per-axis fake-quant and a scalar that no contraction reads.
// CHECK-LABEL: func.func @alone
func.func @alone(%x: tensor<2x2xf32>, %s: tensor<f32>) -> (tensor<2x2xf32>, tensor<f32>) {
  // CHECK: quanta.requantize {{.*}} tensor<2x2x!quant.uniform<i8:f32:0, {5.000000e-01,2.500000e-01}>> to tensor<2x2x!quant.uniform<u8:f32, 1.000000e+00>>
  // CHECK: quanta.dequantize
  // CHECK: quanta.quantize %{{.*}} : tensor<f32> to tensor<!quant.uniform<u8:f32, 5.000000e-01:3>>
  // CHECK: quanta.dequantize
  %0 = quanta.fake_quant %x as !quant.uniform<i8:f32:0, {0.5, 0.25}> : tensor<2x2xf32>
  %1 = quanta.fake_quant %0 as !quant.uniform<u8:f32, 1.0> : tensor<2x2xf32>
  %2 = quanta.fake_quant %s as !quant.uniform<u8:f32, 0.5:3> : tensor<f32>
  return %1, %2 : tensor<2x2xf32>, tensor<f32>
}

// A cast that forgets sizes does not keep them apart; one that others read, or that
// knows more than its input, stays where it is.
// CHECK-LABEL: func.func @cast
func.func @cast(%a: tensor<2x4x!quant.uniform<i32:f32, 0.5>>, %b: tensor<?x4x!quant.uniform<i32:f32, 0.5>>) -> (tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<2x4xf32>) {
  %x = quanta.dequantize %a : tensor<2x4x!quant.uniform<i32:f32, 0.5>> to tensor<2x4xf32>
  // CHECK: quanta.requantize %arg0 {name = "y"} : tensor<2x4x!quant.uniform<i32:f32, 5.000000e-01>> to tensor<2x4x!quant.uniform<u8:f32, 2.500000e-01:3>>
  %0 = tensor.cast %x : tensor<2x4xf32> to tensor<?x4xf32>
  %y = quanta.fake_quant %0 as !quant.uniform<u8:f32, 0.25:3> {name = "y"} : tensor<?x4xf32>
  // CHECK: quanta.quantize %{{.*}} {name = "z"} : tensor<?x4xf32>
  %1 = tensor.cast %x : tensor<2x4xf32> to tensor<?x4xf32>
  %z = quanta.fake_quant %1 as !quant.uniform<u8:f32, 0.25:4> {name = "z"} : tensor<?x4xf32>
  // CHECK: quanta.quantize %{{.*}} {name = "w"} : tensor<2x4xf32>
  %d = quanta.dequantize %b : tensor<?x4x!quant.uniform<i32:f32, 0.5>> to tensor<?x4xf32>
  %2 = tensor.cast %d : tensor<?x4xf32> to tensor<2x4xf32>
  %w = quanta.fake_quant %2 as !quant.uniform<u8:f32, 0.25:5> {name = "w"} : tensor<2x4xf32>
  return %y, %1, %z, %w : tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<2x4xf32>
}

// What is padded with zeros is requantized before; other numbers, and paddings
// that others read too, stay ahead of the rounding.
// CHECK-LABEL: func.func @padded
func.func @padded(%a: tensor<1x4x!quant.uniform<i32:f32, 0.5>>) -> (tensor<1x7xf32>, tensor<1x7xf32>, tensor<1x7xf32>, tensor<1x7xf32>) {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %x = quanta.dequantize %a : tensor<1x4x!quant.uniform<i32:f32, 0.5>> to tensor<1x4xf32>
  %e = tensor.empty() : tensor<1x4xf32>
  %relu = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<1x4xf32>) outs(%e : tensor<1x4xf32>) {
  ^bb0(%p: f32, %o: f32):
    %m = arith.maximumf %p, %zero : f32
    linalg.yield %m : f32
  } -> tensor<1x4xf32>
  // CHECK: %[[R:.*]] = quanta.requantize %arg0 clamp [3, 255] : tensor<1x4x!quant.uniform<i32:f32, 5.000000e-01>> to tensor<1x4x!quant.uniform<u8:f32, 2.500000e-01:3>>
  // CHECK: quanta.pad %[[R]] low [0, 1] high [0, 2] {name = "y"} : tensor<1x4x!quant.uniform<u8:f32, 2.500000e-01:3>> -> tensor<1x7x!quant.uniform<u8:f32, 2.500000e-01:3>>
  %0 = tensor.pad %relu low[0, 1] high[0, 2] {
  ^bb0(%i: index, %j: index):
    tensor.yield %zero : f32
  } : tensor<1x4xf32> to tensor<1x7xf32>
  %y = quanta.fake_quant %0 as !quant.uniform<u8:f32, 0.25:3> {name = "y"} : tensor<1x7xf32>
  // CHECK: quanta.quantize %{{.*}} {name = "z"}
  %1 = tensor.pad %x low[0, 1] high[0, 2] {
  ^bb0(%i: index, %j: index):
    tensor.yield %one : f32
  } : tensor<1x4xf32> to tensor<1x7xf32>
  %z = quanta.fake_quant %1 as !quant.uniform<u8:f32, 0.25:3> {name = "z"} : tensor<1x7xf32>
  // CHECK: quanta.quantize %{{.*}} {name = "u"}
  %2 = tensor.pad %x low[0, 1] high[0, 2] {
  ^bb0(%i: index, %j: index):
    tensor.yield %zero : f32
  } : tensor<1x4xf32> to tensor<1x7xf32>
  %u = quanta.fake_quant %2 as !quant.uniform<u8:f32, 0.25:3> {name = "u"} : tensor<1x7xf32>
  return %y, %z, %u, %2 : tensor<1x7xf32>, tensor<1x7xf32>, tensor<1x7xf32>, tensor<1x7xf32>
}

// Scales along two dimensions cannot meet in one requantize.
// CHECK-LABEL: func.func @axes
func.func @axes(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  // CHECK: quanta.quantize
  // CHECK: quanta.dequantize
  // CHECK: quanta.quantize
  // CHECK: quanta.dequantize
  %0 = quanta.fake_quant %x as !quant.uniform<i8:f32:0, {0.5, 0.25}> : tensor<2x2xf32>
  %1 = quanta.fake_quant %0 as !quant.uniform<i8:f32:1, {0.5, 0.25}> : tensor<2x2xf32>
  return %1 : tensor<2x2xf32>
}

// A contraction in a loop.
// The sums of such small numbers would have a subnormal scale.
// CHECK-LABEL: func.func @tiny
// CHECK: linalg.matmul {quanta.float_reason = "the scale of its sums, 1.00E-30 * 1.00E-20, is not a normal f32"}
func.func @tiny(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %w = arith.constant dense<1.0e-18> : tensor<2x2xf32>
  %zero = arith.constant dense<0.0> : tensor<2x2xf32>
  %0 = quanta.fake_quant %x as !quant.uniform<u8:f32, 1.0e-30> : tensor<2x2xf32>
  %1 = quanta.fake_quant %w as !quant.uniform<i8<-127:127>:f32, 1.0e-20> : tensor<2x2xf32>
  %2 = linalg.matmul ins(%0, %1 : tensor<2x2xf32>, tensor<2x2xf32>) outs(%zero : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %2 : tensor<2x2xf32>
}

// CHECK-LABEL: func.func @loop
func.func @loop(%x: tensor<2x2xf32>, %n: index) -> tensor<2x2xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %w = arith.constant dense<0.5> : tensor<2x2xf32>
  %zeros = arith.constant dense<0.0> : tensor<2x2xf32>
  // CHECK: scf.for
  // CHECK: quanta.quantize
  // CHECK: quanta.matmul
  // CHECK: quanta.dequantize
  // CHECK: scf.yield
  %r = scf.for %k = %c0 to %n step %c1 iter_args(%acc = %x) -> tensor<2x2xf32> {
    %qa = quanta.fake_quant %acc as !quant.uniform<u8:f32, 0.5:3> : tensor<2x2xf32>
    %qw = quanta.fake_quant %w as !quant.uniform<i8<-127:127>:f32, 0.5> : tensor<2x2xf32>
    %next = linalg.matmul ins(%qa, %qw : tensor<2x2xf32>, tensor<2x2xf32>) outs(%zeros : tensor<2x2xf32>) -> tensor<2x2xf32>
    scf.yield %next : tensor<2x2xf32>
  }
  return %r : tensor<2x2xf32>
}

//--- observed.mlir
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: error: 'quanta.observe' op belongs to the observed stage, but quanta-quantize takes the simulated and quantized stages
  %0 = quanta.observe %x, "x" using min_max : tensor<4xf32>
  return %0 : tensor<4xf32>
}
