// RUN: split-file %s %t
// RUN: quant-opt %t/model.mlir --quanta-rewrite-types --canonicalize | FileCheck %t/model.mlir
// RUN: quant-opt %t/model.mlir --quanta-rewrite-types=reference=true --canonicalize | FileCheck %t/model.mlir --check-prefix=REFERENCE
// RUN: not quant-opt %t/moves.mlir --quanta-rewrite-types 2>&1 | FileCheck %t/moves.mlir
// RUN: not quant-opt %t/observed.mlir --quanta-rewrite-types 2>&1 | FileCheck %t/observed.mlir
// RUN: not quant-opt %t/simulated.mlir --quanta-rewrite-types 2>&1 | FileCheck %t/simulated.mlir
// RUN: not quant-opt %t/upstream.mlir --quanta-rewrite-types 2>&1 | FileCheck %t/upstream.mlir

// Windows over images whose sizes are known at run time give what they give over
// others.
// RUN: quant-opt %t/windows.mlir --quanta-expand-named-ops | FileCheck %t/windows.mlir
// RUN: %python %S/../Inputs/npy.py %t/x.npy "numpy.random.default_rng(0).standard_normal((1, 4, 7, 9)).astype('float32') * 30"
// RUN: quant-run %t/windows.mlir --entry=fixed --input=%t/x.npy --output=%t/fixed.npy
// RUN: quant-run %t/windows.mlir --entry=any --input=%t/x.npy --output=%t/any.npy
// RUN: cmp %t/fixed.npy %t/any.npy
// RUN: %python %S/../Inputs/npy.py %t/small.npy "numpy.zeros((1, 4, 1, 9), 'float32')"
// RUN: not quant-run %t/windows.mlir --entry=any --input=%t/small.npy 2>&1 | FileCheck %t/windows.mlir --check-prefix=SMALL

// A result may know more sizes than what it is made of.
// RUN: quant-opt %t/sizes.mlir --quanta-expand-named-ops --quanta-rewrite-types | FileCheck %t/sizes.mlir

// Sums that may leave i32 are refused, or wrap around if that is wanted.
// RUN: quant-opt %t/wrap.mlir --quanta-rewrite-types --verify-diagnostics -o /dev/null
// RUN: quant-opt %t/wrap.mlir --quanta-rewrite-types=allow-wrap | FileCheck %t/wrap.mlir

//--- sizes.mlir
!u8 = !quant.uniform<u8:f32, 0.5:128>
!i2 = !quant.uniform<i2:f32, 0.5>

// CHECK-LABEL: func.func @sizes(
// CHECK-COUNT-5: tensor.cast %{{.*}} : tensor<?x10xi8> to tensor<4x10xi8>
func.func @sizes(%x: tensor<?x10xf32>, %q: tensor<?x10x!u8>, %i: tensor<?x10x!i2>)
    -> (tensor<4x10x!u8>, tensor<4x10x!u8>, tensor<4x10x!u8>, tensor<4x10x!u8>, tensor<4x10x!u8>, tensor<4x10x!u8>) {
  %0 = quanta.quantize %x : tensor<?x10xf32> to tensor<4x10x!u8>
  %1 = quanta.requantize %q clamp [3, 200] : tensor<?x10x!u8> to tensor<4x10x!u8>
  %2 = quanta.lookup %i table dense<[0, 1, 1, 0]> : tensor<4xi8> : tensor<?x10x!i2> to tensor<4x10x!u8>
  %3 = quanta.add %q, %q : tensor<?x10x!u8>, tensor<?x10x!u8> -> tensor<4x10x!u8>
  %4 = quanta.softmax %q dimension 1 : tensor<?x10x!u8> -> tensor<4x10x!u8>
  %5 = quanta.max_pool %q over [1] window [1] strides [1] dilations [1] : tensor<?x10x!u8> -> tensor<4x10x!u8>
  return %0, %1, %2, %3, %4, %5 : tensor<4x10x!u8>, tensor<4x10x!u8>, tensor<4x10x!u8>, tensor<4x10x!u8>, tensor<4x10x!u8>, tensor<4x10x!u8>
}

//--- windows.mlir
!u8 = !quant.uniform<u8:f32, 0.5:128>
!w = !quant.uniform<i8:f32:0, {0.5, 0.25, 0.5, 1.0}>
!acc = !quant.uniform<i32:f32:1, {0.25, 0.125, 0.25, 0.5}>

func.func private @weights() -> (tensor<4x2x3x2x!w>, tensor<4x1x3x3x!w>) {
  %c0 = arith.constant dense<"0x01F203E405D607C809BA0BAC0D9E0F901182137415661758194A1B3C1D2E1F2021F203E405D607C809BA0BAC0D9E0F90"> : tensor<4x2x3x2xi8>
  %c1 = arith.constant dense<"0x01F203E405D607C809BA0BAC0D9E0F901182137415661758194A1B3C1D2E1F2021122334"> : tensor<4x1x3x3xi8>
  %0 = quant.scast %c0 : tensor<4x2x3x2xi8> to tensor<4x2x3x2x!w>
  %1 = quant.scast %c1 : tensor<4x1x3x3xi8> to tensor<4x1x3x3x!w>
  return %0, %1 : tensor<4x2x3x2x!w>, tensor<4x1x3x3x!w>
}

func.func @fixed(%x: tensor<1x4x7x9xf32>) -> tensor<1x4x4x3xf32> {
  %w:2 = func.call @weights() : () -> (tensor<4x2x3x2x!w>, tensor<4x1x3x3x!w>)
  %q = quanta.quantize %x : tensor<1x4x7x9xf32> to tensor<1x4x7x9x!u8>
  %0 = quanta.conv_2d %q, %w#0 strides [1, 2] dilations [2, 1] pads [1, 0, 2, 1] groups 2 : tensor<1x4x7x9x!u8>, tensor<4x2x3x2x!w> -> tensor<1x4x6x5x!acc>
  %1 = quanta.requantize %0 : tensor<1x4x6x5x!acc> to tensor<1x4x6x5x!u8>
  %2 = quanta.conv_2d %1, %w#1 groups 4 : tensor<1x4x6x5x!u8>, tensor<4x1x3x3x!w> -> tensor<1x4x4x3x!acc>
  %3 = quanta.dequantize %2 : tensor<1x4x4x3x!acc> to tensor<1x4x4x3xf32>
  return %3 : tensor<1x4x4x3xf32>
}

// CHECK-LABEL: func @any
// CHECK: quanta.contract {{.*}} -> tensor<1x4x?x?x
// SMALL: error:
func.func @any(%x: tensor<1x4x?x?xf32>) -> tensor<1x4x?x?xf32> {
  %w:2 = func.call @weights() : () -> (tensor<4x2x3x2x!w>, tensor<4x1x3x3x!w>)
  %q = quanta.quantize %x : tensor<1x4x?x?xf32> to tensor<1x4x?x?x!u8>
  %0 = quanta.conv_2d %q, %w#0 strides [1, 2] dilations [2, 1] pads [1, 0, 2, 1] groups 2 : tensor<1x4x?x?x!u8>, tensor<4x2x3x2x!w> -> tensor<1x4x?x?x!acc>
  %1 = quanta.requantize %0 : tensor<1x4x?x?x!acc> to tensor<1x4x?x?x!u8>
  %2 = quanta.conv_2d %1, %w#1 groups 4 : tensor<1x4x?x?x!u8>, tensor<4x1x3x3x!w> -> tensor<1x4x?x?x!acc>
  %3 = quanta.dequantize %2 : tensor<1x4x?x?x!acc> to tensor<1x4x?x?xf32>
  return %3 : tensor<1x4x?x?xf32>
}

//--- wrap.mlir
!u8 = !quant.uniform<u8:f32, 0.5>
!i8 = !quant.uniform<i8:f32, 0.5>
!acc = !quant.uniform<i32:f32, 0.25>

func.func @weights(%x: tensor<1x70000x!u8>, %short: tensor<1x2x!u8>, %y: tensor<70000x1x!i8>, %b: tensor<1x!acc>) {
  %c0 = arith.constant dense<127> : tensor<70000x1xi8>
  %w0 = quant.scast %c0 : tensor<70000x1xi8> to tensor<70000x1x!i8>
  // CHECK-NOT: quanta.matmul
  // expected-error@+1 {{sums 70000 products, which reach [0, 2266950000], beyond its i32 accumulators}}
  %0 = quanta.matmul %x, %w0 : tensor<1x70000x!u8>, tensor<70000x1x!i8> -> tensor<1x1x!acc>
  %c1 = arith.constant dense<3> : tensor<70000x1xi8>
  %w1 = quant.scast %c1 : tensor<70000x1xi8> to tensor<70000x1x!i8>
  %1 = quanta.matmul %x, %w1 bias %b : tensor<1x70000x!u8>, tensor<70000x1x!i8>, tensor<1x!acc> -> tensor<1x1x!acc>
  // expected-error@+1 {{sums 70000 products, which reach [-2284800000, 2266950000]}}
  %2 = quanta.matmul %x, %y : tensor<1x70000x!u8>, tensor<70000x1x!i8> -> tensor<1x1x!acc>
  %c3 = arith.constant dense<[[1], [2]]> : tensor<2x1xi8>
  %w3 = quant.scast %c3 : tensor<2x1xi8> to tensor<2x1x!i8>
  %c4 = arith.constant dense<2147483647> : tensor<1xi32>
  %b4 = quant.scast %c4 : tensor<1xi32> to tensor<1x!acc>
  // expected-error@+1 {{sums 2 products, which reach [0, 2147484412]}}
  %3 = quanta.matmul %short, %w3 bias %b4 : tensor<1x2x!u8>, tensor<2x1x!i8>, tensor<1x!acc> -> tensor<1x1x!acc>
  return
}

//--- model.mlir
!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8:f32, 0.25:-3>
!w = !quant.uniform<i8<-127:127>:f32:1, {0.5, 0.25}>
!w2 = !quant.uniform<i8<-127:127>:f32:2, {0.5, 0.25}>
!acc = !quant.uniform<i32:f32:1, {0.25, 0.125}>
!bias = !quant.uniform<i32:f32:0, {0.25, 0.125}>
!plain = !quant.uniform<i32:f32, 0.125>

// Storage is signless; the signature keeps the types.
// CHECK-LABEL: func.func @quantize(
// CHECK-SAME: %[[X:[a-z0-9_]+]]: tensor<?xf32>) -> tensor<?xi8>
// CHECK-SAME: quanta.signature = (tensor<?xf32>) -> tensor<?x!quant.uniform<u8:f32, 5.000000e-01:3>>
func.func @quantize(%x: tensor<?xf32>) -> tensor<?x!u8> {
  // CHECK-DAG: %[[ZP:.*]] = arith.constant 3.000000e+00 : f32
  // CHECK-DAG: %[[SCALE:.*]] = arith.constant 5.000000e-01 : f32
  // CHECK-DAG: %[[LOW:.*]] = arith.constant 0.000000e+00 : f32
  // CHECK-DAG: %[[HIGH:.*]] = arith.constant 2.550000e+02 : f32
  // CHECK: linalg.generic {{.*}} ins(%[[X]] : tensor<?xf32>) outs(%{{.*}} : tensor<?xi8>)
  // CHECK: ^bb0(%[[IN:[a-z0-9_]+]]: f32,
  // CHECK: %[[D:.*]] = arith.divf %[[IN]], %[[SCALE]]
  // CHECK: %[[R:.*]] = math.roundeven %[[D]]
  // CHECK: %[[Z:.*]] = arith.addf %[[R]], %[[ZP]]
  // CHECK: %[[L:.*]] = arith.maxnumf %[[Z]], %[[LOW]]
  // CHECK: %[[H:.*]] = arith.minnumf %[[L]], %[[HIGH]]
  // CHECK: %[[I:.*]] = arith.fptosi %[[H]] : f32 to i32
  // CHECK: arith.trunci %[[I]] : i32 to i8
  %0 = quanta.quantize %x : tensor<?xf32> to tensor<?x!u8>
  return %0 : tensor<?x!u8>
}

// CHECK-LABEL: func.func @dequantize_per_axis(
// CHECK-SAME: %[[X:[a-z0-9_]+]]: tensor<?x2xi8>
func.func @dequantize_per_axis(%x: tensor<?x2x!w>) -> tensor<?x2xf32> {
  // CHECK: %[[SCALES:.*]] = arith.constant dense<[5.000000e-01, 2.500000e-01]> : tensor<2xf32>
  // CHECK: linalg.generic {{.*}} ins(%[[X]], %[[SCALES]] : tensor<?x2xi8>, tensor<2xf32>)
  // CHECK: ^bb0(%[[Q:[a-z0-9_]+]]: i8, %[[S:[a-z0-9_]+]]: f32,
  // CHECK: %[[E:.*]] = arith.extsi %[[Q]] : i8 to i32
  // CHECK: %[[F:.*]] = arith.sitofp %[[E]] : i32 to f32
  // CHECK: arith.mulf %[[F]], %[[S]] : f32
  %0 = quanta.dequantize %x : tensor<?x2x!w> to tensor<?x2xf32>
  return %0 : tensor<?x2xf32>
}

// CHECK-LABEL: func.func @requantize(
func.func @requantize(%x: tensor<4x!u8>) -> tensor<4x!i8> {
  // CHECK-DAG: %[[M:.*]] = arith.constant 2.000000e+00 : f32
  // CHECK-DAG: %[[ZPIN:.*]] = arith.constant 3 : i32
  // CHECK-DAG: %[[ZPOUT:.*]] = arith.constant -3.000000e+00 : f32
  // CHECK-DAG: %[[HIGH:.*]] = arith.constant 1.000000e+02 : f32
  // CHECK: arith.extui %{{.*}} : i8 to i32
  // CHECK: arith.subi %{{.*}}, %[[ZPIN]]
  // CHECK: arith.sitofp
  // CHECK: arith.mulf %{{.*}}, %[[M]]
  // CHECK: math.roundeven
  // CHECK: arith.addf %{{.*}}, %[[ZPOUT]]
  // CHECK: arith.maxnumf %{{.*}}, %[[ZPOUT]]
  // CHECK: arith.minnumf %{{.*}}, %[[HIGH]]
  // CHECK: arith.fptosi
  %0 = quanta.requantize %x clamp [-3, 100] : tensor<4x!u8> to tensor<4x!i8>
  return %0 : tensor<4x!i8>
}

// The zero point of the activations goes into the bias: 10 - 3 * (1 + 3) and
// -7 - 3 * (2 + -4).
// CHECK-LABEL: func.func @matmul(
// REFERENCE-LABEL: func.func @matmul(
func.func @matmul(%x: tensor<?x2x!u8>) -> tensor<?x2x!acc> {
  // CHECK-DAG: %[[B:.*]] = arith.constant dense<[-2, -1]> : tensor<2xi32>
  // CHECK: linalg.broadcast ins(%[[B]] : tensor<2xi32>)
  // CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "reduction"]
  // CHECK-SAME: ins(%{{.*}}, %{{.*}} : tensor<?x2xi8>, tensor<2x2xi8>) outs(%{{.*}} : tensor<?x2xi32>)
  // CHECK: arith.extui
  // CHECK-NOT: arith.subi
  // CHECK: arith.extsi
  // CHECK: arith.muli
  // CHECK: arith.addi
  // REFERENCE-DAG: arith.constant dense<[10, -7]> : tensor<2xi32>
  // REFERENCE: arith.extui
  // REFERENCE: arith.subi %{{.*}}, %c3_i32
  // REFERENCE: arith.muli
  %w = arith.constant dense<[[1, 2], [3, -4]]> : tensor<2x2xi8>
  %b = arith.constant dense<[10, -7]> : tensor<2xi32>
  %qw = quant.scast %w : tensor<2x2xi8> to tensor<2x2x!w>
  %qb = quant.scast %b : tensor<2xi32> to tensor<2x!bias>
  %0 = quanta.matmul %x, %qw bias %qb : tensor<?x2x!u8>, tensor<2x2x!w>, tensor<2x!bias> -> tensor<?x2x!acc>
  return %0 : tensor<?x2x!acc>
}

// Two activations: both zero points stay in the products.
// CHECK-LABEL: func.func @activations(
func.func @activations(%x: tensor<?x2x!u8>, %y: tensor<2x3x!i8>) -> tensor<?x3x!plain> {
  // CHECK: arith.extui
  // CHECK: arith.subi %{{.*}}, %c3_i32
  // CHECK: arith.extsi
  // CHECK: arith.subi %{{.*}}, %c-3_i32
  // CHECK: arith.muli
  %0 = quanta.matmul %x, %y : tensor<?x2x!u8>, tensor<2x3x!i8> -> tensor<?x3x!plain>
  return %0 : tensor<?x3x!plain>
}

// A convolution: NCW, stride 2.
// CHECK-LABEL: func.func @contract(
func.func @contract(%x: tensor<?x2x9x!u8>, %w: tensor<4x2x3x!i8>) -> tensor<?x4x4x!plain> {
  // CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction"]
  // CHECK-SAME: ins(%{{.*}}, %{{.*}} : tensor<?x2x9xi8>, tensor<4x2x3xi8>) outs(%{{.*}} : tensor<?x4x4xi32>)
  %0 = quanta.contract %x, %w maps [affine_map<(n, f, x, c, k) -> (n, c, x * 2 + k)>,
        affine_map<(n, f, x, c, k) -> (f, c, k)>, affine_map<(n, f, x, c, k) -> (n, f, x)>] channel 1
      : tensor<?x2x9x!u8>, tensor<4x2x3x!i8> -> tensor<?x4x4x!plain>
  return %0 : tensor<?x4x4x!plain>
}

// Operations that move elements keep their form, through calls and loops.
// CHECK-LABEL: func.func @moves(
// CHECK-SAME: %[[X:[a-z0-9_]+]]: tensor<4x6xi8>
func.func @moves(%x: tensor<4x6x!u8>, %n: index) -> tensor<2x12x!u8> {
  // CHECK: tensor.extract_slice %{{.*}} : tensor<4x6xi8> to tensor<2x6xi8>
  // CHECK: scf.for {{.*}} -> (tensor<2x6xi8>)
  // CHECK: func.call @callee(%{{.*}}) : (tensor<2x6xi8>) -> tensor<2x6xi8>
  // CHECK: tensor.concat dim(1) %{{.*}} : (tensor<2x6xi8>, tensor<2x6xi8>) -> tensor<2x12xi8>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %0 = tensor.extract_slice %x[0, 0] [2, 6] [1, 1] : tensor<4x6x!u8> to tensor<2x6x!u8>
  %1 = scf.for %k = %c0 to %n step %c1 iter_args(%acc = %0) -> tensor<2x6x!u8> {
    %next = func.call @callee(%acc) : (tensor<2x6x!u8>) -> tensor<2x6x!u8>
    scf.yield %next : tensor<2x6x!u8>
  }
  %2 = tensor.concat dim(1) %0, %1 : (tensor<2x6x!u8>, tensor<2x6x!u8>) -> tensor<2x12x!u8>
  return %2 : tensor<2x12x!u8>
}

// CHECK: func.func private @callee(tensor<2x6xi8>) -> tensor<2x6xi8>
// CHECK-NOT: quanta.signature
func.func private @callee(tensor<2x6x!u8>) -> tensor<2x6x!u8>

// A part without elements has no place behind the last one.
// CHECK-LABEL: func.func @concat_empty
// CHECK: return %arg0 : tensor<3x4xi8>
// REFERENCE-LABEL: func.func @concat_empty
func.func @concat_empty(%x: tensor<3x4xi8>, %y: tensor<0x4xi8>) -> tensor<3x4xi8> {
  %0 = quant.scast %x : tensor<3x4xi8> to tensor<3x4x!u8>
  %1 = quant.scast %y : tensor<0x4xi8> to tensor<0x4x!u8>
  %2 = quanta.concat %0, %1 dim 0 : tensor<3x4x!u8>, tensor<0x4x!u8> -> tensor<3x4x!u8>
  %3 = quant.scast %2 : tensor<3x4x!u8> to tensor<3x4xi8>
  return %3 : tensor<3x4xi8>
}

// What only moves elements moves storage.
// CHECK-LABEL: func.func @transposes(
// CHECK-SAME: %[[X:[a-z0-9_]+]]: tensor<3x4x2xi8>
func.func @transposes(%x: tensor<3x4x2x!w2>) -> tensor<4x3x2x5x!w2> {
  %e = tensor.empty() : tensor<4x3x2x!w2>
  // CHECK: %[[T:.*]] = linalg.transpose ins(%[[X]] : tensor<3x4x2xi8>) outs(%{{.*}} : tensor<4x3x2xi8>) permutation = [1, 0, 2]
  %t = linalg.transpose ins(%x : tensor<3x4x2x!w2>) outs(%e : tensor<4x3x2x!w2>) permutation = [1, 0, 2]
  %f = tensor.empty() : tensor<4x3x2x5x!w2>
  // CHECK: linalg.broadcast ins(%[[T]] : tensor<4x3x2xi8>) outs(%{{.*}} : tensor<4x3x2x5xi8>) dimensions = [3]
  %b = linalg.broadcast ins(%t : tensor<4x3x2x!w2>) outs(%f : tensor<4x3x2x5x!w2>) dimensions = [3]
  return %b : tensor<4x3x2x5x!w2>
}

//--- moves.mlir
!w = !quant.uniform<i8<-127:127>:f32:1, {0.5, 0.25}>
func.func @main(%x: tensor<2x2x!w>) -> tensor<2x2x!w> {
  %e = tensor.empty() : tensor<2x2x!w>
  // CHECK: moves.mlir:[[@LINE+1]]:{{.*}} error: 'linalg.transpose' op moves dimension 1, which has a scale for each index: move its storage, between two quant.scast
  %t = linalg.transpose ins(%x : tensor<2x2x!w>) outs(%e : tensor<2x2x!w>) permutation = [1, 0]
  return %t : tensor<2x2x!w>
}

//--- observed.mlir
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: error: 'quanta.observe' op belongs to the observed stage, but quanta-rewrite-types takes the quantized and integer stages
  %0 = quanta.observe %x, "x" using min_max : tensor<4xf32>
  return %0 : tensor<4xf32>
}

//--- simulated.mlir
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: error: 'quanta.fake_quant' op belongs to the simulated stage, but quanta-rewrite-types takes the quantized and integer stages
  %0 = quanta.fake_quant %x as !quant.uniform<u8:f32, 0.5> : tensor<4xf32>
  return %0 : tensor<4xf32>
}

//--- upstream.mlir
func.func @main(%x: tensor<4xf32>) -> tensor<4x!quant.uniform<u8:f32, 0.5>> {
  // CHECK: upstream.mlir:[[@LINE+1]]:{{.*}} error: failed to legalize operation 'quant.qcast'
  %0 = quant.qcast %x : tensor<4xf32> to tensor<4x!quant.uniform<u8:f32, 0.5>>
  return %0 : tensor<4x!quant.uniform<u8:f32, 0.5>>
}
