// RUN: quant-opt %s --quanta-check-scalars | FileCheck %s

// CHECK-LABEL: func.func @indices(
// CHECK-SAME: %[[X:.*]]: tensor<?x4xf32>, %[[I:.*]]: index)
// CHECK: %[[N:.*]] = tensor.dim %[[X]], %c0
// CHECK: %[[FITS:.*]] = arith.cmpi ult, %[[I]], %[[N]] : index
// CHECK: cf.assert %[[FITS]], "index 0 of 'tensor.extract' at {{.*}} is out of range"
// CHECK-NOT: cf.assert
// CHECK: tensor.extract
// CHECK: arith.cmpi ult, %[[I]], %c4
// CHECK: cf.assert %{{.*}}, "index 1 of 'tensor.insert' at {{.*}} is out of range"
// CHECK-NOT: cf.assert
// CHECK: tensor.insert
// CHECK: arith.cmpi ult, %[[I]], %c2
// CHECK: cf.assert %{{.*}}, "the dimension of 'tensor.dim' at {{.*}} is out of range"
// CHECK: tensor.dim %[[X]], %[[I]]
func.func @indices(%x: tensor<?x4xf32>, %i: index) -> (f32, tensor<2x4xf32>, index) {
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %e = tensor.empty() : tensor<2x4xf32>
  %0 = tensor.extract %x[%i, %c3] : tensor<?x4xf32>
  %1 = tensor.insert %0 into %e[%c0, %i] : tensor<2x4xf32>
  %2 = tensor.dim %x, %i : tensor<?x4xf32>
  return %0, %1, %2 : f32, tensor<2x4xf32>, index
}

// What the bounds of loops and the range of arithmetic tell is not checked.
// CHECK-LABEL: func.func @known(
// CHECK-NOT: cf.assert
// CHECK: return
#id = affine_map<(d0) -> (d0)>
func.func @known(%x: tensor<?xi32>, %table: tensor<8xi32>) -> (tensor<?xi32>, i32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  %seven = arith.constant 7 : i32
  %n = tensor.dim %x, %c0 : tensor<?xi32>
  %e = tensor.empty(%n) : tensor<?xi32>
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<?xi32>) outs(%e : tensor<?xi32>) {
  ^bb0(%a: i32, %o: i32):
    %position = linalg.index 0 : index
    %own = tensor.extract %x[%position] : tensor<?xi32>
    %low = arith.maxsi %a, %zero : i32
    %row = arith.minsi %low, %seven : i32
    %index = arith.index_cast %row : i32 to index
    %v = tensor.extract %table[%index] : tensor<8xi32>
    %d = arith.maxsi %own, %one : i32
    %q = arith.divsi %v, %d : i32
    linalg.yield %q : i32
  } -> tensor<?xi32>
  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%s = %zero) -> i32 {
    %v = tensor.extract %x[%i] : tensor<?xi32>
    %t = arith.addi %s, %v : i32
    scf.yield %t : i32
  }
  return %0, %sum : tensor<?xi32>, i32
}

// CHECK-LABEL: func.func @divisors(
// CHECK-SAME: %[[A:.*]]: i32, %[[B:.*]]: i32)
// CHECK: %[[NZ:.*]] = arith.cmpi ne, %[[B]], %c0
// CHECK: cf.assert %[[NZ]], "the divisor of 'arith.divsi' at {{.*}} is zero"
// CHECK: %[[M:.*]] = arith.cmpi ne, %[[B]], %c-1
// CHECK: %[[L:.*]] = arith.cmpi ne, %[[A]], %c-2147483648
// CHECK: %[[OK:.*]] = arith.ori %[[M]], %[[L]]
// CHECK: cf.assert %[[OK]], "the quotient of 'arith.divsi' at {{.*}} does not fit its type"
// CHECK: arith.divsi
// CHECK: cf.assert %{{.*}}, "the divisor of 'arith.remui' at {{.*}} is zero"
// CHECK-NOT: cf.assert
// CHECK: arith.remui
// CHECK-NOT: cf.assert
// CHECK: arith.divsi
func.func @divisors(%a: i32, %b: i32) -> (i32, i32, i32) {
  %c3 = arith.constant 3 : i32
  %0 = arith.divsi %a, %b : i32
  %1 = arith.remui %a, %b : i32
  %2 = arith.divsi %a, %c3 : i32
  return %0, %1, %2 : i32, i32, i32
}

// CHECK-LABEL: func.func @step(
// CHECK-SAME: %[[S:.*]]: index)
// CHECK: arith.cmpi sgt, %[[S]], %c0
// CHECK: cf.assert %{{.*}}, "the step of 'scf.for' at {{.*}} is not positive"
// CHECK: scf.for
func.func @step(%s: index) -> index {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %0 = scf.for %i = %c0 to %c8 step %s iter_args(%a = %c0) -> index {
    scf.yield %i : index
  }
  return %0 : index
}

// A constant without elements beside an index that is looked into.
// CHECK-LABEL: func.func @empty(
// CHECK: cf.assert
func.func @empty(%x: tensor<4xf32>, %i: index) -> (f32, tensor<0xi32>) {
  %c = arith.constant dense<> : tensor<0xi32>
  %0 = tensor.extract %x[%i] : tensor<4xf32>
  return %0, %c : f32, tensor<0xi32>
}

// Indices that a body is given have bounds that upstream cannot be asked for.
// CHECK-LABEL: func.func @padding(
// CHECK: ^bb0(%{{.*}}: index, %[[J:.*]]: index):
// CHECK: arith.cmpi ult, %[[J]], %c5
// CHECK: cf.assert %{{.*}}, "index 0 of 'tensor.extract' at {{.*}} is out of range"
func.func @padding(%x: tensor<2x3xf32>, %v: tensor<5xf32>) -> tensor<2x5xf32> {
  %p = tensor.pad %x low[0, 0] high[0, 2] {
  ^bb0(%i: index, %j: index):
    %e = tensor.extract %v[%j] : tensor<5xf32>
    tensor.yield %e : f32
  } : tensor<2x3xf32> to tensor<2x5xf32>
  return %p : tensor<2x5xf32>
}

// Without signs, every step but zero is positive.
// CHECK-LABEL: func.func @unsigned_loop(
// CHECK-SAME: %[[STEP:[a-z0-9]+]]: i8)
// CHECK: %[[IS:.*]] = arith.cmpi ne, %[[STEP]], %{{.*}} : i8
// CHECK: cf.assert %[[IS]], "the step of 'scf.for' at {{.*}} is not positive"
func.func @unsigned_loop(%x: tensor<4xf32>, %n: i8, %step: i8) -> tensor<4xf32> {
  %zero = arith.constant 0 : i8
  %r = scf.for unsigned %i = %zero to %n step %step iter_args(%a = %x) -> (tensor<4xf32>) : i8 {
    scf.yield %a : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}
