// RUN: quant-opt %s --quanta-split-batches="min-bytes=0 min-positions=8" --canonicalize | FileCheck %s
// Small batches stay together.
// RUN: quant-opt %s --quanta-split-batches | FileCheck %s --check-prefix=WHOLE
// WHOLE-NOT: scf.for

// From the padding to the pooling behind two convolutions, one image after the other;
// the product of matrices reads its weights for all of them.
// CHECK-LABEL: func.func @network(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<4x8x8x3xf32>
func.func @network(%x: tensor<4x8x8x3xf32>, %w0: tensor<3x3x3x5xf32>, %w1: tensor<1x1x5x6xf32>, %m: tensor<6x7xf32>) -> tensor<4x7xf32> {
  // CHECK: %[[ALL:.*]] = tensor.empty() : tensor<4x6xf32>
  // CHECK: %[[LOOP:.*]] = scf.for %[[I:.*]] = %c0 to %c4 step %c1 iter_args(%[[RESULT:.*]] = %[[ALL]]) -> (tensor<4x6xf32>)
  // CHECK: %[[IMAGE:.*]] = tensor.extract_slice %[[X]][%[[I]], 0, 0, 0] [1, 8, 8, 3] [1, 1, 1, 1] : tensor<4x8x8x3xf32> to tensor<1x8x8x3xf32>
  // CHECK: %[[PADDED:.*]] = tensor.pad %[[IMAGE]]
  // CHECK: tensor<1x8x8x3xf32> to tensor<1x10x10x3xf32>
  // CHECK: linalg.conv_2d_nhwc_hwcf ins(%[[PADDED]], %{{.*}} : tensor<1x10x10x3xf32>, tensor<3x3x3x5xf32>)
  // CHECK: linalg.generic
  // CHECK: linalg.conv_2d_nhwc_hwcf
  // CHECK: linalg.pooling_nhwc_sum
  // CHECK: %[[FLAT:.*]] = tensor.collapse_shape {{.*}} : tensor<1x1x1x6xf32> into tensor<1x6xf32>
  // CHECK: %[[NEXT:.*]] = tensor.insert_slice %[[FLAT]] into %[[RESULT]][%[[I]], 0] [1, 6] [1, 1]
  // CHECK: scf.yield %[[NEXT]]
  // CHECK: linalg.matmul ins(%[[LOOP]], %{{.*}} : tensor<4x6xf32>, tensor<6x7xf32>)
  %zero = arith.constant 0.0 : f32
  %p = tensor.pad %x low[0, 1, 1, 0] high[0, 1, 1, 0] {
  ^bb0(%a: index, %b: index, %c: index, %d: index):
    tensor.yield %zero : f32
  } : tensor<4x8x8x3xf32> to tensor<4x10x10x3xf32>
  %e0 = tensor.empty() : tensor<4x8x8x5xf32>
  %i0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<4x8x8x5xf32>) -> tensor<4x8x8x5xf32>
  %0 = linalg.conv_2d_nhwc_hwcf ins(%p, %w0 : tensor<4x10x10x3xf32>, tensor<3x3x3x5xf32>) outs(%i0 : tensor<4x8x8x5xf32>) -> tensor<4x8x8x5xf32>
  %1 = linalg.generic {indexing_maps = [affine_map<(a, b, c, d) -> (a, b, c, d)>, affine_map<(a, b, c, d) -> (a, b, c, d)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%0 : tensor<4x8x8x5xf32>) outs(%e0 : tensor<4x8x8x5xf32>) {
  ^bb0(%in: f32, %out: f32):
    %r = arith.maximumf %in, %zero : f32
    linalg.yield %r : f32
  } -> tensor<4x8x8x5xf32>
  %e1 = tensor.empty() : tensor<4x8x8x6xf32>
  %i1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<4x8x8x6xf32>) -> tensor<4x8x8x6xf32>
  %2 = linalg.conv_2d_nhwc_hwcf ins(%1, %w1 : tensor<4x8x8x5xf32>, tensor<1x1x5x6xf32>) outs(%i1 : tensor<4x8x8x6xf32>) -> tensor<4x8x8x6xf32>
  %window = tensor.empty() : tensor<8x8xf32>
  %e2 = tensor.empty() : tensor<4x1x1x6xf32>
  %i2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<4x1x1x6xf32>) -> tensor<4x1x1x6xf32>
  %3 = linalg.pooling_nhwc_sum ins(%2, %window : tensor<4x8x8x6xf32>, tensor<8x8xf32>) outs(%i2 : tensor<4x1x1x6xf32>) -> tensor<4x1x1x6xf32>
  %4 = tensor.collapse_shape %3 [[0], [1, 2, 3]] : tensor<4x1x1x6xf32> into tensor<4x6xf32>
  %e3 = tensor.empty() : tensor<4x7xf32>
  %i3 = linalg.fill ins(%zero : f32) outs(%e3 : tensor<4x7xf32>) -> tensor<4x7xf32>
  %5 = linalg.matmul ins(%4, %m : tensor<4x6xf32>, tensor<6x7xf32>) outs(%i3 : tensor<4x7xf32>) -> tensor<4x7xf32>
  return %5 : tensor<4x7xf32>
}

// What is used outside comes out whole, and what needs the batch as a whole follows.
// CHECK-LABEL: func.func @two(
func.func @two(%x: tensor<2x8x8x3xf32>, %w: tensor<1x1x3x3xf32>) -> (tensor<2x8x8x3xf32>, tensor<8x8x3xf32>, tensor<2x8x8x3xf32>) {
  // CHECK: %[[LOOP:.*]]:2 = scf.for {{.*}} -> (tensor<2x8x8x3xf32>, tensor<2x8x8x3xf32>)
  // CHECK: linalg.conv_2d_nhwc_hwcf
  // CHECK: linalg.conv_2d_nhwc_hwcf
  // CHECK: scf.yield
  // CHECK: %[[SUM:.*]] = linalg.reduce ins(%[[LOOP]]#0 : tensor<2x8x8x3xf32>)
  // CHECK: return %[[LOOP]]#0, %[[SUM]], %[[LOOP]]#1
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x8x8x3xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<2x8x8x3xf32>) -> tensor<2x8x8x3xf32>
  %0 = linalg.conv_2d_nhwc_hwcf ins(%x, %w : tensor<2x8x8x3xf32>, tensor<1x1x3x3xf32>) outs(%i : tensor<2x8x8x3xf32>) -> tensor<2x8x8x3xf32>
  %1 = linalg.conv_2d_nhwc_hwcf ins(%0, %w : tensor<2x8x8x3xf32>, tensor<1x1x3x3xf32>) outs(%i : tensor<2x8x8x3xf32>) -> tensor<2x8x8x3xf32>
  %es = tensor.empty() : tensor<8x8x3xf32>
  %is = linalg.fill ins(%zero : f32) outs(%es : tensor<8x8x3xf32>) -> tensor<8x8x3xf32>
  %s = linalg.reduce ins(%0 : tensor<2x8x8x3xf32>) outs(%is : tensor<8x8x3xf32>) dimensions = [0] (%in: f32, %out: f32) {
    %sum = arith.addf %in, %out : f32
    linalg.yield %sum : f32
  }
  return %0, %s, %1 : tensor<2x8x8x3xf32>, tensor<8x8x3xf32>, tensor<2x8x8x3xf32>
}

// Not a batch: each index of the result reads others; few positions for each weight;
// a padded batch; an index that is computed with; no convolution at all.
// CHECK-LABEL: func.func @others(
// CHECK-NOT: scf.for
func.func @others(%x: tensor<4x8x8x3xf32>, %line: tensor<9x9xf32>, %w: tensor<3x3xf32>, %small: tensor<4x2x2x3xf32>, %k: tensor<1x1x3x3xf32>) -> (tensor<7x7xf32>, tensor<4x2x2x3xf32>, tensor<6x8x8x3xf32>, tensor<4x8x8x3xf32>) {
  %zero = arith.constant 0.0 : f32
  %e0 = tensor.empty() : tensor<7x7xf32>
  %i0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<7x7xf32>) -> tensor<7x7xf32>
  %0 = linalg.conv_2d ins(%line, %w : tensor<9x9xf32>, tensor<3x3xf32>) outs(%i0 : tensor<7x7xf32>) -> tensor<7x7xf32>
  %e1 = tensor.empty() : tensor<4x2x2x3xf32>
  %i1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<4x2x2x3xf32>) -> tensor<4x2x2x3xf32>
  %1 = linalg.conv_2d_nhwc_hwcf ins(%small, %k : tensor<4x2x2x3xf32>, tensor<1x1x3x3xf32>) outs(%i1 : tensor<4x2x2x3xf32>) -> tensor<4x2x2x3xf32>
  %2 = tensor.pad %x low[1, 0, 0, 0] high[1, 0, 0, 0] {
  ^bb0(%a: index, %b: index, %c: index, %d: index):
    tensor.yield %zero : f32
  } : tensor<4x8x8x3xf32> to tensor<6x8x8x3xf32>
  %e3 = tensor.empty() : tensor<4x8x8x3xf32>
  %3 = linalg.generic {indexing_maps = [affine_map<(a, b, c, d) -> (a, b, c, d)>, affine_map<(a, b, c, d) -> (a, b, c, d)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%x : tensor<4x8x8x3xf32>) outs(%e3 : tensor<4x8x8x3xf32>) {
  ^bb0(%in: f32, %out: f32):
    %i = linalg.index 0 : index
    %n = arith.index_cast %i : index to i32
    %f = arith.sitofp %n : i32 to f32
    %r = arith.addf %in, %f : f32
    linalg.yield %r : f32
  } -> tensor<4x8x8x3xf32>
  return %0, %1, %2, %3 : tensor<7x7xf32>, tensor<4x2x2x3xf32>, tensor<6x8x8x3xf32>, tensor<4x8x8x3xf32>
}

// The images of a batch may depend on each other through an operation that is not
// split: what follows it is a loop of its own.
// CHECK-LABEL: func.func @across(
func.func @across(%x: tensor<2x8x8x3xf32>, %w: tensor<1x1x3x3xf32>) -> tensor<2x8x8x3xf32> {
  // CHECK: scf.for
  // CHECK: linalg.conv_2d_nhwc_hwcf
  // CHECK: scf.yield
  // CHECK: %[[MIXED:.*]] = linalg.generic
  // CHECK: scf.for
  // CHECK: tensor.extract_slice %[[MIXED]]
  // CHECK: linalg.conv_2d_nhwc_hwcf
  // CHECK: scf.yield
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x8x8x3xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<2x8x8x3xf32>) -> tensor<2x8x8x3xf32>
  %0 = linalg.conv_2d_nhwc_hwcf ins(%x, %w : tensor<2x8x8x3xf32>, tensor<1x1x3x3xf32>) outs(%i : tensor<2x8x8x3xf32>) -> tensor<2x8x8x3xf32>
  %1 = linalg.generic {indexing_maps = [affine_map<(a, b, c, d) -> (1 - a, b, c, d)>, affine_map<(a, b, c, d) -> (a, b, c, d)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%0 : tensor<2x8x8x3xf32>) outs(%e : tensor<2x8x8x3xf32>) {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  } -> tensor<2x8x8x3xf32>
  %2 = linalg.conv_2d_nhwc_hwcf ins(%1, %w : tensor<2x8x8x3xf32>, tensor<1x1x3x3xf32>) outs(%i : tensor<2x8x8x3xf32>) -> tensor<2x8x8x3xf32>
  return %2 : tensor<2x8x8x3xf32>
}

// Weights that are computed have a dimension 0 of the same size, and are read whole;
// so is a batch that the body of an operation picks from.
// CHECK-LABEL: func.func @whole(
func.func @whole(%x: tensor<3x8x8x3xf32>, %v: tensor<3x3x1xf32>) -> tensor<3x8x8x3xf32> {
  // CHECK: %[[WEIGHTS:.*]] = linalg.broadcast
  // CHECK: %[[FIRST:.*]] = scf.for
  // CHECK: linalg.generic {{.*}} ins(%{{.*}}, %[[WEIGHTS]] : tensor<1x8x8x3xf32>, tensor<3x3x1x1xf32>)
  // CHECK: scf.yield
  // CHECK: scf.for
  // CHECK: linalg.generic {{.*}} ins(%{{.*}}, %[[WEIGHTS]] : tensor<1x8x8x3xf32>, tensor<3x3x1x1xf32>)
  // CHECK: tensor.extract %[[FIRST]]
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %room = tensor.empty() : tensor<3x3x1x1xf32>
  %w = linalg.broadcast ins(%v : tensor<3x3x1xf32>) outs(%room : tensor<3x3x1x1xf32>) dimensions = [3]
  %e = tensor.empty() : tensor<3x8x8x3xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<3x8x8x3xf32>) -> tensor<3x8x8x3xf32>
  %0 = linalg.generic {indexing_maps = [affine_map<(n, y, x, f, c) -> (n, y, x, c)>, affine_map<(n, y, x, f, c) -> (f, c, 0, 0)>, affine_map<(n, y, x, f, c) -> (n, y, x, f)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%x, %w : tensor<3x8x8x3xf32>, tensor<3x3x1x1xf32>) outs(%i : tensor<3x8x8x3xf32>) {
  ^bb0(%in: f32, %weight: f32, %out: f32):
    %product = arith.mulf %in, %weight : f32
    %sum = arith.addf %out, %product : f32
    linalg.yield %sum : f32
  } -> tensor<3x8x8x3xf32>
  %1 = linalg.generic {indexing_maps = [affine_map<(n, y, x, f, c) -> (n, y, x, c)>, affine_map<(n, y, x, f, c) -> (f, c, 0, 0)>, affine_map<(n, y, x, f, c) -> (n, y, x, f)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%0, %w : tensor<3x8x8x3xf32>, tensor<3x3x1x1xf32>) outs(%i : tensor<3x8x8x3xf32>) {
  ^bb0(%in: f32, %weight: f32, %out: f32):
    %picked = tensor.extract %0[%c0, %c0, %c0, %c0] : tensor<3x8x8x3xf32>
    %scaled = arith.mulf %in, %picked : f32
    %product = arith.mulf %scaled, %weight : f32
    %sum = arith.addf %out, %product : f32
    linalg.yield %sum : f32
  } -> tensor<3x8x8x3xf32>
  return %1 : tensor<3x8x8x3xf32>
}

// A tensor that is a batch and a weight at once stays whole as the latter.
// CHECK-LABEL: func.func @both(
func.func @both(%x: tensor<8x8x8xf32>) -> tensor<8x8x8x8xf32> {
  // CHECK: scf.for
  // CHECK: linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<1x8x8xf32>, tensor<8x8x8xf32>)
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x8x8x8xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<8x8x8x8xf32>) -> tensor<8x8x8x8xf32>
  %0 = linalg.generic {indexing_maps = [affine_map<(n, y, f, g, c) -> (n, y, c)>, affine_map<(n, y, f, g, c) -> (f, g, c)>, affine_map<(n, y, f, g, c) -> (n, y, f, g)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]} ins(%x, %x : tensor<8x8x8xf32>, tensor<8x8x8xf32>) outs(%i : tensor<8x8x8x8xf32>) {
  ^bb0(%in: f32, %weight: f32, %out: f32):
    %product = arith.mulf %in, %weight : f32
    %sum = arith.addf %out, %product : f32
    linalg.yield %sum : f32
  } -> tensor<8x8x8x8xf32>
  return %0 : tensor<8x8x8x8xf32>
}

// A batch of open size: sizes that are asked for in between are those of the input, and
// each image has its own of a vector that is the same in all of them, which a
// convolution starts from.
// CHECK-LABEL: func.func @open(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x8x8x3xf32>
func.func @open(%x: tensor<?x8x8x3xf32>, %w0: tensor<3x3x3x5xf32>, %b: tensor<5xf32>, %w1: tensor<1x1x5x5xf32>) -> tensor<?x8x8x5xf32> {
  // CHECK: %[[N:.*]] = tensor.dim %[[X]], %c0
  // CHECK: %[[ALL:.*]] = tensor.empty(%[[N]]) : tensor<?x8x8x5xf32>
  // CHECK: %[[LOOP:.*]] = scf.for %[[I:.*]] = %c0 to %[[N]] step %c1 iter_args(%[[RESULT:.*]] = %[[ALL]]) -> (tensor<?x8x8x5xf32>)
  // CHECK: %[[IMAGE:.*]] = tensor.extract_slice %[[X]][%[[I]], 0, 0, 0] [1, 8, 8, 3] [1, 1, 1, 1] : tensor<?x8x8x3xf32> to tensor<1x8x8x3xf32>
  // CHECK: tensor.pad %[[IMAGE]]
  // CHECK: %[[BIAS:.*]] = linalg.broadcast {{.*}} outs(%{{.*}} : tensor<1x8x8x5xf32>)
  // CHECK: %[[FIRST:.*]] = linalg.conv_2d_nhwc_hwcf {{.*}} outs(%[[BIAS]] : tensor<1x8x8x5xf32>)
  // CHECK: %[[SECOND:.*]] = linalg.conv_2d_nhwc_hwcf ins(%[[FIRST]]
  // CHECK: linalg.add ins(%[[FIRST]], %[[SECOND]] : tensor<1x8x8x5xf32>, tensor<1x8x8x5xf32>)
  // CHECK: tensor.insert_slice %{{.*}} into %[[RESULT]][%[[I]], 0, 0, 0] [1, 8, 8, 5] [1, 1, 1, 1] : tensor<1x8x8x5xf32> into tensor<?x8x8x5xf32>
  // CHECK: scf.yield
  // CHECK: return %[[LOOP]]
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x8x8x3xf32>
  %p = tensor.pad %x low[0, 1, 1, 0] high[0, 1, 1, 0] {
  ^bb0(%a: index, %c: index, %d: index, %e: index):
    tensor.yield %zero : f32
  } : tensor<?x8x8x3xf32> to tensor<?x10x10x3xf32>
  %e0 = tensor.empty(%n) : tensor<?x8x8x5xf32>
  %i0 = linalg.broadcast ins(%b : tensor<5xf32>) outs(%e0 : tensor<?x8x8x5xf32>) dimensions = [0, 1, 2]
  %0 = linalg.conv_2d_nhwc_hwcf ins(%p, %w0 : tensor<?x10x10x3xf32>, tensor<3x3x3x5xf32>) outs(%i0 : tensor<?x8x8x5xf32>) -> tensor<?x8x8x5xf32>
  %m = tensor.dim %0, %c0 : tensor<?x8x8x5xf32>
  %e1 = tensor.empty(%m) : tensor<?x8x8x5xf32>
  %i1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<?x8x8x5xf32>) -> tensor<?x8x8x5xf32>
  %1 = linalg.conv_2d_nhwc_hwcf ins(%0, %w1 : tensor<?x8x8x5xf32>, tensor<1x1x5x5xf32>) outs(%i1 : tensor<?x8x8x5xf32>) -> tensor<?x8x8x5xf32>
  %2 = linalg.add ins(%0, %1 : tensor<?x8x8x5xf32>, tensor<?x8x8x5xf32>) outs(%e1 : tensor<?x8x8x5xf32>) -> tensor<?x8x8x5xf32>
  return %2 : tensor<?x8x8x5xf32>
}

// Batches of open size may be of different ones: each is a loop of its own, until one
// operation takes images of both.
// CHECK-LABEL: func.func @apart(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x8x8x3xf32>, %[[Y:[a-z0-9]+]]: tensor<?x8x8x3xf32>
func.func @apart(%x: tensor<?x8x8x3xf32>, %y: tensor<?x8x8x3xf32>, %w: tensor<1x1x3x3xf32>) -> tensor<?x8x8x3xf32> {
  // CHECK: %[[M:.*]] = tensor.dim %[[Y]], %c0
  // CHECK: %[[FIRST:.*]] = scf.for %{{.*}} = %c0 to %[[M]]
  // CHECK: tensor.extract_slice %[[Y]]
  // CHECK: linalg.conv_2d_nhwc_hwcf
  // CHECK: scf.yield
  // CHECK: %[[N:.*]] = tensor.dim %[[X]], %c0
  // CHECK: scf.for %{{.*}} = %c0 to %[[N]]
  // CHECK: tensor.extract_slice %[[X]]
  // CHECK: linalg.conv_2d_nhwc_hwcf
  // CHECK: tensor.extract_slice %[[FIRST]]
  // CHECK: linalg.add
  // CHECK: scf.yield
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x8x8x3xf32>
  %m = tensor.dim %y, %c0 : tensor<?x8x8x3xf32>
  %e0 = tensor.empty(%n) : tensor<?x8x8x3xf32>
  %i0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?x8x8x3xf32>) -> tensor<?x8x8x3xf32>
  %e1 = tensor.empty(%m) : tensor<?x8x8x3xf32>
  %i1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<?x8x8x3xf32>) -> tensor<?x8x8x3xf32>
  %0 = linalg.conv_2d_nhwc_hwcf ins(%x, %w : tensor<?x8x8x3xf32>, tensor<1x1x3x3xf32>) outs(%i0 : tensor<?x8x8x3xf32>) -> tensor<?x8x8x3xf32>
  %1 = linalg.conv_2d_nhwc_hwcf ins(%y, %w : tensor<?x8x8x3xf32>, tensor<1x1x3x3xf32>) outs(%i1 : tensor<?x8x8x3xf32>) -> tensor<?x8x8x3xf32>
  %2 = linalg.add ins(%0, %1 : tensor<?x8x8x3xf32>, tensor<?x8x8x3xf32>) outs(%e0 : tensor<?x8x8x3xf32>) -> tensor<?x8x8x3xf32>
  return %2 : tensor<?x8x8x3xf32>
}

// Images of open size: nothing says how much a cache has to hold.
// CHECK-LABEL: func.func @images(
// CHECK-NOT: scf.for
func.func @images(%x: tensor<?x8x?x3xf32>, %w: tensor<1x1x3x3xf32>) -> tensor<?x8x?x3xf32> {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x8x?x3xf32>
  %m = tensor.dim %x, %c2 : tensor<?x8x?x3xf32>
  %e = tensor.empty(%n, %m) : tensor<?x8x?x3xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<?x8x?x3xf32>) -> tensor<?x8x?x3xf32>
  %0 = linalg.conv_2d_nhwc_hwcf ins(%x, %w : tensor<?x8x?x3xf32>, tensor<1x1x3x3xf32>) outs(%i : tensor<?x8x?x3xf32>) -> tensor<?x8x?x3xf32>
  return %0 : tensor<?x8x?x3xf32>
}
