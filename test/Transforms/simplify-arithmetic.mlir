// RUN: split-file %s %t
// RUN: quant-opt %t/model.mlir --quanta-set-target="triple=x86_64-linux-gnu cpu=znver4" --quanta-simplify-arithmetic --canonicalize | FileCheck %t/model.mlir --check-prefixes=CHECK,FMA
// RUN: quant-opt %t/model.mlir --quanta-set-target="triple=x86_64-linux-gnu cpu=" --quanta-simplify-arithmetic --canonicalize | FileCheck %t/model.mlir --check-prefixes=CHECK,PLAIN
// RUN: not quant-opt %t/model.mlir --quanta-simplify-arithmetic 2>&1 | FileCheck %s --check-prefix=TARGET
// TARGET: error: quanta-simplify-arithmetic needs quanta-set-target or quanta-to-kernel before it

//--- model.mlir
#id = affine_map<(d0) -> (d0)>

// A quotient that is rounded to integers and clamped, and the ReLU before it.
// CHECK-LABEL: func.func @rounded(
// CHECK: ^bb0(%[[X:.*]]: f32, %{{.*}}: i8):
// CHECK-NOT: arith.cmpf
// FMA-NOT: arith.divf
// FMA: %[[L:.*]] = arith.mulf %[[X]], %[[LOW:.*]] : f32
// FMA: %[[Q:.*]] = math.fma %[[X]], %[[HIGH:.*]], %[[L]] : f32
// FMA: math.roundeven %[[Q]]
// PLAIN: %[[Q:.*]] = arith.divf %[[X]]
// PLAIN: math.roundeven %[[Q]]
func.func @rounded(%x: tensor<?xf32>, %e: tensor<?xi8>) -> tensor<?xi8> {
  %zero = arith.constant 0.0 : f32
  %scale = arith.constant 0.02 : f32
  %high = arith.constant 255.0 : f32
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<?xf32>) outs(%e : tensor<?xi8>) {
  ^bb0(%in: f32, %out: i8):
    %positive = arith.cmpf ugt, %in, %zero : f32
    %relu = arith.select %positive, %in, %zero : f32
    %q = arith.divf %relu, %scale : f32
    %r = math.roundeven %q : f32
    %s = arith.addf %r, %zero : f32
    %a = arith.maxnumf %s, %zero : f32
    %b = arith.minnumf %a, %high : f32
    %i = arith.fptosi %b : f32 to i32
    %t = arith.trunci %i : i32 to i8
    linalg.yield %t : i8
  } -> tensor<?xi8>
  return %0 : tensor<?xi8>
}

// The zero point is above the lower bound: what is below zero comes out below.
// CHECK-LABEL: func.func @zero_point(
// CHECK: arith.maximumf
// CHECK: math.roundeven
func.func @zero_point(%x: tensor<?xf32>, %e: tensor<?xi8>) -> tensor<?xi8> {
  %zero = arith.constant 0.0 : f32
  %scale = arith.constant 0.02 : f32
  %three = arith.constant 3.0 : f32
  %high = arith.constant 255.0 : f32
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<?xf32>) outs(%e : tensor<?xi8>) {
  ^bb0(%in: f32, %out: i8):
    %relu = arith.maximumf %in, %zero : f32
    %q = arith.divf %relu, %scale : f32
    %r = math.roundeven %q : f32
    %s = arith.addf %r, %three : f32
    %a = arith.maxnumf %s, %zero : f32
    %b = arith.minnumf %a, %high : f32
    %i = arith.fptosi %b : f32 to i32
    %t = arith.trunci %i : i32 to i8
    linalg.yield %t : i8
  } -> tensor<?xi8>
  return %0 : tensor<?xi8>
}

// 6 is rounded to the upper bound, and NaN to the lower one.
// CHECK-LABEL: func.func @relu6(
// CHECK: ^bb0(%[[X:.*]]: f32, %{{.*}}: i8):
// FMA-NEXT: arith.mulf %[[X]]
// PLAIN-NEXT: arith.divf %[[X]]
func.func @relu6(%x: tensor<?xf32>, %e: tensor<?xi8>) -> tensor<?xi8> {
  %zero = arith.constant 0.0 : f32
  %six = arith.constant 6.0 : f32
  %scale = arith.constant 0.0235294122 : f32
  %high = arith.constant 255.0 : f32
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<?xf32>) outs(%e : tensor<?xi8>) {
  ^bb0(%in: f32, %out: i8):
    %positive = arith.cmpf ogt, %in, %zero : f32
    %relu = arith.select %positive, %in, %zero : f32
    %bounded = arith.minnumf %relu, %six : f32
    %q = arith.divf %bounded, %scale : f32
    %r = math.roundeven %q : f32
    %s = arith.addf %r, %zero : f32
    %a = arith.maxnumf %s, %zero : f32
    %b = arith.minnumf %a, %high : f32
    %i = arith.fptosi %b : f32 to i32
    %t = arith.trunci %i : i32 to i8
    linalg.yield %t : i8
  } -> tensor<?xi8>
  return %0 : tensor<?xi8>
}

// The upper bound of the integers is above 6; with the upper bound alone, NaN
// would come out below it.
// CHECK-LABEL: func.func @needed(
// CHECK: arith.cmpf
// CHECK: arith.minnumf
// CHECK: math.roundeven
// CHECK: arith.minnumf
// CHECK: arith.minnumf
// CHECK: math.roundeven
func.func @needed(%x: tensor<?xf32>, %e: tensor<?xi8>) -> (tensor<?xi8>, tensor<?xi8>) {
  %zero = arith.constant 0.0 : f32
  %six = arith.constant 6.0 : f32
  %scale = arith.constant 0.0235294122 : f32
  %wide = arith.constant 0.024 : f32
  %high = arith.constant 255.0 : f32
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<?xf32>) outs(%e : tensor<?xi8>) {
  ^bb0(%in: f32, %out: i8):
    %positive = arith.cmpf ogt, %in, %zero : f32
    %relu = arith.select %positive, %in, %zero : f32
    %bounded = arith.minnumf %relu, %six : f32
    %q = arith.divf %bounded, %wide : f32
    %r = math.roundeven %q : f32
    %s = arith.addf %r, %zero : f32
    %a = arith.maxnumf %s, %zero : f32
    %b = arith.minnumf %a, %high : f32
    %i = arith.fptosi %b : f32 to i32
    %t = arith.trunci %i : i32 to i8
    linalg.yield %t : i8
  } -> tensor<?xi8>
  %1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<?xf32>) outs(%e : tensor<?xi8>) {
  ^bb0(%in: f32, %out: i8):
    %bounded = arith.minnumf %in, %six : f32
    %q = arith.divf %bounded, %scale : f32
    %r = math.roundeven %q : f32
    %s = arith.addf %r, %zero : f32
    %a = arith.maxnumf %s, %zero : f32
    %b = arith.minnumf %a, %high : f32
    %i = arith.fptosi %b : f32 to i32
    %t = arith.trunci %i : i32 to i8
    linalg.yield %t : i8
  } -> tensor<?xi8>
  return %0, %1 : tensor<?xi8>, tensor<?xi8>
}

// Quotients that may be too small to be exact stay, those of integers need not;
// neither powers of two nor negative divisors are touched.
// CHECK-LABEL: func.func @quotient(
// CHECK: ^bb0(%[[X:.*]]: f32, %[[N:.*]]: i32, %{{.*}}: f32):
// CHECK: arith.divf %[[X]]
// CHECK: %[[F:.*]] = arith.sitofp %[[N]]
// FMA: arith.mulf %[[F]]
// FMA: math.fma %[[F]]
// PLAIN: arith.divf %[[F]]
// CHECK: arith.divf
// CHECK: arith.divf
func.func @quotient(%x: tensor<?xf32>, %n: tensor<?xi32>, %e: tensor<?xf32>) -> tensor<?xf32> {
  %root = arith.constant 1.41421354 : f32
  %four = arith.constant 4.0 : f32
  %negative = arith.constant -3.0 : f32
  %0 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]} ins(%x, %n : tensor<?xf32>, tensor<?xi32>) outs(%e : tensor<?xf32>) {
  ^bb0(%in: f32, %number: i32, %out: f32):
    %q = arith.divf %in, %root : f32
    %f = arith.sitofp %number : i32 to f32
    %g = arith.divf %f, %root : f32
    %h = arith.divf %f, %four : f32
    %i = arith.divf %f, %negative : f32
    %s = arith.addf %q, %g : f32
    %t = arith.addf %s, %h : f32
    %u = arith.addf %t, %i : f32
    linalg.yield %u : f32
  } -> tensor<?xf32>
  return %0 : tensor<?xf32>
}
