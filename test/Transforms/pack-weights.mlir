// RUN: split-file %s %t
// RUN: quant-opt %t/model.mlir --quanta-set-target="triple=aarch64-linux-gnu cpu=cortex-a76" --quanta-pack-weights --canonicalize \
// RUN:   | FileCheck %t/model.mlir --check-prefixes=CHECK,NEON
// RUN: quant-opt %t/model.mlir --quanta-set-target="triple=x86_64-linux-gnu cpu=cascadelake" --quanta-pack-weights --canonicalize \
// RUN:   | FileCheck %t/model.mlir --check-prefixes=CHECK,VNNI
// RUN: not quant-opt %t/model.mlir --quanta-pack-weights 2>&1 | FileCheck %s --check-prefix=NO-TARGET

// NO-TARGET: error: quanta-pack-weights needs quanta-set-target or quanta-to-kernel before it

//--- model.mlir
#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (k, n)>
#out = affine_map<(m, n, k) -> (m, n)>

// Five rows and two columns of weights: groups of four along K, whole vectors
// along N, zeros where nothing is. u8 activations suit VNNI; `sdot` takes them
// minus 128, and the bias makes up for it: 10 + 128 * 15, 20 + 128 * 30.
// CHECK-LABEL: func.func @integer
// CHECK-SAME: %[[X:[a-z0-9_]+]]: tensor<?x5xi8>
// NEON-DAG: %[[W:.*]] = arith.constant dense<[1, 2, 3, 4, 2, 4, 6, 8, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]> : tensor<32xi8>
// NEON-DAG: %[[B:.*]] = arith.constant dense<[1930, 3860, 0, 0]> : tensor<4xi32>
// NEON: %[[R:.*]] = quanta.fused_matmul #quanta.neon_dot lhs(%[[X]] : tensor<?x5xi8>) rhs(%[[W]] : tensor<32xi8>) init(%[[B]] : tensor<4xi32>)
// NEON-SAME: outs(%{{.*}} : tensor<?x2xi32>) attributes {flip_lhs} {
// VNNI-DAG: %[[W:.*]] = arith.constant dense<"0x01020304020406080000{{0+}}05{{0+}}0A{{0+}}"> : tensor<128xi8>
// VNNI-DAG: %[[B:.*]] = arith.constant dense<[10, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]> : tensor<16xi32>
// VNNI: %[[R:.*]] = quanta.fused_matmul #quanta.avx512_vnni lhs(%[[X]] : tensor<?x5xi8>) rhs(%[[W]] : tensor<128xi8>) init(%[[B]] : tensor<16xi32>)
// VNNI-NOT: flip_lhs
// CHECK: ^bb0(%[[ACC:[a-z0-9_]+]]: i32):
// CHECK-NEXT: quanta.yield %[[ACC]] : i32
// CHECK: return %[[R]]
func.func @integer(%x: tensor<?x5xi8>, %empty: tensor<?x2xi32>) -> tensor<?x2xi32> {
  %w = arith.constant dense<[[1, 2], [2, 4], [3, 6], [4, 8], [5, 10]]> : tensor<5x2xi8>
  %b = arith.constant dense<[10, 20]> : tensor<2xi32>
  %init = linalg.broadcast ins(%b : tensor<2xi32>) outs(%empty : tensor<?x2xi32>) dimensions = [0]
  %0 = linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<?x5xi8>, tensor<5x2xi8>) outs(%init : tensor<?x2xi32>) {
  ^bb0(%a: i8, %v: i8, %acc: i32):
    %i = arith.extui %a : i8 to i32
    %j = arith.extsi %v : i8 to i32
    %p = arith.muli %i, %j : i32
    %s = arith.addi %acc, %p : i32
    linalg.yield %s : i32
  } -> tensor<?x2xi32>
  return %0 : tensor<?x2xi32>
}

// i8 activations: the other way round.
// CHECK-LABEL: func.func @signed
// NEON-NOT: flip_lhs
// VNNI-DAG: arith.constant dense<[-374, -748, 0, {{.*}}]> : tensor<16xi32>
// VNNI: quanta.fused_matmul {{.*}} attributes {flip_lhs} {
// CHECK: return
func.func @signed(%x: tensor<4x2xi8>, %empty: tensor<4x2xi32>) -> tensor<4x2xi32> {
  %w = arith.constant dense<[[1, 2], [2, 4]]> : tensor<2x2xi8>
  %b = arith.constant dense<[10, 20]> : tensor<2xi32>
  %init = linalg.broadcast ins(%b : tensor<2xi32>) outs(%empty : tensor<4x2xi32>) dimensions = [0]
  %0 = linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<4x2xi8>, tensor<2x2xi8>) outs(%init : tensor<4x2xi32>) {
  ^bb0(%a: i8, %v: i8, %acc: i32):
    %i = arith.extsi %a : i8 to i32
    %j = arith.extsi %v : i8 to i32
    %p = arith.muli %i, %j : i32
    %s = arith.addi %p, %acc : i32
    linalg.yield %s : i32
  } -> tensor<4x2xi32>
  return %0 : tensor<4x2xi32>
}

// Float products are packed too.
// CHECK-LABEL: func.func @float
// NEON-DAG: arith.constant dense<[1.000000e+00, 2.000000e+00, 0.000000e+00, 0.000000e+00, 3.000000e+00, 4.000000e+00, 0.000000e+00, 0.000000e+00]> : tensor<8xf32>
// CHECK: quanta.fused_matmul #quanta.fma
func.func @float(%x: tensor<4x2xf32>, %empty: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %zero = arith.constant 0.0 : f32
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4x2xf32>) -> tensor<4x2xf32>
  %0 = linalg.matmul ins(%x, %w : tensor<4x2xf32>, tensor<2x2xf32>) outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %0 : tensor<4x2xf32>
}

// Two activations with zero points: the right one is packed at run time, the
// rows of the left one are summed; what was a transposition is a map.
// CHECK-LABEL: func.func @activations
// CHECK-SAME: %[[X:[a-z0-9_]+]]: tensor<2x4x8xi8> {{[^,]*}}, %[[Y:[a-z0-9_]+]]: tensor<5x2x8xi8> {{[^,]*}}, %[[INIT:[a-z0-9_]+]]: tensor<2x4x5xi32>
// VNNI: %[[PACKED:.*]]:2 = quanta.pack #quanta.avx512_vnni source(%[[Y]] : tensor<5x2x8xi8>) map #{{.*}} outs({{.*}} : tensor<2x128xi8>, tensor<2x16xi32>)
// VNNI-SAME: attributes {flip, lhs_zero_point = 7 : i32, rhs_zero_point = 2 : i32}
// VNNI: %[[ROWS:.*]] = linalg.generic {{.*}} ins(%[[X]] : tensor<2x4x8xi8>) outs({{.*}} : tensor<2x4xi32>)
// VNNI: quanta.fused_matmul #quanta.avx512_vnni lhs(%[[X]] : tensor<2x4x8xi8>) rhs(%[[PACKED]]#0 : tensor<2x128xi8>) init(%[[PACKED]]#1 : tensor<2x16xi32>)
// VNNI-SAME: extras(%[[ROWS]], %[[INIT]] : tensor<2x4xi32>, tensor<2x4x5xi32>)
// VNNI-SAME: attributes {batch = array<i64: 0>}
// VNNI: arith.muli %{{.*}}, %c-2_i32
// NEON: quanta.pack #quanta.neon_dot {{.*}} attributes {flip, lhs_zero_point = -121 : i32, rhs_zero_point = 2 : i32}
// CHECK: return
func.func @activations(%x: tensor<2x4x8xi8>, %y: tensor<5x2x8xi8>, %init: tensor<2x4x5xi32>, %e: tensor<2x8x5xi8>) -> tensor<2x4x5xi32> {
  %c7 = arith.constant 7 : i32
  %c130 = arith.constant 130 : i32
  %t = linalg.transpose ins(%y : tensor<5x2x8xi8>) outs(%e : tensor<2x8x5xi8>) permutation = [1, 2, 0]
  %0 = linalg.generic {indexing_maps = [affine_map<(b, m, n, k) -> (b, m, k)>, affine_map<(b, m, n, k) -> (b, k, n)>, affine_map<(b, m, n, k) -> (b, m, n)>],
                       iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%x, %t : tensor<2x4x8xi8>, tensor<2x8x5xi8>) outs(%init : tensor<2x4x5xi32>) {
  ^bb0(%a: i8, %v: i8, %acc: i32):
    %i = arith.extui %a : i8 to i32
    %i0 = arith.subi %i, %c7 : i32
    %j = arith.extui %v : i8 to i32
    %j0 = arith.subi %j, %c130 : i32
    %p = arith.muli %i0, %j0 : i32
    %s = arith.addi %acc, %p : i32
    linalg.yield %s : i32
  } -> tensor<2x4x5xi32>
  return %0 : tensor<2x4x5xi32>
}

// Constants in any order, and zero points that are still in the products, which
// move into what the sums start from: -3 * 3, -3 * 6.
// CHECK-LABEL: func.func @constants
// VNNI-DAG: %[[B:.*]] = arith.constant dense<[-9, -18, 0, {{.*}}]> : tensor<16xi32>
// CHECK: quanta.fused_matmul #quanta.fma
// CHECK: quanta.fused_matmul #quanta.{{avx512_vnni|neon_dot}} {{.*}} rhs(%{{.*}}) init(
// CHECK: return
func.func @constants(%x: tensor<4x2xf32>, %x8: tensor<4x2xi8>) -> (tensor<4x2xf32>, tensor<4x2xi32>) {
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %w8 = arith.constant dense<[[1, 2], [2, 4]]> : tensor<2x2xi8>
  %z = arith.constant dense<0.0> : tensor<4x2xf32>
  %z32 = arith.constant dense<0> : tensor<4x2xi32>
  %c3 = arith.constant 3 : i32
  %0 = linalg.matmul indexing_maps = [#lhs, affine_map<(m, n, k) -> (n, k)>, #out]
      ins(%x, %w : tensor<4x2xf32>, tensor<2x2xf32>) outs(%z : tensor<4x2xf32>) -> tensor<4x2xf32>
  %1 = linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x8, %w8 : tensor<4x2xi8>, tensor<2x2xi8>) outs(%z32 : tensor<4x2xi32>) {
  ^bb0(%a: i8, %v: i8, %sum: i32):
    %i = arith.extui %a : i8 to i32
    %c = arith.subi %i, %c3 : i32
    %j = arith.extsi %v : i8 to i32
    %p = arith.muli %c, %j : i32
    %s = arith.addi %sum, %p : i32
    linalg.yield %s : i32
  } -> tensor<4x2xi32>
  return %0, %1 : tensor<4x2xf32>, tensor<4x2xi32>
}

// Not packed: dynamic N, floats to accumulate on, no weights at all, other
// element types.
// CHECK-LABEL: func.func @others
// CHECK-NOT: quanta.fused_matmul
func.func @others(%x: tensor<4x2xf32>, %y: tensor<2x?xf32>, %d: tensor<4x?xf32>, %acc: tensor<4x2xf32>,
                  %xe: tensor<4x0xf32>, %xh: tensor<4x2xf16>, %xd: tensor<4x2xf64>)
    -> (tensor<4x?xf32>, tensor<4x2xf32>, tensor<4x2xf32>, tensor<4x2xf16>, tensor<4x2xf64>) {
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %wh = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf16>
  %wd = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf64>
  %we = arith.constant dense<> : tensor<0x2xf32>
  %z = arith.constant dense<0.0> : tensor<4x2xf32>
  %zh = arith.constant dense<0.0> : tensor<4x2xf16>
  %zd = arith.constant dense<0.0> : tensor<4x2xf64>
  %0 = linalg.matmul ins(%x, %y : tensor<4x2xf32>, tensor<2x?xf32>) outs(%d : tensor<4x?xf32>) -> tensor<4x?xf32>
  %1 = linalg.matmul ins(%x, %w : tensor<4x2xf32>, tensor<2x2xf32>) outs(%acc : tensor<4x2xf32>) -> tensor<4x2xf32>
  %3 = linalg.matmul ins(%xe, %we : tensor<4x0xf32>, tensor<0x2xf32>) outs(%z : tensor<4x2xf32>) -> tensor<4x2xf32>
  %4 = linalg.matmul ins(%xh, %wh : tensor<4x2xf16>, tensor<2x2xf16>) outs(%zh : tensor<4x2xf16>) -> tensor<4x2xf16>
  %5 = linalg.matmul ins(%xd, %wd : tensor<4x2xf64>, tensor<2x2xf64>) outs(%zd : tensor<4x2xf64>) -> tensor<4x2xf64>
  return %0, %1, %3, %4, %5
      : tensor<4x?xf32>, tensor<4x2xf32>, tensor<4x2xf32>, tensor<4x2xf16>, tensor<4x2xf64>
}

// One product reads the other with nothing between.
// CHECK-LABEL: func.func @chain
// VNNI: %[[FIRST:.*]] = quanta.fused_matmul #quanta.fma
// VNNI: quanta.fused_matmul #quanta.fma{{.*}} lhs(%[[FIRST]] :
func.func @chain(%x: tensor<4x2xf32>, %empty: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %w = arith.constant dense<[[1.0, 2.0], [2.0, 4.0]]> : tensor<2x2xf32>
  %zero = arith.constant 0.0 : f32
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4x2xf32>) -> tensor<4x2xf32>
  %0 = linalg.matmul ins(%x, %w : tensor<4x2xf32>, tensor<2x2xf32>) outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32>
  %1 = linalg.matmul ins(%0, %w : tensor<4x2xf32>, tensor<2x2xf32>) outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %1 : tensor<4x2xf32>
}

// Weights of four bits share bytes. They lose their zero point, for which rows
// would need sums: 9 stands for 1, which is 9 above the least, -8. The high half
// of the bytes belongs to columns that do not exist.
// CHECK-LABEL: func.func @four_bits
// NEON-DAG: %[[W:.*]] = arith.constant dense<[-119, -121, -120, -120, -128, -113{{(, -120)+}}]> : tensor<16xi8>
// NEON: quanta.fused_matmul #quanta.narrow_dot<dot = #quanta.neon_dot, bits = 4, low = -8> {{.*}} rhs(%[[W]] : tensor<16xi8>) init(%{{.*}} : tensor<8xi32>) maps []
// VNNI: quanta.fused_matmul #quanta.narrow_dot<dot = #quanta.avx512_vnni, bits = 4, low = -8> {{.*}} rhs(%{{.*}} : tensor<64xi8>) init(%{{.*}} : tensor<32xi32>) maps []
func.func @four_bits(%x: tensor<3x2xi8>, %e: tensor<3x2xi32>) -> tensor<3x2xi32> {
  %w = arith.constant dense<[[9, 0], [7, 15]]> : tensor<2x2xi4>
  %zp = arith.constant 8 : i32
  %zero = arith.constant 0 : i32
  %i = linalg.fill ins(%zero : i32) outs(%e : tensor<3x2xi32>) -> tensor<3x2xi32>
  %y = linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<3x2xi8>, tensor<2x2xi4>) outs(%i : tensor<3x2xi32>) {
  ^bb0(%a: i8, %b: i4, %acc: i32):
    %0 = arith.extui %a : i8 to i32
    %1 = arith.extui %b : i4 to i32
    %2 = arith.subi %1, %zp : i32
    %3 = arith.muli %0, %2 : i32
    %4 = arith.addi %acc, %3 : i32
    linalg.yield %4 : i32
  } -> tensor<3x2xi32>
  return %y : tensor<3x2xi32>
}

// In a contraction that has no kernel, they become bytes that are read as signed.
// CHECK-LABEL: func.func @no_kernel
// CHECK: %[[W:.*]] = arith.constant dense<[1, 15]> : tensor<2xi8>
// CHECK: ins(%{{.*}}, %[[W]] : tensor<3x2xi8>, tensor<2xi8>)
// CHECK-NEXT: ^bb0(%{{.*}}: i8, %[[B:.*]]: i8, %{{.*}}: i32):
// CHECK: arith.extsi %[[B]] : i8 to i32
func.func @no_kernel(%x: tensor<3x2xi8>, %i: tensor<3xi32>) -> tensor<3xi32> {
  %w = arith.constant dense<[1, 15]> : tensor<2xi4>
  %y = linalg.generic {indexing_maps = [affine_map<(m, k) -> (m, k)>, affine_map<(m, k) -> (k)>, affine_map<(m, k) -> (m)>],
                       iterator_types = ["parallel", "reduction"]}
      ins(%x, %w : tensor<3x2xi8>, tensor<2xi4>) outs(%i : tensor<3xi32>) {
  ^bb0(%a: i8, %b: i4, %acc: i32):
    %0 = arith.extui %a : i8 to i32
    %1 = arith.extui %b : i4 to i32
    %2 = arith.muli %0, %1 : i32
    %3 = arith.addi %acc, %2 : i32
    linalg.yield %3 : i32
  } -> tensor<3xi32>
  return %y : tensor<3xi32>
}
