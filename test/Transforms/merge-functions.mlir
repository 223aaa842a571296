// RUN: quant-opt %s --quanta-merge-functions --split-input-file | FileCheck %s

#map = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (0, d1)>

// SiLU as frontends write it: the sigmoid, and the product with what it reads,
// in which a dimension of size 1 is read by its only index.
// CHECK-LABEL: func @silu
// CHECK-SAME: (%[[X:.*]]: tensor<1x8xf32>)
// CHECK: %[[E:.*]] = tensor.empty() : tensor<1x8xf32>
// CHECK: %[[R:.*]] = linalg.generic
// CHECK-SAME: ins(%[[X]] : tensor<1x8xf32>) outs(%{{.*}} : tensor<1x8xf32>)
// CHECK-NEXT: ^bb0(%[[A:.*]]: f32, %{{.*}}: f32):
// CHECK-NEXT: %[[N:.*]] = arith.negf %[[A]]
// CHECK-NEXT: %[[P:.*]] = math.exp %[[N]]
// CHECK-NEXT: %[[Q:.*]] = arith.addf %[[P]], %{{.*}}
// CHECK-NEXT: %[[S:.*]] = arith.divf %{{.*}}, %[[Q]]
// CHECK-NEXT: %[[Y:.*]] = arith.mulf %[[S]], %[[A]]
// CHECK-NEXT: linalg.yield %[[Y]]
// CHECK-NOT: linalg.generic
// CHECK: return %[[R]]
func.func @silu(%x: tensor<1x8xf32>) -> tensor<1x8xf32> {
  %one = arith.constant 1.0 : f32
  %e = tensor.empty() : tensor<1x8xf32>
  %s = linalg.generic {indexing_maps = [#row, #map], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<1x8xf32>) outs(%e : tensor<1x8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.negf %a : f32
    %1 = math.exp %0 : f32
    %2 = arith.addf %1, %one : f32
    %3 = arith.divf %one, %2 : f32
    linalg.yield %3 : f32
  } -> tensor<1x8xf32>
  %y = linalg.generic {indexing_maps = [#row, #row, #map], iterator_types = ["parallel", "parallel"]}
      ins(%s, %x : tensor<1x8xf32>, tensor<1x8xf32>) outs(%e : tensor<1x8xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.mulf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<1x8xf32>
  return %y : tensor<1x8xf32>
}

// -----

// GELU by pieces of several dialects, with constants of every form beside the
// tensor, on a size that is known at run time.
// CHECK-LABEL: func @gelu
// CHECK-SAME: (%[[X:.*]]: tensor<?xf32>)
// CHECK: tensor.dim %[[X]]
// CHECK: linalg.generic {{.*}} ins(%[[X]] : tensor<?xf32>)
// CHECK-NEXT: ^bb0(%[[A:.*]]: f32, %{{.*}}: f32):
// CHECK: %[[D:.*]] = arith.divf %[[A]], %{{.*}}
// CHECK: %[[F:.*]] = math.erf %[[D]]
// CHECK: %[[G:.*]] = arith.addf %[[F]], %{{.*}}
// CHECK: %[[H:.*]] = arith.mulf %[[A]], %[[G]]
// CHECK: arith.mulf %[[H]], %{{.*}}
// CHECK-NEXT: linalg.yield
// CHECK-NOT: linalg.
// CHECK: return
#id = affine_map<(d0) -> (d0)>
#none = affine_map<(d0) -> ()>
func.func @gelu(%x: tensor<?xf32>) -> tensor<?xf32> {
  %root = arith.constant dense<1.41421354> : tensor<f32>
  %half = arith.constant 0.5 : f32
  %one = arith.constant 1.0 : f32
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?xf32>
  %d = linalg.generic {indexing_maps = [#id, #none, #id], iterator_types = ["parallel"]}
      ins(%x, %root : tensor<?xf32>, tensor<f32>) outs(%e : tensor<?xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.divf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<?xf32>
  %f = math.erf %d : tensor<?xf32>
  %m = tensor.dim %f, %c0 : tensor<?xf32>
  %e1 = tensor.empty(%m) : tensor<?xf32>
  %ones = linalg.fill ins(%one : f32) outs(%e1 : tensor<?xf32>) -> tensor<?xf32>
  %g = linalg.add ins(%f, %ones : tensor<?xf32>, tensor<?xf32>) outs(%e1 : tensor<?xf32>) -> tensor<?xf32>
  %h = arith.mulf %x, %g : tensor<?xf32>
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%h : tensor<?xf32>) outs(%e1 : tensor<?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.mulf %a, %half : f32
    linalg.yield %0 : f32
  } -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

// A comparison on the way, and an operation on two tensors before the function:
// that is where it starts.
// CHECK-LABEL: func @select
// CHECK-SAME: (%[[X:.*]]: tensor<4xf32>, %[[Y:.*]]: tensor<4xf32>)
// CHECK: %[[S:.*]] = arith.addf %[[X]], %[[Y]] : tensor<4xf32>
// CHECK: linalg.generic {{.*}} ins(%[[S]] : tensor<4xf32>)
// CHECK: arith.cmpf
// CHECK: math.exp
// CHECK: arith.select
// CHECK-NOT: tensor<4xi1>
// CHECK: return
func.func @select(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %zeros = arith.constant dense<0.0> : tensor<4xf32>
  %s = arith.addf %x, %y : tensor<4xf32>
  %c = arith.cmpf ogt, %s, %zeros : tensor<4xf32>
  %e = math.exp %s : tensor<4xf32>
  %r = arith.select %c, %s, %e : tensor<4xi1>, tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// What something else reads too stays: the sigmoid, and so the product has two
// inputs. A function of the sigmoid alone starts behind it.
// CHECK-LABEL: func @shared
// CHECK-SAME: (%[[X:.*]]: tensor<4xf32>)
// CHECK: %[[S:.*]] = math.tanh %[[X]] : tensor<4xf32>
// CHECK: %[[P:.*]] = arith.mulf %[[X]], %[[S]] : tensor<4xf32>
// CHECK: %[[Q:.*]] = linalg.generic {{.*}} ins(%[[S]] : tensor<4xf32>)
// CHECK: math.exp
// CHECK: arith.negf
// CHECK: return %[[P]], %[[Q]]
func.func @shared(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %s = math.tanh %x : tensor<4xf32>
  %p = arith.mulf %x, %s : tensor<4xf32>
  %e = math.exp %s : tensor<4xf32>
  %q = arith.negf %e : tensor<4xf32>
  return %p, %q : tensor<4xf32>, tensor<4xf32>
}

// -----

// A constant with several values has a function for each, an index is another
// input, and a number that is an argument varies too.
// CHECK-LABEL: func @several
// CHECK-COUNT-2: arith.mulf {{.*}} : tensor<4xf32>
// CHECK: math.exp {{.*}} : tensor<4xf32>
// CHECK: linalg.index
// CHECK: arith.negf {{.*}} : tensor<4xf32>
// CHECK: linalg.generic
// CHECK: math.exp {{.*}} : tensor<4xf32>
#id = affine_map<(d0) -> (d0)>
func.func @several(%x: tensor<4xf32>, %z: f32) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %scales = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %y = arith.mulf %x, %scales : tensor<4xf32>
  %r = arith.mulf %y, %scales : tensor<4xf32>
  %empty = tensor.empty() : tensor<4xf32>
  %e = math.exp %x : tensor<4xf32>
  %i = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%e : tensor<4xf32>) outs(%empty : tensor<4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = linalg.index 0 : index
    %1 = arith.index_cast %0 : index to i32
    %2 = arith.sitofp %1 : i32 to f32
    %3 = arith.addf %a, %2 : f32
    linalg.yield %3 : f32
  } -> tensor<4xf32>
  %n = arith.negf %x : tensor<4xf32>
  %v = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%n : tensor<4xf32>) outs(%empty : tensor<4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %a, %z : f32
    linalg.yield %0 : f32
  } -> tensor<4xf32>
  %w = math.exp %v : tensor<4xf32>
  return %r, %i, %w : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// -----

// Nor is an operation that transposes a function of each element.
// CHECK-LABEL: func @transposes
// CHECK: math.exp {{.*}} : tensor<4x4xf32>
// CHECK: linalg.generic
// CHECK-NEXT: ^bb0
// CHECK-NEXT: arith.negf
// CHECK-NEXT: linalg.yield
// CHECK: math.tanh {{.*}} : tensor<4x4xf32>
#straight = affine_map<(d0, d1) -> (d0, d1)>
#turned = affine_map<(d0, d1) -> (d1, d0)>
func.func @transposes(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %0 = math.exp %x : tensor<4x4xf32>
  %e = tensor.empty() : tensor<4x4xf32>
  %1 = linalg.generic {indexing_maps = [#straight, #turned], iterator_types = ["parallel", "parallel"]}
      ins(%0 : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %t = arith.negf %a : f32
    linalg.yield %t : f32
  } -> tensor<4x4xf32>
  %2 = math.tanh %1 : tensor<4x4xf32>
  return %2 : tensor<4x4xf32>
}

// -----

// What a mean consists of stays apart: its division is what tells a mean.
// CHECK-LABEL: func @mean
// CHECK: %[[S:.*]] = linalg.generic
// CHECK: %[[M:.*]] = arith.divf %[[S]], %{{.*}} : tensor<4xf32>
// CHECK: math.tanh %[[M]] : tensor<4xf32>
#rows = affine_map<(d0, d1) -> (d0, d1)>
#sums = affine_map<(d0, d1) -> (d0)>
func.func @mean(%x: tensor<4x8xf32>) -> tensor<4xf32> {
  %zeros = arith.constant dense<0.0> : tensor<4xf32>
  %count = arith.constant dense<8.0> : tensor<4xf32>
  %s = linalg.generic {indexing_maps = [#rows, #sums], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<4x8xf32>) outs(%zeros : tensor<4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %o, %a : f32
    linalg.yield %0 : f32
  } -> tensor<4xf32>
  %m = arith.divf %s, %count : tensor<4xf32>
  %r = math.tanh %m : tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// Inside of a loop, from what an operation outside of it computes.
// CHECK-LABEL: func @loop
// CHECK: %[[E:.*]] = math.exp
// CHECK: scf.for
// CHECK: linalg.generic {{.*}} ins(%[[E]] : tensor<4xf32>)
// CHECK-NEXT: ^bb0(%[[A:.*]]: f32,
// CHECK-NEXT: %[[T:.*]] = math.tanh %[[A]]
// CHECK-NEXT: arith.mulf %[[T]], %[[A]]
func.func @loop(%x: tensor<4xf32>, %n: index) -> tensor<4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %e = math.exp %x : tensor<4xf32>
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%s = %x) -> tensor<4xf32> {
    %t = math.tanh %e : tensor<4xf32>
    %p = arith.mulf %t, %e : tensor<4xf32>
    %a = arith.addf %s, %p : tensor<4xf32>
    scf.yield %a : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}
