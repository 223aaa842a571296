// RUN: split-file %s %t
// RUN: quant-opt %t/model.mlir --quanta-insert-observers | FileCheck %t/model.mlir
// RUN: quant-opt %t/edge.mlir --quanta-insert-observers | FileCheck %t/edge.mlir
// RUN: quant-opt %t/branch.mlir --quanta-insert-observers | FileCheck %t/branch.mlir
// RUN: quant-opt %t/locations.mlir --quanta-insert-observers | FileCheck %t/locations.mlir
// RUN: quant-opt %t/bytes.mlir --quanta-insert-observers | FileCheck %t/bytes.mlir
// RUN: not quant-opt %t/wrong-stage.mlir --quanta-insert-observers 2>&1 | FileCheck %t/wrong-stage.mlir
// RUN: not quant-opt %t/twice.mlir --quanta-insert-observers 2>&1 | FileCheck %t/twice.mlir
// RUN: quant-opt %t/twice.mlir --quanta-insert-observers=keep-existing=true | FileCheck %t/twice.mlir --check-prefix=KEEP

// The fingerprint depends on the values of the weights and on nothing else that
// printing adds.
// RUN: quant-opt %t/model.mlir --quanta-insert-observers | grep -o 'quanta.fingerprint = "[0-9a-f]*"' > %t/first
// RUN: quant-opt %t/model.mlir --mlir-print-op-generic | quant-opt --quanta-insert-observers \
// RUN:   | grep -o 'quanta.fingerprint = "[0-9a-f]*"' > %t/again
// RUN: sed s/0.75/0.625/ %t/model.mlir | quant-opt --quanta-insert-observers \
// RUN:   | grep -o 'quanta.fingerprint = "[0-9a-f]*"' > %t/other
// RUN: cmp %t/first %t/again
// RUN: quant-opt %t/model.mlir --quanta-insert-observers --mlir-print-debuginfo --mlir-print-value-users \
// RUN:   | grep -o 'quanta.fingerprint = "[0-9a-f]*"' > %t/printed
// RUN: cmp %t/first %t/printed
// RUN: not cmp %t/first %t/other

//--- model.mlir
// CHECK: module attributes {quanta.fingerprint = "{{[0-9a-f]+}}"}

// An activation that two contractions read has one observer, a weight none; the
// elementwise work between is not observed.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:[a-z0-9_]+]]: tensor<4x3xf32>
func.func @main(%x: tensor<4x3xf32>) -> (tensor<4x2xf32>, tensor<4x2xf32>) {
  %w0 = arith.constant dense<[[0.5, 0.75], [1.0, -1.0], [2.0, -3.0]]> : tensor<3x2xf32>
  %w1 = arith.constant dense<[[1.5, 1.75], [2.0, -2.0], [3.0, -4.0]]> : tensor<3x2xf32>
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<4x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4x2xf32>) -> tensor<4x2xf32>
  // CHECK: %[[OX:.*]] = quanta.observe %[[X]], "main/matmul_0/lhs" using histogram axis 1 : tensor<4x3xf32>
  // CHECK-NOT: quanta.observe
  // CHECK: %[[Y0:.*]] = linalg.matmul ins(%[[OX]], %
  %y0 = linalg.matmul ins(%x, %w0 : tensor<4x3xf32>, tensor<3x2xf32>) outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32>
  // CHECK: %[[R0:.*]] = quanta.observe %[[Y0]], "main/result_0"
  // CHECK: %[[Y1:.*]] = linalg.matmul ins(%[[OX]], %
  %y1 = linalg.matmul ins(%x, %w1 : tensor<4x3xf32>, tensor<3x2xf32>) outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32>
  // CHECK-NOT: quanta.observe
  // CHECK: %[[T:.*]] = math.tanh %[[Y1]]
  %t = math.tanh %y1 : tensor<4x2xf32>
  // CHECK: %[[R1:.*]] = quanta.observe %[[T]], "main/result_1"
  // CHECK: return %[[R0]], %[[R1]]
  return %y0, %t : tensor<4x2xf32>, tensor<4x2xf32>
}

// Results of private functions do not leave the program; both factors of a
// product of activations are observed.
// CHECK-LABEL: func.func private @helper
func.func private @helper(%a: tensor<4x3xf32>, %b: tensor<3x2xf32>, %c: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // CHECK-DAG: quanta.observe %{{.*}}, "helper/matmul_0/lhs"
  // CHECK-DAG: quanta.observe %{{.*}}, "helper/matmul_0/rhs"
  // CHECK: linalg.matmul
  %0 = linalg.matmul ins(%a, %b : tensor<4x3xf32>, tensor<3x2xf32>) outs(%c : tensor<4x2xf32>) -> tensor<4x2xf32>
  // CHECK-NOT: quanta.observe
  return %0 : tensor<4x2xf32>
}

// CHECK-LABEL: func.func private @declared
// CHECK-NOT: quanta.observe
func.func private @declared(tensor<4x3xf32>) -> tensor<4x2xf32>

//--- edge.mlir
// What is not f32 tensors is left alone; loops are entered.
// CHECK-LABEL: func.func @edge
func.func @edge(%x: tensor<f32>, %i: tensor<2xi32>, %s: f32, %h: tensor<4x3xf16>, %hw: tensor<3x2xf16>,
                %u: tensor<*xf32>, %n: index)
    -> (tensor<f32>, tensor<2xi32>, f32, tensor<4x2xf16>, tensor<*xf32>, tensor<2x2xf32>) {
  %ho = tensor.empty() : tensor<4x2xf16>
  // CHECK: linalg.matmul ins(%{{.*}}, %{{.*}} : tensor<4x3xf16>, tensor<3x2xf16>)
  %hy = linalg.matmul ins(%h, %hw : tensor<4x3xf16>, tensor<3x2xf16>) outs(%ho : tensor<4x2xf16>) -> tensor<4x2xf16>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %start = arith.constant dense<1.0> : tensor<2x2xf32>
  %w = arith.constant dense<0.5> : tensor<2x2xf32>
  // CHECK: scf.for {{.*}} iter_args(%[[CARRIED:.*]] =
  // CHECK: quanta.observe %[[CARRIED]], "edge/matmul_0/lhs"
  // CHECK-NEXT: linalg.matmul
  %r = scf.for %k = %c0 to %n step %c1 iter_args(%acc = %start) -> tensor<2x2xf32> {
    %next = linalg.matmul ins(%acc, %w : tensor<2x2xf32>, tensor<2x2xf32>) outs(%start : tensor<2x2xf32>) -> tensor<2x2xf32>
    scf.yield %next : tensor<2x2xf32>
  }
  // CHECK: quanta.observe %{{.*}}, "edge/result_5"
  // CHECK: return
  return %x, %i, %s, %hy, %u, %r : tensor<f32>, tensor<2xi32>, f32, tensor<4x2xf16>, tensor<*xf32>, tensor<2x2xf32>
}

//--- branch.mlir
// What a branch or a loop reads is observed there: only what comes by counts.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:[a-z0-9_]+]]: tensor<2x4xf32>
// CHECK-NEXT: arith.constant
// CHECK-NOT: quanta.observe %[[X]]
// CHECK: scf.if
// CHECK-NEXT: %[[O:.*]] = quanta.observe %[[X]], "main/matmul_0/lhs"
// CHECK: linalg.matmul ins(%[[O]],
// CHECK: linalg.matmul ins(%[[O]],
// CHECK: quanta.observe %{{.*}}, "main/matmul_2/lhs"
func.func @main(%x: tensor<2x4xf32>, %k: i1) -> tensor<2x4xf32> {
  %z = arith.constant dense<0.0> : tensor<2x4xf32>
  %w = arith.constant dense<0.5> : tensor<4x4xf32>
  %s = scf.if %k -> tensor<2x4xf32> {
    %1 = linalg.matmul ins(%x, %w : tensor<2x4xf32>, tensor<4x4xf32>) outs(%z : tensor<2x4xf32>) -> tensor<2x4xf32>
    %2 = linalg.matmul ins(%x, %w : tensor<2x4xf32>, tensor<4x4xf32>) outs(%1 : tensor<2x4xf32>) -> tensor<2x4xf32>
    scf.yield %2 : tensor<2x4xf32>
  } else {
    scf.yield %x : tensor<2x4xf32>
  }
  %t = linalg.matmul ins(%s, %w : tensor<2x4xf32>, tensor<4x4xf32>) outs(%z : tensor<2x4xf32>) -> tensor<2x4xf32>
  return %t : tensor<2x4xf32>
}

//--- locations.mlir
// Operations that a frontend named keep their names; equal names are made unique.
// CHECK-LABEL: func.func @main
func.func @main(%x: tensor<4x3xf32>, %y: tensor<4x3xf32>) -> tensor<4x2xi1> {
  %w = arith.constant dense<[[0.5, 0.75], [1.0, -1.0], [2.0, -3.0]]> : tensor<3x2xf32>
  %init = arith.constant dense<0.0> : tensor<4x2xf32>
  // CHECK-DAG: quanta.observe %{{.*}}, "/fc1/Gemm/lhs#1"
  // CHECK-DAG: quanta.observe %{{.*}}, "/fc1/Gemm/lhs" using
  %0 = linalg.matmul ins(%x, %w : tensor<4x3xf32>, tensor<3x2xf32>) outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32> loc("/fc1/Gemm")
  %1 = linalg.matmul ins(%y, %w : tensor<4x3xf32>, tensor<3x2xf32>) outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32> loc("/fc1/Gemm")
  %2 = arith.cmpf olt, %0, %1 : tensor<4x2xf32>
  return %2 : tensor<4x2xi1>
}

//--- bytes.mlir
// A location of any bytes gives a name that a file of statistics can hold.
func.func @main(%x: tensor<4x3xf32>, %w: tensor<3x2xf32>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // CHECK: quanta.observe %{{.*}}, "a\EF\BF\BD/lhs"
  %0 = linalg.matmul ins(%x, %w : tensor<4x3xf32>, tensor<3x2xf32>) outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32> loc("a\FF")
  return %0 : tensor<4x2xf32>
}

//--- wrong-stage.mlir
func.func @main(%x: tensor<4x3xf32>) -> tensor<4x3xf32> {
  // CHECK: wrong-stage.mlir:[[@LINE+1]]:{{.*}}: error: 'quanta.fake_quant' op belongs to the simulated stage, but quanta-insert-observers takes the float stage
  %0 = quanta.fake_quant %x as !quant.uniform<u8:f32, 0.5> : tensor<4x3xf32>
  return %0 : tensor<4x3xf32>
}

//--- twice.mlir
func.func @main(%x: tensor<4x3xf32>) -> tensor<4x3xf32> {
  // CHECK: error: 'quanta.observe' op belongs to the observed stage, but quanta-insert-observers takes the float stage
  // KEEP: quanta.observe %{{.*}}, "mine"
  // KEEP-NOT: quanta.observe
  %0 = quanta.observe %x, "mine" using min_max : tensor<4x3xf32>
  return %0 : tensor<4x3xf32>
}
