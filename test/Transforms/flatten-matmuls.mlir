// RUN: quant-opt %s --quanta-flatten-matmuls | FileCheck %s

// CHECK-LABEL: func.func @broadcast(
// CHECK-SAME: %[[X:.*]]: tensor<2x3x8xf32>
func.func @broadcast(%x: tensor<2x3x8xf32>) -> tensor<2x3x4xf32> {
  // CHECK: %[[W:.*]] = arith.constant dense<1.000000e+00> : tensor<8x4xf32>
  %w = arith.constant dense<1.0> : tensor<8x4xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x8x4xf32>
  %b = linalg.broadcast ins(%w : tensor<8x4xf32>) outs(%e : tensor<2x8x4xf32>) dimensions = [0]
  %out = tensor.empty() : tensor<2x3x4xf32>
  %init = linalg.fill ins(%zero : f32) outs(%out : tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  // CHECK: %[[F:.*]] = tensor.collapse_shape %[[X]] {{\[\[}}0, 1], [2]] : tensor<2x3x8xf32> into tensor<6x8xf32>
  // CHECK: %[[Z:.*]] = linalg.fill {{.*}} -> tensor<6x4xf32>
  // CHECK: %[[M:.*]] = linalg.matmul ins(%[[F]], %[[W]] : tensor<6x8xf32>, tensor<8x4xf32>) outs(%[[Z]] : tensor<6x4xf32>)
  // CHECK: %[[R:.*]] = tensor.expand_shape %[[M]] {{\[\[}}0, 1], [2]] output_shape [2, 3, 4] : tensor<6x4xf32> into tensor<2x3x4xf32>
  // CHECK: return %[[R]]
  %0 = linalg.batch_matmul ins(%x, %b : tensor<2x3x8xf32>, tensor<2x8x4xf32>) outs(%init : tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return %0 : tensor<2x3x4xf32>
}

// As frontends write it: open sizes, the repetition a generic operation, two
// products of one tensor, elementwise operations behind.
// CHECK-LABEL: func.func @open(
// CHECK: %[[F:.*]] = tensor.collapse_shape %{{.*}} : tensor<?x?x8xf32> into tensor<?x8xf32>
// CHECK: %[[A:.*]] = linalg.matmul ins(%[[F]],
// CHECK: linalg.matmul ins(%[[F]],
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "parallel"]} ins(%[[A]],
// CHECK: arith.addf
// CHECK-NOT: linalg.batch_matmul
// CHECK: tensor.expand_shape
func.func @open(%x: tensor<?x?x8xf32>, %bias: tensor<4xf32>) -> (tensor<?x?x4xf32>, tensor<?x?x4xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<1.0> : tensor<8x4xf32>
  %v = arith.constant dense<2.0> : tensor<8x4xf32>
  %n = tensor.dim %x, %c0 : tensor<?x?x8xf32>
  %t = tensor.dim %x, %c1 : tensor<?x?x8xf32>
  %e = tensor.empty(%n) : tensor<?x8x4xf32>
  %b = linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (j, k)>, affine_map<(i, j, k) -> (i, j, k)>],
      iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%w : tensor<8x4xf32>) outs(%e : tensor<?x8x4xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<?x8x4xf32>
  %d = linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (j, k)>, affine_map<(i, j, k) -> (i, j, k)>],
      iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%v : tensor<8x4xf32>) outs(%e : tensor<?x8x4xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<?x8x4xf32>
  %out = tensor.empty(%n, %t) : tensor<?x?x4xf32>
  %init = linalg.fill ins(%zero : f32) outs(%out : tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %0 = linalg.batch_matmul ins(%x, %b : tensor<?x?x8xf32>, tensor<?x8x4xf32>) outs(%init : tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %1 = linalg.batch_matmul ins(%x, %d : tensor<?x?x8xf32>, tensor<?x8x4xf32>) outs(%init : tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %2 = linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (i, j, k)>, affine_map<(i, j, k) -> (k)>, affine_map<(i, j, k) -> (i, j, k)>],
      iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%0, %bias : tensor<?x?x4xf32>, tensor<4xf32>) outs(%out : tensor<?x?x4xf32>) {
  ^bb0(%a: f32, %c: f32, %o: f32):
    %s = arith.addf %a, %c : f32
    linalg.yield %s : f32
  } -> tensor<?x?x4xf32>
  return %1, %2 : tensor<?x?x4xf32>, tensor<?x?x4xf32>
}

// Factors that differ stay as they are.
// CHECK-LABEL: func.func @different(
// CHECK: linalg.batch_matmul
func.func @different(%x: tensor<2x3x8xf32>, %y: tensor<2x8x4xf32>, %init: tensor<2x3x4xf32>) -> tensor<2x3x4xf32> {
  %0 = linalg.batch_matmul ins(%x, %y : tensor<2x3x8xf32>, tensor<2x8x4xf32>) outs(%init : tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return %0 : tensor<2x3x4xf32>
}

// So does a product whose factor changes as it is repeated.
// CHECK-LABEL: func.func @scaled(
// CHECK: linalg.batch_matmul
func.func @scaled(%x: tensor<2x3x8xf32>, %w: tensor<8x4xf32>, %init: tensor<2x3x4xf32>) -> tensor<2x3x4xf32> {
  %e = tensor.empty() : tensor<2x8x4xf32>
  %b = linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (j, k)>, affine_map<(i, j, k) -> (i, j, k)>],
      iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%w : tensor<8x4xf32>) outs(%e : tensor<2x8x4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %a, %a : f32
    linalg.yield %s : f32
  } -> tensor<2x8x4xf32>
  %0 = linalg.batch_matmul ins(%x, %b : tensor<2x3x8xf32>, tensor<2x8x4xf32>) outs(%init : tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return %0 : tensor<2x3x4xf32>
}

// A batch of several dimensions.
// CHECK-LABEL: func.func @heads(
// CHECK-SAME: %[[X:.*]]: tensor<2x?x3x8xf32>
// CHECK: %[[W:.*]] = arith.constant dense<1.000000e+00> : tensor<8x4xf32>
// CHECK: %[[F:.*]] = tensor.collapse_shape %[[X]] {{\[\[}}0, 1, 2], [3]] : tensor<2x?x3x8xf32> into tensor<?x8xf32>
// CHECK: linalg.matmul ins(%[[F]], %[[W]] :
// CHECK-NOT: linalg.batch_matmul
func.func @heads(%x: tensor<2x?x3x8xf32>) -> tensor<?x3x4xf32> {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<1.0> : tensor<8x4xf32>
  %h = tensor.dim %x, %c1 : tensor<2x?x3x8xf32>
  %n = arith.muli %h, %c2 : index
  %e = tensor.empty(%h) : tensor<2x?x8x4xf32>
  %b = linalg.broadcast ins(%w : tensor<8x4xf32>) outs(%e : tensor<2x?x8x4xf32>) dimensions = [0, 1]
  %f = tensor.collapse_shape %b [[0, 1], [2], [3]] : tensor<2x?x8x4xf32> into tensor<?x8x4xf32>
  %c = tensor.collapse_shape %x [[0, 1], [2], [3]] : tensor<2x?x3x8xf32> into tensor<?x3x8xf32>
  %out = tensor.empty(%n) : tensor<?x3x4xf32>
  %init = linalg.fill ins(%zero : f32) outs(%out : tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  %0 = linalg.batch_matmul ins(%c, %f : tensor<?x3x8xf32>, tensor<?x8x4xf32>) outs(%init : tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  return %0 : tensor<?x3x4xf32>
}

// Rows of the factor that are merged are no batch.
// CHECK-LABEL: func.func @rows(
// CHECK: linalg.batch_matmul
func.func @rows(%x: tensor<2x3x8xf32>) -> tensor<2x3x4xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<1.0> : tensor<4x4xf32>
  %e = tensor.empty() : tensor<2x2x4x4xf32>
  %b = linalg.broadcast ins(%w : tensor<4x4xf32>) outs(%e : tensor<2x2x4x4xf32>) dimensions = [0, 1]
  %f = tensor.collapse_shape %b [[0], [1, 2], [3]] : tensor<2x2x4x4xf32> into tensor<2x8x4xf32>
  %out = tensor.empty() : tensor<2x3x4xf32>
  %init = linalg.fill ins(%zero : f32) outs(%out : tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %0 = linalg.batch_matmul ins(%x, %f : tensor<2x3x8xf32>, tensor<2x8x4xf32>) outs(%init : tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return %0 : tensor<2x3x4xf32>
}

// As a contraction, with the matrix repeated or not.
// CHECK-LABEL: func.func @contractions(
// CHECK-COUNT-2: linalg.matmul ins(%{{.*}}, %{{.*}} : tensor<?x8xf32>, tensor<8x4xf32>)
// CHECK-NOT: linalg.contract
func.func @contractions(%x: tensor<?x?x3x8xf32>, %init: tensor<?x?x3x4xf32>) -> (tensor<?x?x3x4xf32>, tensor<?x?x3x4xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %w = arith.constant dense<1.0> : tensor<8x4xf32>
  %a = tensor.dim %x, %c0 : tensor<?x?x3x8xf32>
  %b = tensor.dim %x, %c1 : tensor<?x?x3x8xf32>
  %e = tensor.empty(%a, %b) : tensor<?x?x8x4xf32>
  %r = linalg.broadcast ins(%w : tensor<8x4xf32>) outs(%e : tensor<?x?x8x4xf32>) dimensions = [0, 1]
  %0 = linalg.contract indexing_maps = [affine_map<(a, b, m, n, k) -> (a, b, m, k)>, affine_map<(a, b, m, n, k) -> (a, b, k, n)>, affine_map<(a, b, m, n, k) -> (a, b, m, n)>] ins(%x, %r : tensor<?x?x3x8xf32>, tensor<?x?x8x4xf32>) outs(%init : tensor<?x?x3x4xf32>) -> tensor<?x?x3x4xf32>
  %v = arith.constant dense<2.0> : tensor<8x4xf32>
  %1 = linalg.contract indexing_maps = [affine_map<(a, b, m, n, k) -> (a, b, m, k)>, affine_map<(a, b, m, n, k) -> (k, n)>, affine_map<(a, b, m, n, k) -> (a, b, m, n)>] ins(%x, %v : tensor<?x?x3x8xf32>, tensor<8x4xf32>) outs(%init : tensor<?x?x3x4xf32>) -> tensor<?x?x3x4xf32>
  return %0, %1 : tensor<?x?x3x4xf32>, tensor<?x?x3x4xf32>
}

// Columns of the matrix in another order, and a batch of matrices.
// CHECK-LABEL: func.func @other_contractions(
// CHECK-COUNT-2: linalg.contract
func.func @other_contractions(%x: tensor<2x3x5x8xf32>, %v: tensor<2x3x8x4xf32>, %init: tensor<2x3x5x4xf32>) -> (tensor<2x3x5x4xf32>, tensor<2x3x5x4xf32>) {
  %w = arith.constant dense<1.0> : tensor<4x8xf32>
  %0 = linalg.contract indexing_maps = [affine_map<(a, b, m, n, k) -> (a, b, m, k)>, affine_map<(a, b, m, n, k) -> (n, k)>, affine_map<(a, b, m, n, k) -> (a, b, m, n)>] ins(%x, %w : tensor<2x3x5x8xf32>, tensor<4x8xf32>) outs(%init : tensor<2x3x5x4xf32>) -> tensor<2x3x5x4xf32>
  %1 = linalg.contract indexing_maps = [affine_map<(a, b, m, n, k) -> (a, b, m, k)>, affine_map<(a, b, m, n, k) -> (a, b, k, n)>, affine_map<(a, b, m, n, k) -> (a, b, m, n)>] ins(%x, %v : tensor<2x3x5x8xf32>, tensor<2x3x8x4xf32>) outs(%init : tensor<2x3x5x4xf32>) -> tensor<2x3x5x4xf32>
  return %0, %1 : tensor<2x3x5x4xf32>, tensor<2x3x5x4xf32>
}

// CHECK-LABEL: func.func @unsigned(
// CHECK: linalg.matmul {cast = #linalg.type_fn<cast_unsigned>}
func.func @unsigned(%x: tensor<2x3x8xi8>, %w: tensor<8x4xi8>, %init: tensor<2x3x4xi32>) -> tensor<2x3x4xi32> {
  %e = tensor.empty() : tensor<2x8x4xi8>
  %b = linalg.broadcast ins(%w : tensor<8x4xi8>) outs(%e : tensor<2x8x4xi8>) dimensions = [0]
  %y = linalg.batch_matmul {cast = #linalg.type_fn<cast_unsigned>} ins(%x, %b : tensor<2x3x8xi8>, tensor<2x8x4xi8>) outs(%init : tensor<2x3x4xi32>) -> tensor<2x3x4xi32>
  return %y : tensor<2x3x4xi32>
}
