// RUN: quant-opt %s --quanta-raise-contractions | FileCheck %s
// RUN: quant-opt %s --quanta-insert-observers | FileCheck %s --check-prefix=OBSERVED

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>
#nm = affine_map<(m, n, k) -> (n, m)>
#row = affine_map<(m, k) -> (m, k)>
#sum = affine_map<(m, k) -> (m)>

// In any order of the factors, of the sum and of the dimensions.
// CHECK-LABEL: func.func @matmul(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x8xf32>, %[[W:[a-z0-9]+]]: tensor<8x4xf32>, %[[O:[a-z0-9]+]]: tensor<?x4xf32>, %[[T:[a-z0-9]+]]: tensor<4x?xf32>
// CHECK: linalg.contract indexing_maps = [#{{.*}}, #{{.*}}, #{{.*}}] ins(%[[X]], %[[W]] : {{.*}}) outs(%[[O]] : tensor<?x4xf32>)
// CHECK: linalg.contract indexing_maps = [#{{.*}}, #{{.*}}, #{{.*}}] ins(%[[X]], %[[W]] : {{.*}}) outs(%[[T]] : tensor<4x?xf32>)
// CHECK-NOT: linalg.generic
// OBSERVED-LABEL: func.func @matmul(
// OBSERVED-DAG: quanta.observe %{{.*}}, "matmul/contract_0/lhs"
// OBSERVED-DAG: quanta.observe %{{.*}}, "matmul/contract_0/rhs"
func.func @matmul(%x: tensor<?x8xf32>, %w: tensor<8x4xf32>, %o: tensor<?x4xf32>, %t: tensor<4x?xf32>) -> (tensor<?x4xf32>, tensor<4x?xf32>) {
  %0 = linalg.generic {indexing_maps = [#mk, #kn, #mn], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<?x8xf32>, tensor<8x4xf32>) outs(%o : tensor<?x4xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %c, %p : f32
    linalg.yield %s : f32
  } -> tensor<?x4xf32>
  %1 = linalg.generic {indexing_maps = [#mk, #kn, #nm], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<?x8xf32>, tensor<8x4xf32>) outs(%t : tensor<4x?xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %b, %a : f32
    %s = arith.addf %p, %c : f32
    linalg.yield %s : f32
  } -> tensor<4x?xf32>
  return %0, %1 : tensor<?x4xf32>, tensor<4x?xf32>
}

// Sums of squares and of products row by row are no products of matrices; other
// bodies are not those of one.
// CHECK-LABEL: func.func @others(
// CHECK-COUNT-4: linalg.generic
// OBSERVED-LABEL: func.func @others(
// OBSERVED-NOT: contract
// OBSERVED: return
func.func @others(%x: tensor<?x8xf32>, %y: tensor<?x8xf32>, %w: tensor<8x4xf32>, %r: tensor<?xf32>, %o: tensor<?x4xf32>)
    -> (tensor<?xf32>, tensor<?xf32>, tensor<?x4xf32>, tensor<?x4xf32>) {
  %0 = linalg.generic {indexing_maps = [#row, #row, #sum], iterator_types = ["parallel", "reduction"]}
      ins(%x, %x : tensor<?x8xf32>, tensor<?x8xf32>) outs(%r : tensor<?xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %c, %p : f32
    linalg.yield %s : f32
  } -> tensor<?xf32>
  %1 = linalg.generic {indexing_maps = [#row, #row, #sum], iterator_types = ["parallel", "reduction"]}
      ins(%x, %y : tensor<?x8xf32>, tensor<?x8xf32>) outs(%r : tensor<?xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %c, %p : f32
    linalg.yield %s : f32
  } -> tensor<?xf32>
  %2 = linalg.generic {indexing_maps = [#mk, #kn, #mn], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<?x8xf32>, tensor<8x4xf32>) outs(%o : tensor<?x4xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %a : f32
    %s = arith.addf %c, %p : f32
    linalg.yield %s : f32
  } -> tensor<?x4xf32>
  %3 = linalg.generic {indexing_maps = [#mk, #kn, #mn], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<?x8xf32>, tensor<8x4xf32>) outs(%o : tensor<?x4xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.subf %c, %p : f32
    linalg.yield %s : f32
  } -> tensor<?x4xf32>
  return %0, %1, %2, %3 : tensor<?xf32>, tensor<?xf32>, tensor<?x4xf32>, tensor<?x4xf32>
}

#all = affine_map<(m, k) -> (m, k)>
#second = affine_map<(m, k) -> (k)>
#first = affine_map<(m, k) -> (m)>
#left = affine_map<(b, o, k) -> (b, 0, k)>
#right = affine_map<(b, o, k) -> (o, k)>
#three = affine_map<(b, o, k) -> (b, o, k)>
#two = affine_map<(b, o, k) -> (b, o)>

// A product that is summed, as of a matrix and a vector: weights come second.
// CHECK-LABEL: func.func @matvec(
// CHECK-SAME: %[[V:[a-z0-9]+]]: tensor<8xf32>
// CHECK: %[[W:.*]] = arith.constant
// CHECK: linalg.contract {{.*}} ins(%[[V]], %[[W]] : tensor<8xf32>, tensor<4x8xf32>) outs(%{{.*}} : tensor<4xf32>)
// CHECK-NOT: linalg.generic
func.func @matvec(%x: tensor<8xf32>, %o: tensor<4xf32>) -> tensor<4xf32> {
  %w = arith.constant dense<0.5> : tensor<4x8xf32>
  %e = tensor.empty() : tensor<4x8xf32>
  %p = linalg.generic {indexing_maps = [#all, #second, #all], iterator_types = ["parallel", "parallel"]}
      ins(%w, %x : tensor<4x8xf32>, tensor<8xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %m = arith.mulf %a, %b : f32
    linalg.yield %m : f32
  } -> tensor<4x8xf32>
  %s = linalg.generic {indexing_maps = [#all, #first], iterator_types = ["parallel", "reduction"]}
      ins(%p : tensor<4x8xf32>) outs(%o : tensor<4xf32>) {
  ^bb0(%a: f32, %c: f32):
    %m = arith.addf %a, %c : f32
    linalg.yield %m : f32
  } -> tensor<4xf32>
  return %s : tensor<4xf32>
}

// The same of rows with a dimension of size 1 for those of the other factor.
// CHECK-LABEL: func.func @unsqueezed(
// CHECK: %[[X:.*]] = tensor.collapse_shape %{{.*}} {{\[\[}}0, 1], [2]] : tensor<?x1x8xf32> into tensor<?x8xf32>
// CHECK: linalg.contract {{.*}} ins(%[[X]], %{{.*}} : tensor<?x8xf32>, tensor<4x8xf32>)
func.func @unsqueezed(%x: tensor<?x1x8xf32>, %e: tensor<?x4x8xf32>, %o: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %w = arith.constant dense<0.5> : tensor<4x8xf32>
  %p = linalg.generic {indexing_maps = [#left, #right, #three], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x, %w : tensor<?x1x8xf32>, tensor<4x8xf32>) outs(%e : tensor<?x4x8xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %m = arith.mulf %b, %a : f32
    linalg.yield %m : f32
  } -> tensor<?x4x8xf32>
  %s = linalg.generic {indexing_maps = [#three, #two], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%p : tensor<?x4x8xf32>) outs(%o : tensor<?x4xf32>) {
  ^bb0(%a: f32, %c: f32):
    %m = arith.addf %c, %a : f32
    linalg.yield %m : f32
  } -> tensor<?x4xf32>
  return %s : tensor<?x4xf32>
}

// A mean that other values weigh.
// CHECK-LABEL: func.func @weighted(
// CHECK-COUNT-2: linalg.generic
// CHECK-NOT: linalg.contract
func.func @weighted(%x: tensor<4x8xf32>, %m: tensor<8xf32>, %e: tensor<4x8xf32>, %o: tensor<4xf32>) -> tensor<4xf32> {
  %p = linalg.generic {indexing_maps = [#all, #second, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x, %m : tensor<4x8xf32>, tensor<8xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %q = arith.mulf %a, %b : f32
    linalg.yield %q : f32
  } -> tensor<4x8xf32>
  %s = linalg.generic {indexing_maps = [#all, #first], iterator_types = ["parallel", "reduction"]}
      ins(%p : tensor<4x8xf32>) outs(%o : tensor<4xf32>) {
  ^bb0(%a: f32, %c: f32):
    %q = arith.addf %a, %c : f32
    linalg.yield %q : f32
  } -> tensor<4xf32>
  return %s : tensor<4xf32>
}

// Products of the same places: of no matrices.
// CHECK-LABEL: func.func @elementwise(
// CHECK-COUNT-2: linalg.generic
// CHECK-NOT: linalg.contract
func.func @elementwise(%x: tensor<4x8xf32>, %y: tensor<4x8xf32>, %e: tensor<4x8xf32>, %o: tensor<4xf32>) -> tensor<4xf32> {
  %p = linalg.generic {indexing_maps = [#all, #all, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x, %y : tensor<4x8xf32>, tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %m = arith.mulf %a, %b : f32
    linalg.yield %m : f32
  } -> tensor<4x8xf32>
  %s = linalg.generic {indexing_maps = [#all, #first], iterator_types = ["parallel", "reduction"]}
      ins(%p : tensor<4x8xf32>) outs(%o : tensor<4xf32>) {
  ^bb0(%a: f32, %c: f32):
    %m = arith.addf %a, %c : f32
    linalg.yield %m : f32
  } -> tensor<4xf32>
  return %s : tensor<4xf32>
}

#mk0 = affine_map<(m, n, k) -> (m, 0, k)>
#nk0 = affine_map<(m, n, k) -> (0, n, k)>
#mnk = affine_map<(m, n, k) -> (m, n, k)>

// Without weights, each factor is read again: rows of one meet those of the other.
// CHECK-LABEL: func.func @activations(
// CHECK: linalg.contract {{.*}} ins(%{{.*}}, %{{.*}} : tensor<3x8xf32>, tensor<4x8xf32>) outs(%{{.*}} : tensor<3x4xf32>)
// CHECK-NOT: linalg.generic
func.func @activations(%x: tensor<3x1x8xf32>, %y: tensor<1x4x8xf32>, %e: tensor<3x4x8xf32>, %o: tensor<3x4xf32>) -> tensor<3x4xf32> {
  %p = linalg.generic {indexing_maps = [#mk0, #nk0, #mnk], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x, %y : tensor<3x1x8xf32>, tensor<1x4x8xf32>) outs(%e : tensor<3x4x8xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %m = arith.mulf %a, %b : f32
    linalg.yield %m : f32
  } -> tensor<3x4x8xf32>
  %s = linalg.generic {indexing_maps = [#mnk, #mn], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%p : tensor<3x4x8xf32>) outs(%o : tensor<3x4xf32>) {
  ^bb0(%a: f32, %c: f32):
    %m = arith.addf %a, %c : f32
    linalg.yield %m : f32
  } -> tensor<3x4xf32>
  return %s : tensor<3x4xf32>
}

#boij = affine_map<(b, o, i, j) -> (b, o, i, j)>
#bi = affine_map<(b, o, i, j) -> (b, i)>
#oij = affine_map<(b, o, i, j) -> (o, i, j)>
#bj = affine_map<(b, o, i, j) -> (b, j)>
#boi = affine_map<(b, o, i, j) -> (b, o, i)>

// One of three factors is not summed over, as in a bilinear layer: it multiplies the
// sums.
// CHECK-LABEL: func.func @bilinear(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x4xf32>, %[[Y:[a-z0-9]+]]: tensor<?x5xf32>
// CHECK: %[[T:.*]] = linalg.contract {{.*}} ins(%[[Y]], %{{.*}} : tensor<?x5xf32>, tensor<3x4x5xf32>) outs(%{{.*}} : tensor<?x3x4xf32>)
// CHECK: linalg.generic {{.*}} ins(%[[T]], %[[X]] : tensor<?x3x4xf32>, tensor<?x4xf32>)
// CHECK: arith.mulf
// CHECK-NOT: linalg.generic
func.func @bilinear(%x: tensor<?x4xf32>, %y: tensor<?x5xf32>, %e: tensor<?x3x4x5xf32>, %o: tensor<?x3x4xf32>) -> tensor<?x3x4xf32> {
  %w = arith.constant dense<0.5> : tensor<3x4x5xf32>
  %zero = arith.constant 0.0 : f32
  %p = linalg.generic {indexing_maps = [#bi, #oij, #boij], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x, %w : tensor<?x4xf32>, tensor<3x4x5xf32>) outs(%e : tensor<?x3x4x5xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %m = arith.mulf %a, %b : f32
    linalg.yield %m : f32
  } -> tensor<?x3x4x5xf32>
  %q = linalg.generic {indexing_maps = [#boij, #bj, #boij], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%p, %y : tensor<?x3x4x5xf32>, tensor<?x5xf32>) outs(%e : tensor<?x3x4x5xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %m = arith.mulf %a, %b : f32
    linalg.yield %m : f32
  } -> tensor<?x3x4x5xf32>
  %f = linalg.fill ins(%zero : f32) outs(%o : tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  %s = linalg.generic {indexing_maps = [#boij, #boi], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%q : tensor<?x3x4x5xf32>) outs(%f : tensor<?x3x4xf32>) {
  ^bb0(%a: f32, %c: f32):
    %m = arith.addf %a, %c : f32
    linalg.yield %m : f32
  } -> tensor<?x3x4xf32>
  return %s : tensor<?x3x4xf32>
}

#pq = affine_map<(p, q, k) -> (p, q, k)>
#k = affine_map<(p, q, k) -> (k)>
#pq0 = affine_map<(p, q, k) -> (p, q, 0)>

// A weighted sum that leaves a dimension of size 1: that of the sum without it.
// CHECK-LABEL: func.func @kept(
// CHECK: %[[ZERO:.*]] = linalg.fill {{.*}} outs(%{{.*}} : tensor<?x4xf32>)
// CHECK: %[[S:.*]] = linalg.contract {{.*}} ins(%{{.*}}, %{{.*}} : tensor<?x4x8xf32>, tensor<8xf32>) outs(%[[ZERO]] : tensor<?x4xf32>)
// CHECK: tensor.expand_shape %[[S]] {{\[\[}}0], [1, 2]] {{.*}} : tensor<?x4xf32> into tensor<?x4x1xf32>
// CHECK-NOT: linalg.generic
func.func @kept(%x: tensor<?x4x8xf32>, %e: tensor<?x4x8xf32>, %o: tensor<?x4x1xf32>) -> tensor<?x4x1xf32> {
  %w = arith.constant dense<0.5> : tensor<8xf32>
  %zero = arith.constant 0.0 : f32
  %p = linalg.generic {indexing_maps = [#pq, #k, #pq], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x, %w : tensor<?x4x8xf32>, tensor<8xf32>) outs(%e : tensor<?x4x8xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %m = arith.mulf %a, %b : f32
    linalg.yield %m : f32
  } -> tensor<?x4x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%o : tensor<?x4x1xf32>) -> tensor<?x4x1xf32>
  %s = linalg.generic {indexing_maps = [#pq, #pq0], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%p : tensor<?x4x8xf32>) outs(%f : tensor<?x4x1xf32>) {
  ^bb0(%a: f32, %c: f32):
    %m = arith.addf %a, %c : f32
    linalg.yield %m : f32
  } -> tensor<?x4x1xf32>
  return %s : tensor<?x4x1xf32>
}
