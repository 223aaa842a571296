// RUN: quant-opt %s --quanta-fuse-epilogues --canonicalize | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d1)>
#column = affine_map<(d0, d1) -> (d0)>
#turned = affine_map<(d0, d1) -> (d1, d0)>
#one = affine_map<(d0) -> (d0)>

// Dequantization, a residual and ReLU end up in the region; what does not vary
// in a dimension keeps its map.
// CHECK-DAG: #[[ROW:.*]] = affine_map<(d0, d1) -> (d1)>
// CHECK-DAG: #[[ID:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-LABEL: func.func @chain(
// CHECK-SAME: %[[X:[a-z0-9_]+]]: tensor<?x8xi8>, %[[W:[a-z0-9_]+]]: tensor<128xi8>, %[[B:[a-z0-9_]+]]: tensor<16xi32>,
// CHECK-SAME: %[[S:[a-z0-9_]+]]: tensor<3xf32>, %[[R:[a-z0-9_]+]]: tensor<?x3xf32>, %{{.*}}: tensor<?x3xi32>, %[[F:[a-z0-9_]+]]: tensor<?x3xf32>)
func.func @chain(%x: tensor<?x8xi8>, %w: tensor<128xi8>, %b: tensor<16xi32>, %s: tensor<3xf32>, %r: tensor<?x3xf32>,
                 %o: tensor<?x3xi32>, %f: tensor<?x3xf32>) -> tensor<?x3xf32> {
  // CHECK: %[[Y:.*]] = quanta.fused_matmul {{.*}} lhs(%[[X]] {{.*}} extras(%[[S]], %[[R]] : tensor<3xf32>, tensor<?x3xf32>) maps [#[[ROW]], #[[ID]]] outs(%[[F]] : tensor<?x3xf32>) {
  // CHECK: ^bb0(%[[ACC:[a-z0-9_]+]]: i32, %[[SE:[a-z0-9_]+]]: f32, %[[RE:[a-z0-9_]+]]: f32):
  // CHECK: %[[C:.*]] = arith.sitofp %[[ACC]]
  // CHECK: %[[M:.*]] = arith.mulf %[[C]], %[[SE]]
  // CHECK: %[[A:.*]] = arith.addf %[[M]], %[[RE]]
  // CHECK: %[[Z:.*]] = arith.maximumf %[[A]]
  // CHECK: quanta.yield %[[Z]] : f32
  // CHECK-NOT: linalg.generic
  // CHECK: return %[[Y]]
  %zero = arith.constant 0.0 : f32
  %acc = quanta.fused_matmul #quanta.avx512_vnni lhs(%x : tensor<?x8xi8>) rhs(%w : tensor<128xi8>)
      init(%b : tensor<16xi32>) maps [] outs(%o : tensor<?x3xi32>) {
  ^bb0(%a: i32):
    quanta.yield %a : i32
  } -> tensor<?x3xi32>
  %0 = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%acc, %s : tensor<?x3xi32>, tensor<3xf32>) outs(%f : tensor<?x3xf32>) {
  ^bb0(%a: i32, %scale: f32, %out: f32):
    %c = arith.sitofp %a : i32 to f32
    %m = arith.mulf %c, %scale : f32
    linalg.yield %m : f32
  } -> tensor<?x3xf32>
  %1 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%r, %0 : tensor<?x3xf32>, tensor<?x3xf32>) outs(%f : tensor<?x3xf32>) {
  ^bb0(%residual: f32, %m: f32, %out: f32):
    %a = arith.addf %m, %residual : f32
    %z = arith.maximumf %a, %zero : f32
    linalg.yield %z : f32
  } -> tensor<?x3xf32>
  return %1 : tensor<?x3xf32>
}

// Not fused: a result with two users.
// CHECK-LABEL: func.func @two_users
func.func @two_users(%x: tensor<4x8xi8>, %w: tensor<128xi8>, %b: tensor<16xi32>, %o: tensor<4x3xi32>)
    -> (tensor<4x3xi32>, tensor<4x3xi32>) {
  // CHECK: quanta.fused_matmul
  // CHECK: linalg.generic
  %acc = quanta.fused_matmul #quanta.avx512_vnni lhs(%x : tensor<4x8xi8>) rhs(%w : tensor<128xi8>)
      init(%b : tensor<16xi32>) maps [] outs(%o : tensor<4x3xi32>) {
  ^bb0(%a: i32):
    quanta.yield %a : i32
  } -> tensor<4x3xi32>
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%acc : tensor<4x3xi32>) outs(%o : tensor<4x3xi32>) {
  ^bb0(%a: i32, %out: i32):
    %d = arith.addi %a, %a : i32
    linalg.yield %d : i32
  } -> tensor<4x3xi32>
  return %acc, %0 : tensor<4x3xi32>, tensor<4x3xi32>
}

// Not fused: a transposing user, one that reduces, one that needs the index,
// one that reads what the output held.
// CHECK-LABEL: func.func @other_users
func.func @other_users(%x: tensor<4x8xi8>, %w: tensor<128xi8>, %b: tensor<16xi32>, %o: tensor<4x3xi32>, %t: tensor<3x4xi32>,
                       %v: tensor<4xi32>) -> (tensor<3x4xi32>, tensor<4xi32>, tensor<4x3xi32>, tensor<4x3xi32>) {
  // CHECK-COUNT-4: quanta.fused_matmul
  // CHECK-COUNT-4: linalg.generic
  %a0 = quanta.fused_matmul #quanta.avx512_vnni lhs(%x : tensor<4x8xi8>) rhs(%w : tensor<128xi8>)
      init(%b : tensor<16xi32>) maps [] outs(%o : tensor<4x3xi32>) {
  ^bb0(%a: i32):
    quanta.yield %a : i32
  } -> tensor<4x3xi32>
  %a1 = quanta.fused_matmul #quanta.avx512_vnni lhs(%x : tensor<4x8xi8>) rhs(%w : tensor<128xi8>)
      init(%b : tensor<16xi32>) maps [] outs(%o : tensor<4x3xi32>) {
  ^bb0(%a: i32):
    quanta.yield %a : i32
  } -> tensor<4x3xi32>
  %a2 = quanta.fused_matmul #quanta.avx512_vnni lhs(%x : tensor<4x8xi8>) rhs(%w : tensor<128xi8>)
      init(%b : tensor<16xi32>) maps [] outs(%o : tensor<4x3xi32>) {
  ^bb0(%a: i32):
    quanta.yield %a : i32
  } -> tensor<4x3xi32>
  %a3 = quanta.fused_matmul #quanta.avx512_vnni lhs(%x : tensor<4x8xi8>) rhs(%w : tensor<128xi8>)
      init(%b : tensor<16xi32>) maps [] outs(%o : tensor<4x3xi32>) {
  ^bb0(%a: i32):
    quanta.yield %a : i32
  } -> tensor<4x3xi32>
  %0 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d1, d0)>, #id], iterator_types = ["parallel", "parallel"]}
      ins(%a0 : tensor<4x3xi32>) outs(%t : tensor<3x4xi32>) {
  ^bb0(%a: i32, %out: i32):
    %d = arith.addi %a, %a : i32
    linalg.yield %d : i32
  } -> tensor<3x4xi32>
  %1 = linalg.generic {indexing_maps = [#id, affine_map<(d0, d1) -> (d0)>], iterator_types = ["parallel", "reduction"]}
      ins(%a1 : tensor<4x3xi32>) outs(%v : tensor<4xi32>) {
  ^bb0(%a: i32, %out: i32):
    %d = arith.addi %a, %out : i32
    linalg.yield %d : i32
  } -> tensor<4xi32>
  %2 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%a2 : tensor<4x3xi32>) outs(%o : tensor<4x3xi32>) {
  ^bb0(%a: i32, %out: i32):
    %i = linalg.index 0 : index
    %j = arith.index_cast %i : index to i32
    %d = arith.addi %a, %j : i32
    linalg.yield %d : i32
  } -> tensor<4x3xi32>
  %3 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%a3 : tensor<4x3xi32>) outs(%o : tensor<4x3xi32>) {
  ^bb0(%a: i32, %out: i32):
    %d = arith.addi %a, %out : i32
    linalg.yield %d : i32
  } -> tensor<4x3xi32>
  return %0, %1, %2, %3 : tensor<3x4xi32>, tensor<4xi32>, tensor<4x3xi32>, tensor<4x3xi32>
}

// A user that reads the result twice: as the element and along its rows.
// CHECK-LABEL: func.func @read_twice
func.func @read_twice(%x: tensor<3x8xi8>, %w: tensor<128xi8>, %b: tensor<16xi32>, %o: tensor<3x3xi32>) -> tensor<3x3xi32> {
  // CHECK: quanta.fused_matmul
  // CHECK: linalg.generic
  %acc = quanta.fused_matmul #quanta.avx512_vnni lhs(%x : tensor<3x8xi8>) rhs(%w : tensor<128xi8>)
      init(%b : tensor<16xi32>) maps [] outs(%o : tensor<3x3xi32>) {
  ^bb0(%a: i32):
    quanta.yield %a : i32
  } -> tensor<3x3xi32>
  %0 = linalg.generic {indexing_maps = [#id, affine_map<(d0, d1) -> (d1, d0)>, #id], iterator_types = ["parallel", "parallel"]}
      ins(%acc, %acc : tensor<3x3xi32>, tensor<3x3xi32>) outs(%o : tensor<3x3xi32>) {
  ^bb0(%a: i32, %c: i32, %out: i32):
    %d = arith.addi %a, %c : i32
    linalg.yield %d : i32
  } -> tensor<3x3xi32>
  return %0 : tensor<3x3xi32>
}

// A user that makes smaller elements becomes a second result; the first one
// stays for the others.
// CHECK-LABEL: func.func @narrowing
// CHECK: %[[Y:.*]]:2 = quanta.fused_matmul {{.*}} outs(%{{.*}}, %{{.*}} : tensor<4x3xf32>, tensor<4x3xi8>) {
// CHECK: ^bb0(%[[ACC:[a-z0-9_]+]]: i32):
// CHECK: %[[F:.*]] = arith.sitofp %[[ACC]]
// CHECK: %[[I:.*]] = arith.fptosi %[[F]]
// CHECK: quanta.yield %[[F]], %[[I]] : f32, i8
// CHECK: -> tensor<4x3xf32>, tensor<4x3xi8>
// CHECK-NOT: linalg.generic
// CHECK: return %[[Y]]#0, %[[Y]]#1
func.func @narrowing(%x: tensor<4x8xi8>, %w: tensor<128xi8>, %b: tensor<16xi32>) -> (tensor<4x3xf32>, tensor<4x3xi8>) {
  %f = tensor.empty() : tensor<4x3xf32>
  %y = quanta.fused_matmul #quanta.avx512_vnni lhs(%x : tensor<4x8xi8>) rhs(%w : tensor<128xi8>)
      init(%b : tensor<16xi32>) maps [] outs(%f : tensor<4x3xf32>) {
  ^bb0(%acc: i32):
    %s = arith.sitofp %acc : i32 to f32
    quanta.yield %s : f32
  } -> tensor<4x3xf32>
  %e = tensor.empty() : tensor<4x3xi8>
  %q = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%y : tensor<4x3xf32>) outs(%e : tensor<4x3xi8>) {
  ^bb0(%a: f32, %out: i8):
    %i = arith.fptosi %a : f32 to i8
    linalg.yield %i : i8
  } -> tensor<4x3xi8>
  return %y, %q : tensor<4x3xf32>, tensor<4x3xi8>
}

// Not one that needs what comes behind the contraction.
// CHECK-LABEL: func.func @narrowing_later
// CHECK: quanta.fused_matmul
// CHECK: linalg.generic
func.func @narrowing_later(%x: tensor<4x8xi8>, %w: tensor<128xi8>, %b: tensor<16xi32>) -> (tensor<4x3xf32>, tensor<4x3xi8>) {
  %f = tensor.empty() : tensor<4x3xf32>
  %c = arith.constant 0 : index
  %y = quanta.fused_matmul #quanta.avx512_vnni lhs(%x : tensor<4x8xi8>) rhs(%w : tensor<128xi8>)
      init(%b : tensor<16xi32>) maps [] outs(%f : tensor<4x3xf32>) {
  ^bb0(%acc: i32):
    %s = arith.sitofp %acc : i32 to f32
    quanta.yield %s : f32
  } -> tensor<4x3xf32>
  %first = tensor.extract %y[%c, %c] : tensor<4x3xf32>
  %e = tensor.empty() : tensor<4x3xi8>
  %q = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%y : tensor<4x3xf32>) outs(%e : tensor<4x3xi8>) {
  ^bb0(%a: f32, %out: i8):
    %d = arith.subf %a, %first : f32
    %i = arith.fptosi %d : f32 to i8
    linalg.yield %i : i8
  } -> tensor<4x3xi8>
  return %y, %q : tensor<4x3xf32>, tensor<4x3xi8>
}

// A user in a loop runs more often than the contraction.
// CHECK-LABEL: func.func @in_a_loop
// CHECK: quanta.fused_matmul
// CHECK: scf.for
// CHECK: linalg.generic
func.func @in_a_loop(%x: tensor<4x8xi8>, %w: tensor<128xi8>, %b: tensor<16xi32>, %y: tensor<4x3xi32>, %n: index) -> tensor<4x3xi32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %e = tensor.empty() : tensor<4x3xi32>
  %sums = quanta.fused_matmul #quanta.avx512_vnni lhs(%x : tensor<4x8xi8>) rhs(%w : tensor<128xi8>)
      init(%b : tensor<16xi32>) maps [] outs(%e : tensor<4x3xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  } -> tensor<4x3xi32>
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%a = %y) -> (tensor<4x3xi32>) {
    %out = tensor.empty() : tensor<4x3xi32>
    %0 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
        ins(%sums, %a : tensor<4x3xi32>, tensor<4x3xi32>) outs(%out : tensor<4x3xi32>) {
    ^bb0(%s: i32, %d: i32, %o: i32):
      %1 = arith.xori %s, %d : i32
      linalg.yield %1 : i32
    } -> tensor<4x3xi32>
    scf.yield %0 : tensor<4x3xi32>
  }
  return %r : tensor<4x3xi32>
}

// A residual is dequantized where it is added, in whatever order its dimensions lie,
// from the bytes and the scale of its channel: its float form is never in memory.
// CHECK-LABEL: func.func @residual(
// CHECK-SAME: %{{.*}}: tensor<4x8xi8>, %{{.*}}: tensor<128xi8>, %{{.*}}: tensor<16xi32>, %[[R:[a-z0-9_]+]]: tensor<3x4xi8>, %[[S:[a-z0-9_]+]]: tensor<3xf32>)
func.func @residual(%x: tensor<4x8xi8>, %w: tensor<128xi8>, %b: tensor<16xi32>, %r: tensor<3x4xi8>, %s: tensor<3xf32>)
    -> tensor<4x3xf32> {
  // CHECK-NOT: linalg.generic
  // CHECK: quanta.fused_matmul {{.*}} extras(%[[R]], %[[S]] : tensor<3x4xi8>, tensor<3xf32>) maps [#{{.*}}, #[[ROW]]]
  // CHECK: ^bb0(%[[ACC:[a-z0-9_]+]]: i32, %[[RE:[a-z0-9_]+]]: i8, %[[SE:[a-z0-9_]+]]: f32):
  // CHECK: %[[I:.*]] = arith.sitofp %[[RE]] : i8 to f32
  // CHECK: %[[D:.*]] = arith.mulf %[[I]], %[[SE]]
  // CHECK: %[[C:.*]] = arith.sitofp %[[ACC]]
  // CHECK: arith.addf %[[C]], %[[D]]
  // CHECK-NOT: linalg.generic
  %e = tensor.empty() : tensor<3x4xf32>
  %wide = linalg.generic {indexing_maps = [#id, #column, #id], iterator_types = ["parallel", "parallel"]}
      ins(%r, %s : tensor<3x4xi8>, tensor<3xf32>) outs(%e : tensor<3x4xf32>) {
  ^bb0(%a: i8, %scale: f32, %out: f32):
    %f = arith.sitofp %a : i8 to f32
    %d = arith.mulf %f, %scale : f32
    linalg.yield %d : f32
  } -> tensor<3x4xf32>
  %o = tensor.empty() : tensor<4x3xf32>
  %y = quanta.fused_matmul #quanta.avx512_vnni lhs(%x : tensor<4x8xi8>) rhs(%w : tensor<128xi8>)
      init(%b : tensor<16xi32>) extras(%wide : tensor<3x4xf32>) maps [#turned] outs(%o : tensor<4x3xf32>) {
  ^bb0(%a: i32, %residual: f32):
    %f = arith.sitofp %a : i32 to f32
    %sum = arith.addf %f, %residual : f32
    quanta.yield %sum : f32
  } -> tensor<4x3xf32>
  return %y : tensor<4x3xf32>
}

// Of two contractions, the one that reads makes the wide elements of the other's small
// ones.
// CHECK-LABEL: func.func @between(
func.func @between(%x: tensor<4x8xi8>, %w: tensor<128xi8>, %b: tensor<16xi32>) -> tensor<4x3xf32> {
  // CHECK: %[[Q:.*]] = quanta.fused_matmul
  // CHECK: quanta.yield %{{.*}} : i8
  // CHECK-NEXT: } -> tensor<4x3xi8>
  // CHECK: quanta.fused_matmul {{.*}} extras(%[[Q]] : tensor<4x3xi8>)
  // CHECK-NOT: linalg.generic
  %o8 = tensor.empty() : tensor<4x3xi8>
  %of = tensor.empty() : tensor<4x3xf32>
  %q = quanta.fused_matmul #quanta.avx512_vnni lhs(%x : tensor<4x8xi8>) rhs(%w : tensor<128xi8>)
      init(%b : tensor<16xi32>) maps [] outs(%o8 : tensor<4x3xi8>) {
  ^bb0(%a: i32):
    %t = arith.trunci %a : i32 to i8
    quanta.yield %t : i8
  } -> tensor<4x3xi8>
  %wide = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%q : tensor<4x3xi8>) outs(%of : tensor<4x3xf32>) {
  ^bb0(%a: i8, %out: f32):
    %f = arith.sitofp %a : i8 to f32
    linalg.yield %f : f32
  } -> tensor<4x3xf32>
  %y = quanta.fused_matmul #quanta.avx512_vnni lhs(%x : tensor<4x8xi8>) rhs(%w : tensor<128xi8>)
      init(%b : tensor<16xi32>) extras(%wide : tensor<4x3xf32>) maps [#id] outs(%of : tensor<4x3xf32>) {
  ^bb0(%a: i32, %residual: f32):
    %f = arith.sitofp %a : i32 to f32
    %sum = arith.addf %f, %residual : f32
    quanta.yield %sum : f32
  } -> tensor<4x3xf32>
  return %y : tensor<4x3xf32>
}

// Computed once where that costs less: what others read too, what is read once for each
// row, and what is not made of smaller elements.
// CHECK-LABEL: func.func @not_residuals(
// CHECK-COUNT-3: linalg.generic
// CHECK: quanta.fused_matmul {{.*}} extras(%{{.*}}, %{{.*}}, %{{.*}} : tensor<4x3xf32>, tensor<3xf32>, tensor<4x3xf32>)
func.func @not_residuals(%x: tensor<4x8xi8>, %w: tensor<128xi8>, %b: tensor<16xi32>, %r: tensor<4x3xi8>,
                         %c: tensor<3xi8>, %f: tensor<4x3xf32>) -> (tensor<4x3xf32>, tensor<4x3xf32>) {
  %e = tensor.empty() : tensor<4x3xf32>
  %n = tensor.empty() : tensor<3xf32>
  %shared = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%r : tensor<4x3xi8>) outs(%e : tensor<4x3xf32>) {
  ^bb0(%a: i8, %out: f32):
    %0 = arith.sitofp %a : i8 to f32
    linalg.yield %0 : f32
  } -> tensor<4x3xf32>
  %row = linalg.generic {indexing_maps = [#one, #one], iterator_types = ["parallel"]}
      ins(%c : tensor<3xi8>) outs(%n : tensor<3xf32>) {
  ^bb0(%a: i8, %out: f32):
    %0 = arith.sitofp %a : i8 to f32
    linalg.yield %0 : f32
  } -> tensor<3xf32>
  %same = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%f : tensor<4x3xf32>) outs(%e : tensor<4x3xf32>) {
  ^bb0(%a: f32, %out: f32):
    %0 = math.sqrt %a : f32
    linalg.yield %0 : f32
  } -> tensor<4x3xf32>
  %y = quanta.fused_matmul #quanta.avx512_vnni lhs(%x : tensor<4x8xi8>) rhs(%w : tensor<128xi8>)
      init(%b : tensor<16xi32>) extras(%shared, %row, %same : tensor<4x3xf32>, tensor<3xf32>, tensor<4x3xf32>)
      maps [#id, #row, #id] outs(%e : tensor<4x3xf32>) {
  ^bb0(%a: i32, %0: f32, %1: f32, %2: f32):
    %3 = arith.sitofp %a : i32 to f32
    %4 = arith.addf %3, %0 : f32
    %5 = arith.mulf %4, %1 : f32
    %6 = arith.addf %5, %2 : f32
    quanta.yield %6 : f32
  } -> tensor<4x3xf32>
  return %y, %shared : tensor<4x3xf32>, tensor<4x3xf32>
}
