// RUN: quant-opt %s --quanta-fuse-rows --cse | FileCheck %s
// RUN: quant-opt %s --quanta-fuse-rows=max-bytes=300 | FileCheck %s --check-prefix=SMALL

#row = affine_map<(m, n) -> (m, n)>
#one = affine_map<(m, n) -> (m)>
#column = affine_map<(m, n) -> (n)>

// A softmax and the sum of its rows: one loop, which leaves the two tensors that
// others read. What is read once, the weights of columns, stays as it is.
// CHECK-LABEL: func.func @softmax
// CHECK-SAME: (%[[X:.*]]: tensor<?x64xf32>, %[[W:.*]]: tensor<64xf32>)
// CHECK: %[[N:.*]] = tensor.dim %{{.*}}, %{{.*}} : tensor<?xf32>
// CHECK: scf.for %[[I:.*]] = %{{.*}} to %[[N]] step %{{.*}} iter_args(%[[A:.*]] = %{{.*}}, %[[B:.*]] = %{{.*}}) -> (tensor<?x64xf32>, tensor<?xf32>) {
// CHECK: %[[R:.*]] = tensor.extract_slice %[[X]][%[[I]], 0] [1, 64] [1, 1] : tensor<?x64xf32> to tensor<64xf32>
// CHECK: linalg.generic {{.*}} iterator_types = ["reduction"]} ins(%[[R]] : tensor<64xf32>) outs(%{{.*}} : tensor<f32>)
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel"]} ins(%[[R]], %{{.*}} : tensor<64xf32>, tensor<f32>) outs(%{{.*}} : tensor<64xf32>)
// CHECK: linalg.generic {{.*}} iterator_types = ["reduction"]} ins(
// CHECK: %[[S:.*]] = linalg.generic {{.*}} iterator_types = ["parallel"]} ins(%{{.*}}, %{{.*}}, %[[W]] : tensor<64xf32>, tensor<f32>, tensor<64xf32>)
// CHECK: %[[T:.*]] = linalg.generic {{.*}} iterator_types = ["reduction"]} ins(%[[S]] : tensor<64xf32>)
// CHECK: tensor.insert_slice %[[S]] into %[[A]][%[[I]], 0] [1, 64] [1, 1] : tensor<64xf32> into tensor<?x64xf32>
// CHECK: tensor.insert_slice %[[T]] into %[[B]][%[[I]]] [1] [1] : tensor<f32> into tensor<?xf32>
// CHECK: } {quanta.parallel}
// CHECK-NOT: linalg.generic
// CHECK: return
// A row takes 64 * 4 * 2 + 3 * 4 bytes.
// SMALL-LABEL: func.func @softmax
// SMALL-NOT: scf.for
// SMALL: return
func.func @softmax(%x: tensor<?x64xf32>, %w: tensor<64xf32>) -> (tensor<?x64xf32>, tensor<?xf32>) {
  %c0 = arith.constant 0 : index
  %low = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x64xf32>
  %rows = tensor.empty(%n) : tensor<?xf32>
  %all = tensor.empty(%n) : tensor<?x64xf32>
  %lows = linalg.fill ins(%low : f32) outs(%rows : tensor<?xf32>) -> tensor<?xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%rows : tensor<?xf32>) -> tensor<?xf32>
  %max = linalg.generic {indexing_maps = [#row, #one], iterator_types = ["parallel", "reduction"]} ins(%x : tensor<?x64xf32>) outs(%lows : tensor<?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.maximumf %a, %o : f32
    linalg.yield %m : f32
  } -> tensor<?xf32>
  %exp = linalg.generic {indexing_maps = [#row, #one, #row], iterator_types = ["parallel", "parallel"]} ins(%x, %max : tensor<?x64xf32>, tensor<?xf32>) outs(%all : tensor<?x64xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %d = arith.subf %a, %b : f32
    %e = math.exp %d : f32
    linalg.yield %e : f32
  } -> tensor<?x64xf32>
  %sum = linalg.generic {indexing_maps = [#row, #one], iterator_types = ["parallel", "reduction"]} ins(%exp : tensor<?x64xf32>) outs(%zeros : tensor<?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %a, %o : f32
    linalg.yield %s : f32
  } -> tensor<?xf32>
  %y = linalg.generic {indexing_maps = [#row, #one, #column, #row], iterator_types = ["parallel", "parallel"]} ins(%exp, %sum, %w : tensor<?x64xf32>, tensor<?xf32>, tensor<64xf32>) outs(%all : tensor<?x64xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32, %o: f32):
    %q = arith.divf %a, %b : f32
    %r = arith.mulf %q, %c : f32
    linalg.yield %r : f32
  } -> tensor<?x64xf32>
  %check = linalg.generic {indexing_maps = [#row, #one], iterator_types = ["parallel", "reduction"]} ins(%y : tensor<?x64xf32>) outs(%zeros : tensor<?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %a, %o : f32
    linalg.yield %s : f32
  } -> tensor<?xf32>
  return %y, %check : tensor<?x64xf32>, tensor<?xf32>
}

// The second reader also needs what another operation makes of the first one:
// that stays outside, and so does its reader.
// CHECK-LABEL: func.func @between
// CHECK: scf.for
// CHECK-COUNT-2: linalg.generic {{.*}} outs(%{{.*}} : tensor<{{(32x)?}}f32>)
// CHECK: scf.yield
// CHECK: linalg.transpose
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<32x32xf32>)
func.func @between(%x: tensor<32x32xf32>) -> tensor<32x32xf32> {
  %zero = arith.constant 0.0 : f32
  %rows = tensor.empty() : tensor<32xf32>
  %all = tensor.empty() : tensor<32x32xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%rows : tensor<32xf32>) -> tensor<32xf32>
  %sum = linalg.generic {indexing_maps = [#row, #one], iterator_types = ["parallel", "reduction"]} ins(%x : tensor<32x32xf32>) outs(%zeros : tensor<32xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %a, %o : f32
    linalg.yield %s : f32
  } -> tensor<32xf32>
  %y = linalg.generic {indexing_maps = [#row, #one, #row], iterator_types = ["parallel", "parallel"]} ins(%x, %sum : tensor<32x32xf32>, tensor<32xf32>) outs(%all : tensor<32x32xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %d = arith.subf %a, %b : f32
    linalg.yield %d : f32
  } -> tensor<32x32xf32>
  %t = linalg.transpose ins(%y : tensor<32x32xf32>) outs(%all : tensor<32x32xf32>) permutation = [1, 0]
  %z = linalg.generic {indexing_maps = [#row, #row, #row], iterator_types = ["parallel", "parallel"]} ins(%y, %t : tensor<32x32xf32>, tensor<32x32xf32>) outs(%all : tensor<32x32xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %d = arith.addf %a, %b : f32
    linalg.yield %d : f32
  } -> tensor<32x32xf32>
  return %z : tensor<32x32xf32>
}

// Nothing to gain: short rows; rows whose size is not known; a reader across
// rows; a sum that starts from what is there.
// CHECK-LABEL: func.func @not
// CHECK-NOT: scf.for
// CHECK: return
func.func @not(%x: tensor<8x8xf32>, %u: tensor<8x?xf32>, %v: tensor<32x32xf32>, %old: tensor<32xf32>) -> (tensor<8x8xf32>, tensor<8x?xf32>, tensor<32x32xf32>, tensor<32x32xf32>) {
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %rows = tensor.empty() : tensor<8xf32>
  %all = tensor.empty() : tensor<8x8xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%rows : tensor<8xf32>) -> tensor<8xf32>
  %sum = linalg.generic {indexing_maps = [#row, #one], iterator_types = ["parallel", "reduction"]} ins(%x : tensor<8x8xf32>) outs(%zeros : tensor<8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %a, %o : f32
    linalg.yield %s : f32
  } -> tensor<8xf32>
  %y = linalg.generic {indexing_maps = [#row, #one, #row], iterator_types = ["parallel", "parallel"]} ins(%x, %sum : tensor<8x8xf32>, tensor<8xf32>) outs(%all : tensor<8x8xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %d = arith.subf %a, %b : f32
    linalg.yield %d : f32
  } -> tensor<8x8xf32>

  %n = tensor.dim %u, %c1 : tensor<8x?xf32>
  %open = tensor.empty(%n) : tensor<8x?xf32>
  %sum1 = linalg.generic {indexing_maps = [#row, #one], iterator_types = ["parallel", "reduction"]} ins(%u : tensor<8x?xf32>) outs(%zeros : tensor<8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %a, %o : f32
    linalg.yield %s : f32
  } -> tensor<8xf32>
  %y1 = linalg.generic {indexing_maps = [#row, #one, #row], iterator_types = ["parallel", "parallel"]} ins(%u, %sum1 : tensor<8x?xf32>, tensor<8xf32>) outs(%open : tensor<8x?xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %d = arith.subf %a, %b : f32
    linalg.yield %d : f32
  } -> tensor<8x?xf32>

  %rows2 = tensor.empty() : tensor<32xf32>
  %all2 = tensor.empty() : tensor<32x32xf32>
  %zeros2 = linalg.fill ins(%zero : f32) outs(%rows2 : tensor<32xf32>) -> tensor<32xf32>
  %sum2 = linalg.generic {indexing_maps = [#row, #one], iterator_types = ["parallel", "reduction"]} ins(%v : tensor<32x32xf32>) outs(%zeros2 : tensor<32xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %a, %o : f32
    linalg.yield %s : f32
  } -> tensor<32xf32>
  %y2 = linalg.generic {indexing_maps = [#row, #column, #row], iterator_types = ["parallel", "parallel"]} ins(%v, %sum2 : tensor<32x32xf32>, tensor<32xf32>) outs(%all2 : tensor<32x32xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %d = arith.subf %a, %b : f32
    linalg.yield %d : f32
  } -> tensor<32x32xf32>

  %sum3 = linalg.generic {indexing_maps = [#row, #one], iterator_types = ["parallel", "reduction"]} ins(%v : tensor<32x32xf32>) outs(%old : tensor<32xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %a, %o : f32
    linalg.yield %s : f32
  } -> tensor<32xf32>
  %y3 = linalg.generic {indexing_maps = [#row, #one, #row], iterator_types = ["parallel", "parallel"]} ins(%v, %sum3 : tensor<32x32xf32>, tensor<32xf32>) outs(%all2 : tensor<32x32xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %d = arith.subf %a, %b : f32
    linalg.yield %d : f32
  } -> tensor<32x32xf32>
  return %y, %y1, %y2, %y3 : tensor<8x8xf32>, tensor<8x?xf32>, tensor<32x32xf32>, tensor<32x32xf32>
}
