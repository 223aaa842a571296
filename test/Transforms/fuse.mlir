// RUN: split-file %s %t
// RUN: quant-opt %t/model.mlir --quanta-fuse | FileCheck %t/model.mlir
// RUN: not quant-opt %t/stage.mlir --quanta-fuse 2>&1 | FileCheck %t/stage.mlir

//--- model.mlir
#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d1)>
#column = affine_map<(d0, d1) -> (d0)>

// The bias becomes what the product accumulates on; ReLU stays alone behind it.
// CHECK-LABEL: func.func @bias_relu
// CHECK-SAME: %[[X:[a-z0-9_]+]]: tensor<4x3xf32>
func.func @bias_relu(%x: tensor<4x3xf32>) -> tensor<4x2xf32> {
  %w = arith.constant dense<[[0.5, 0.75], [1.0, -1.0], [2.0, -3.0]]> : tensor<3x2xf32>
  %bias = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<4x2xf32>
  // CHECK: %[[B:.*]] = linalg.broadcast ins(%{{.*}} : tensor<2xf32>) outs(%{{.*}} : tensor<4x2xf32>) dimensions = [0]
  // CHECK: %[[Y:.*]] = linalg.matmul ins(%[[X]], %{{.*}}) outs(%[[B]] : tensor<4x2xf32>)
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4x2xf32>) -> tensor<4x2xf32>
  %y = linalg.matmul ins(%x, %w : tensor<4x3xf32>, tensor<3x2xf32>) outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32>
  // CHECK: %[[R:.*]] = linalg.generic {{.*}} ins(%[[Y]] : tensor<4x2xf32>)
  // CHECK-NOT: arith.addf
  // CHECK: arith.maximumf
  // CHECK-NOT: linalg.generic
  // CHECK: return %[[R]]
  %z = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%y, %bias : tensor<4x2xf32>, tensor<2xf32>) outs(%empty : tensor<4x2xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<4x2xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%z : tensor<4x2xf32>) outs(%empty : tensor<4x2xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.maximumf %a, %zero : f32
    linalg.yield %m : f32
  } -> tensor<4x2xf32>
  return %r : tensor<4x2xf32>
}

// The start of a longer body: only the sum goes.
// CHECK-LABEL: func.func @bias_in_tail
func.func @bias_in_tail(%x: tensor<?x3xf32>, %init: tensor<?x2xf32>, %n: index) -> tensor<?x2xf32> {
  %w = arith.constant dense<[[0.5, 0.75], [1.0, -1.0], [2.0, -3.0]]> : tensor<3x2xf32>
  %bias = arith.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty(%n) : tensor<?x2xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x2xf32>) -> tensor<?x2xf32>
  // CHECK: %[[B:.*]] = linalg.broadcast
  // CHECK: %[[Y:.*]] = linalg.matmul {{.*}} outs(%[[B]] : tensor<?x2xf32>)
  %y = linalg.matmul ins(%x, %w : tensor<?x3xf32>, tensor<3x2xf32>) outs(%zeros : tensor<?x2xf32>) -> tensor<?x2xf32>
  // CHECK: linalg.generic
  // CHECK-NOT: arith.addf
  // CHECK: math.tanh
  %z = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (0, d1)>, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%bias, %y : tensor<1x2xf32>, tensor<?x2xf32>) outs(%empty : tensor<?x2xf32>) {
  ^bb0(%b: f32, %a: f32, %o: f32):
    %s = arith.addf %b, %a : f32
    %t = math.tanh %s : f32
    linalg.yield %t : f32
  } -> tensor<?x2xf32>
  return %z : tensor<?x2xf32>
}

// What is no bias stays a sum: one value for each row, data, a result with
// several users, a product that accumulates on something else already.
// CHECK-LABEL: func.func @no_bias
func.func @no_bias(%x: tensor<2x3xf32>, %data: tensor<2xf32>, %init: tensor<2x2xf32>)
    -> (tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>) {
  %w = arith.constant dense<[[0.5, 0.75], [1.0, -1.0], [2.0, -3.0]]> : tensor<3x2xf32>
  %constant = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %zeros = arith.constant dense<0.0> : tensor<2x2xf32>
  %empty = tensor.empty() : tensor<2x2xf32>
  // CHECK-NOT: linalg.broadcast
  %y0 = linalg.matmul ins(%x, %w : tensor<2x3xf32>, tensor<3x2xf32>) outs(%zeros : tensor<2x2xf32>) -> tensor<2x2xf32>
  %z0 = linalg.generic {indexing_maps = [#id, #column, #id], iterator_types = ["parallel", "parallel"]}
      ins(%y0, %constant : tensor<2x2xf32>, tensor<2xf32>) outs(%empty : tensor<2x2xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<2x2xf32>
  %y1 = linalg.matmul ins(%x, %w : tensor<2x3xf32>, tensor<3x2xf32>) outs(%zeros : tensor<2x2xf32>) -> tensor<2x2xf32>
  %z1 = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%y1, %data : tensor<2x2xf32>, tensor<2xf32>) outs(%empty : tensor<2x2xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<2x2xf32>
  %y2 = linalg.matmul ins(%x, %w : tensor<2x3xf32>, tensor<3x2xf32>) outs(%zeros : tensor<2x2xf32>) -> tensor<2x2xf32>
  %z2 = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%y2, %constant : tensor<2x2xf32>, tensor<2xf32>) outs(%empty : tensor<2x2xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<2x2xf32>
  %y3 = linalg.matmul ins(%x, %w : tensor<2x3xf32>, tensor<3x2xf32>) outs(%init : tensor<2x2xf32>) -> tensor<2x2xf32>
  %z3 = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%y3, %constant : tensor<2x2xf32>, tensor<2xf32>) outs(%empty : tensor<2x2xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<2x2xf32>
  // CHECK-COUNT-4: arith.addf
  return %z0, %z1, %z2, %y2, %z3 : tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>
}

// A bias after fake-quantized factors, with both orders of the sum.
// CHECK-LABEL: func.func @simulated
func.func @simulated(%x: tensor<4x3xf32>) -> tensor<4x2xf32> {
  %w = arith.constant dense<[[0.5, 0.75], [1.0, -1.0], [2.0, -3.0]]> : tensor<3x2xf32>
  %bias = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %zeros = arith.constant dense<0.0> : tensor<4x2xf32>
  %empty = tensor.empty() : tensor<4x2xf32>
  %qx = quanta.fake_quant %x as !quant.uniform<u8:f32, 0.5:3> : tensor<4x3xf32>
  %qw = quanta.fake_quant %w as !quant.uniform<i8<-127:127>:f32, 0.5> : tensor<3x2xf32>
  // CHECK: %[[B:.*]] = linalg.broadcast
  // CHECK: %[[Y:.*]] = linalg.matmul {{.*}} outs(%[[B]] :
  // CHECK-NOT: linalg.generic
  // CHECK: return %[[Y]]
  %y = linalg.matmul ins(%qx, %qw : tensor<4x3xf32>, tensor<3x2xf32>) outs(%zeros : tensor<4x2xf32>) -> tensor<4x2xf32>
  %z = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%y, %bias : tensor<4x2xf32>, tensor<2xf32>) outs(%empty : tensor<4x2xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.addf %b, %a : f32
    linalg.yield %s : f32
  } -> tensor<4x2xf32>
  return %z : tensor<4x2xf32>
}

// A size that turns out to be static: fusion comes to an end.
// CHECK-LABEL: func.func @static_size
func.func @static_size(%x: tensor<?x4xf32>) -> tensor<?x3xf32> {
  %c0 = arith.constant 0 : index
  %one = arith.constant 1.0 : f32
  %slice = tensor.extract_slice %x[0, 0] [2, 3] [1, 1] : tensor<?x4xf32> to tensor<2x3xf32>
  %cast = tensor.cast %slice : tensor<2x3xf32> to tensor<?x3xf32>
  %size = tensor.dim %cast, %c0 : tensor<?x3xf32>
  %empty = tensor.empty(%size) : tensor<?x3xf32>
  // CHECK: linalg.generic
  // CHECK-NOT: linalg.generic
  // CHECK: return
  %y = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%cast : tensor<?x3xf32>) outs(%empty : tensor<?x3xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %a, %one : f32
    linalg.yield %s : f32
  } -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}

// What is costly for a row is not done again for each of its elements; what is
// not, is.
// CHECK-LABEL: func.func @rows
// CHECK: %[[R:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<4xf32>)
// CHECK: math.rsqrt
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %[[R]], %{{.*}} : tensor<4x8xf32>, tensor<4xf32>, tensor<4xf32>) outs(%{{.*}} : tensor<4x8xf32>)
// CHECK: arith.addf
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @rows(%x: tensor<4x8xf32>, %v: tensor<4xf32>) -> tensor<4x8xf32> {
  %few = tensor.empty() : tensor<4xf32>
  %all = tensor.empty() : tensor<4x8xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(m) -> (m)>, affine_map<(m) -> (m)>], iterator_types = ["parallel"]} ins(%v : tensor<4xf32>) outs(%few : tensor<4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = math.rsqrt %a : f32
    linalg.yield %0 : f32
  } -> tensor<4xf32>
  %s = linalg.generic {indexing_maps = [affine_map<(m) -> (m)>, affine_map<(m) -> (m)>], iterator_types = ["parallel"]} ins(%v : tensor<4xf32>) outs(%few : tensor<4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %a, %a : f32
    linalg.yield %0 : f32
  } -> tensor<4xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(m, n) -> (m, n)>, affine_map<(m, n) -> (m)>, affine_map<(m, n) -> (m)>, affine_map<(m, n) -> (m, n)>], iterator_types = ["parallel", "parallel"]} ins(%x, %r, %s : tensor<4x8xf32>, tensor<4xf32>, tensor<4xf32>) outs(%all : tensor<4x8xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32, %o: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.subf %0, %c : f32
    linalg.yield %1 : f32
  } -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// Named operations are like any other; weights that are all one number stay
// those of a product.
// CHECK-LABEL: func.func @named
// CHECK: %[[B:.*]] = linalg.broadcast ins(%{{.*}} : tensor<8xf32>)
// CHECK: %[[M:.*]] = linalg.matmul ins(%{{.*}}, %{{.*}} : tensor<4x8xf32>, tensor<8x8xf32>) outs(%[[B]] : tensor<4x8xf32>)
// CHECK: %[[T:.*]] = linalg.generic {{.*}} ins(%[[M]] : tensor<4x8xf32>)
// CHECK: arith.maximumf
// CHECK: math.tanh
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "reduction"]} ins(%[[T]], %{{.*}} : tensor<4x8xf32>, tensor<8x8xf32>)
// CHECK-NOT: linalg.{{generic|map|broadcast}}
// CHECK: return
func.func @named(%x: tensor<4x8xf32>, %w: tensor<8x8xf32>) -> tensor<4x8xf32> {
  %zero = arith.constant 0.0 : f32
  %b = arith.constant dense<[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]> : tensor<8xf32>
  %half = arith.constant dense<0.5> : tensor<8x8xf32>
  %e = tensor.empty() : tensor<4x8xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %m = linalg.matmul ins(%x, %w : tensor<4x8xf32>, tensor<8x8xf32>) outs(%z : tensor<4x8xf32>) -> tensor<4x8xf32>
  %bias = linalg.broadcast ins(%b : tensor<8xf32>) outs(%e : tensor<4x8xf32>) dimensions = [0]
  %s = linalg.add ins(%m, %bias : tensor<4x8xf32>, tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %r = linalg.max ins(%s, %z : tensor<4x8xf32>, tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %t = linalg.map { math.tanh } ins(%r : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>)
  %y = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%t, %half : tensor<4x8xf32>, tensor<8x8xf32>) outs(%z : tensor<4x8xf32>) {
  ^bb0(%a: f32, %c: f32, %o: f32):
    %0 = arith.mulf %a, %c : f32
    %1 = arith.addf %o, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

//--- stage.mlir
// CHECK: error: 'llvm.func' op belongs to the llvm stage, but quanta-fuse takes the float, simulated, quantized, integer and kernel stages
llvm.func @main()
