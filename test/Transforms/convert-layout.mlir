// RUN: quant-opt %s --quanta-convert-layout --canonicalize --cse | FileCheck %s
// RUN: quant-opt %s --quanta-to-llvm -o /dev/null

#nchw = affine_map<(n, c, y, x) -> (n, c, y, x)>

// CHECK-DAG: #[[INPUT:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1 + d4, d2 + d5, d6)>
// CHECK-DAG: #[[WEIGHTS:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d4, d5, d6, d3)>
// CHECK-DAG: #[[OUTPUT:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1, d2, d3)>
// CHECK-DAG: #[[READ:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d3, d1, d2)>
// CHECK-DAG: #[[SAME:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>

// A convolution alone: what goes in and out keeps its order.
// CHECK-LABEL: func.func @one(
// CHECK: %[[T:.*]] = linalg.transpose ins(%{{.*}} : tensor<1x3x8x8xf32>) outs(%{{.*}} : tensor<1x8x8x3xf32>) permutation = [0, 2, 3, 1]
// CHECK: %[[C:.*]] = linalg.generic {indexing_maps = [#[[INPUT]], #[[WEIGHTS]], #[[OUTPUT]]]
// CHECK-SAME: ins(%[[T]], %{{.*}} : tensor<1x8x8x3xf32>, tensor<3x3x3x4xf32>) outs(%{{.*}} : tensor<1x6x6x4xf32>)
// CHECK: linalg.transpose ins(%[[C]] : tensor<1x6x6x4xf32>) outs(%{{.*}} : tensor<1x4x6x6xf32>) permutation = [0, 3, 1, 2]
func.func @one(%x: tensor<1x3x8x8xf32>) -> tensor<1x4x6x6xf32> {
  %w = arith.constant dense<0.5> : tensor<4x3x3x3xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x4x6x6xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<1x4x6x6xf32>) -> tensor<1x4x6x6xf32>
  %0 = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) outs(%i : tensor<1x4x6x6xf32>) -> tensor<1x4x6x6xf32>
  return %0 : tensor<1x4x6x6xf32>
}

// Between layers nothing is moved; the argument is read in the new order while
// it is scaled, and padded behind that, with the scaled padding. The weights
// are constants in the new order.
// CHECK-LABEL: func.func @network(
// CHECK-DAG: %[[PADDING:.*]] = arith.constant 4.000000e+00 : f32
// CHECK-DAG: arith.constant dense<{{\[\[\[\[}}1.000000e+00, 3.000000e+00], [2.000000e+00, 4.000000e+00]]]]> : tensor<1x1x2x2xf32>
// CHECK-NOT: linalg.transpose
// CHECK: linalg.generic {indexing_maps = [#[[READ]], #[[SAME]]]
// CHECK: tensor.pad %{{.*}} low[0, 1, 1, 0] high[0, 1, 1, 0]
// CHECK: tensor.yield %[[PADDING]]
// CHECK: linalg.generic {indexing_maps = [#[[INPUT]], #[[WEIGHTS]], #[[OUTPUT]]]
// CHECK: linalg.pooling_nhwc_max
// CHECK: tensor.concat dim(3)
// CHECK: linalg.generic
// CHECK-SAME: iterator_types = ["parallel", "parallel", "reduction", "reduction"]
// CHECK-NOT: linalg.transpose
// CHECK: return
func.func @network(%x: tensor<1x2x4x4xf32>) -> tensor<1x4xf32> {
  %w = arith.constant dense<[[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]]]> : tensor<2x2x1x1xf32>
  %zero = arith.constant 0.0 : f32
  %two = arith.constant 2.0 : f32
  %p = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%a: index, %b: index, %c: index, %d: index):
    tensor.yield %two : f32
  } : tensor<1x2x4x4xf32> to tensor<1x2x6x6xf32>
  %e = tensor.empty() : tensor<1x2x6x6xf32>
  %s = linalg.generic {indexing_maps = [#nchw, #nchw], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%p : tensor<1x2x6x6xf32>) outs(%e : tensor<1x2x6x6xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.mulf %a, %two : f32
    linalg.yield %m : f32
  } -> tensor<1x2x6x6xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<1x2x6x6xf32>) -> tensor<1x2x6x6xf32>
  %0 = linalg.conv_2d_nchw_fchw ins(%s, %w : tensor<1x2x6x6xf32>, tensor<2x2x1x1xf32>) outs(%i : tensor<1x2x6x6xf32>) -> tensor<1x2x6x6xf32>
  %1 = linalg.generic {indexing_maps = [#nchw, #nchw], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%0 : tensor<1x2x6x6xf32>) outs(%e : tensor<1x2x6x6xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.maximumf %a, %zero : f32
    linalg.yield %m : f32
  } -> tensor<1x2x6x6xf32>
  %k = tensor.empty() : tensor<1x1xf32>
  %2 = linalg.pooling_nchw_max ins(%1, %k : tensor<1x2x6x6xf32>, tensor<1x1xf32>) outs(%i : tensor<1x2x6x6xf32>) -> tensor<1x2x6x6xf32>
  %3 = tensor.concat dim(1) %1, %2 : (tensor<1x2x6x6xf32>, tensor<1x2x6x6xf32>) -> tensor<1x4x6x6xf32>
  %f = tensor.empty() : tensor<1x4xf32>
  %g = linalg.fill ins(%zero : f32) outs(%f : tensor<1x4xf32>) -> tensor<1x4xf32>
  %4 = linalg.generic {indexing_maps = [#nchw, affine_map<(n, c, y, x) -> (n, c)>], iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%3 : tensor<1x4x6x6xf32>) outs(%g : tensor<1x4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.addf %a, %o : f32
    linalg.yield %m : f32
  } -> tensor<1x4xf32>
  return %4 : tensor<1x4xf32>
}

// Depthwise, in groups, and in one dimension.
// CHECK-LABEL: func.func @kinds(
// CHECK: linalg.generic
// CHECK-SAME: ins(%{{.*}}, %{{.*}} : tensor<1x8x8x4xf32>, tensor<3x3x4xf32>) outs(%{{.*}} : tensor<1x6x6x4xf32>)
// CHECK-NOT: linalg.transpose
// CHECK: tensor.expand_shape %{{.*}} {{\[\[}}0], [1], [2], [3, 4]]
// CHECK: linalg.generic
// CHECK-SAME: ins(%{{.*}}, %{{.*}} : tensor<1x6x6x2x2xf32>, tensor<3x3x2x2x5xf32>) outs(%{{.*}} : tensor<1x4x4x2x5xf32>)
// CHECK: linalg.generic
// CHECK-SAME: ins(%{{.*}}, %{{.*}} : tensor<1x9x4xf32>, tensor<2x4x3xf32>) outs(%{{.*}} : tensor<1x4x3xf32>)
func.func @kinds(%x: tensor<1x4x8x8xf32>, %v: tensor<1x4x9xf32>) -> (tensor<1x2x5x4x4xf32>, tensor<1x3x4xf32>) {
  %zero = arith.constant 0.0 : f32
  %w0 = arith.constant dense<0.5> : tensor<4x3x3xf32>
  %e0 = tensor.empty() : tensor<1x4x6x6xf32>
  %i0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<1x4x6x6xf32>) -> tensor<1x4x6x6xf32>
  %0 = linalg.depthwise_conv_2d_nchw_chw ins(%x, %w0 : tensor<1x4x8x8xf32>, tensor<4x3x3xf32>) outs(%i0 : tensor<1x4x6x6xf32>) -> tensor<1x4x6x6xf32>
  %g = tensor.expand_shape %0 [[0], [1, 2], [3], [4]] output_shape [1, 2, 2, 6, 6] : tensor<1x4x6x6xf32> into tensor<1x2x2x6x6xf32>
  %w1 = arith.constant dense<0.5> : tensor<2x5x2x3x3xf32>
  %e1 = tensor.empty() : tensor<1x2x5x4x4xf32>
  %i1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<1x2x5x4x4xf32>) -> tensor<1x2x5x4x4xf32>
  %1 = linalg.conv_2d_ngchw_gfchw ins(%g, %w1 : tensor<1x2x2x6x6xf32>, tensor<2x5x2x3x3xf32>) outs(%i1 : tensor<1x2x5x4x4xf32>) -> tensor<1x2x5x4x4xf32>
  %w2 = arith.constant dense<0.5> : tensor<3x4x2xf32>
  %e2 = tensor.empty() : tensor<1x3x4xf32>
  %i2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<1x3x4xf32>) -> tensor<1x3x4xf32>
  %2 = linalg.conv_1d_ncw_fcw {strides = dense<2> : tensor<1xi64>} ins(%v, %w2 : tensor<1x4x9xf32>, tensor<3x4x2xf32>) outs(%i2 : tensor<1x3x4xf32>) -> tensor<1x3x4xf32>
  return %1, %2 : tensor<1x2x5x4x4xf32>, tensor<1x3x4xf32>
}

// Channels that are last stay there; weights that are not constant do, too.
// CHECK-LABEL: func.func @stay(
// CHECK-NOT: linalg.transpose
// CHECK: linalg.conv_2d_nhwc_hwcf
// CHECK: linalg.conv_2d_nchw_fchw
// CHECK-NOT: linalg.transpose
func.func @stay(%x: tensor<1x8x8x3xf32>, %y: tensor<1x3x8x8xf32>, %v: tensor<4x3x3x3xf32>) -> (tensor<1x6x6x4xf32>, tensor<1x4x6x6xf32>) {
  %w = arith.constant dense<0.5> : tensor<3x3x3x4xf32>
  %i = arith.constant dense<0.0> : tensor<1x6x6x4xf32>
  %j = arith.constant dense<0.0> : tensor<1x4x6x6xf32>
  %0 = linalg.conv_2d_nhwc_hwcf ins(%x, %w : tensor<1x8x8x3xf32>, tensor<3x3x3x4xf32>) outs(%i : tensor<1x6x6x4xf32>) -> tensor<1x6x6x4xf32>
  %1 = linalg.conv_2d_nchw_fchw ins(%y, %v : tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) outs(%j : tensor<1x4x6x6xf32>) -> tensor<1x4x6x6xf32>
  return %0, %1 : tensor<1x6x6x4xf32>, tensor<1x4x6x6xf32>
}

// A quantization keeps the order of numbers: the maximum of bytes is the same.
// CHECK-LABEL: func.func @maximum(
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : tensor<1x4x4x8xf32>) outs(%{{.*}} : tensor<1x4x4x8xi8>)
// CHECK: linalg.fill ins(%c0_i8 : i8)
// CHECK: linalg.pooling_nhwc_max_unsigned {{.*}} ins(%{{.*}}, %{{.*}} : tensor<1x4x4x8xi8>, tensor<2x2xi8>)
func.func @maximum(%x: tensor<1x4x4x8xi32>) -> tensor<1x2x2x8xi8> {
  %zero = arith.constant 0.0 : f32
  %two = arith.constant 2.0 : f32
  %top = arith.constant 255.0 : f32
  %low = arith.constant 0xFF800000 : f32
  %f = tensor.empty() : tensor<1x4x4x8xf32>
  %n = linalg.generic {indexing_maps = [#nchw, #nchw], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : tensor<1x4x4x8xi32>) outs(%f : tensor<1x4x4x8xf32>) {
  ^bb0(%a: i32, %o: f32):
    %s = arith.sitofp %a : i32 to f32
    linalg.yield %s : f32
  } -> tensor<1x4x4x8xf32>
  %e = tensor.empty() : tensor<1x2x2x8xf32>
  %k = tensor.empty() : tensor<2x2xf32>
  %init = linalg.fill ins(%low : f32) outs(%e : tensor<1x2x2x8xf32>) -> tensor<1x2x2x8xf32>
  %p = linalg.pooling_nhwc_max {strides = dense<2> : vector<2xi64>} ins(%n, %k : tensor<1x4x4x8xf32>, tensor<2x2xf32>)
      outs(%init : tensor<1x2x2x8xf32>) -> tensor<1x2x2x8xf32>
  %b = tensor.empty() : tensor<1x2x2x8xi8>
  %q = linalg.generic {indexing_maps = [#nchw, #nchw], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%p : tensor<1x2x2x8xf32>) outs(%b : tensor<1x2x2x8xi8>) {
  ^bb0(%a: f32, %o: i8):
    %d = arith.divf %a, %two : f32
    %r = math.roundeven %d : f32
    %l = arith.maxnumf %r, %zero : f32
    %u = arith.minnumf %l, %top : f32
    %i = arith.fptosi %u : f32 to i32
    %t = arith.trunci %i : i32 to i8
    linalg.yield %t : i8
  } -> tensor<1x2x2x8xi8>
  return %q : tensor<1x2x2x8xi8>
}

// For a batch of open size too.
// CHECK-LABEL: func.func @open_maximum(
// CHECK: linalg.pooling_nhwc_max_unsigned {{.*}} ins(%{{.*}}, %{{.*}} : tensor<?x4x4x8xi8>, tensor<2x2xi8>)
func.func @open_maximum(%x: tensor<?x4x4x8xi32>) -> tensor<?x2x2x8xi8> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %two = arith.constant 2.0 : f32
  %top = arith.constant 255.0 : f32
  %low = arith.constant 0xFF800000 : f32
  %d = tensor.dim %x, %c0 : tensor<?x4x4x8xi32>
  %f = tensor.empty(%d) : tensor<?x4x4x8xf32>
  %n = linalg.generic {indexing_maps = [#nchw, #nchw], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : tensor<?x4x4x8xi32>) outs(%f : tensor<?x4x4x8xf32>) {
  ^bb0(%a: i32, %o: f32):
    %s = arith.sitofp %a : i32 to f32
    linalg.yield %s : f32
  } -> tensor<?x4x4x8xf32>
  %e = tensor.empty(%d) : tensor<?x2x2x8xf32>
  %k = tensor.empty() : tensor<2x2xf32>
  %init = linalg.fill ins(%low : f32) outs(%e : tensor<?x2x2x8xf32>) -> tensor<?x2x2x8xf32>
  %p = linalg.pooling_nhwc_max {strides = dense<2> : vector<2xi64>} ins(%n, %k : tensor<?x4x4x8xf32>, tensor<2x2xf32>)
      outs(%init : tensor<?x2x2x8xf32>) -> tensor<?x2x2x8xf32>
  %b = tensor.empty(%d) : tensor<?x2x2x8xi8>
  %q = linalg.generic {indexing_maps = [#nchw, #nchw], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%p : tensor<?x2x2x8xf32>) outs(%b : tensor<?x2x2x8xi8>) {
  ^bb0(%a: f32, %o: i8):
    %v = arith.divf %a, %two : f32
    %r = math.roundeven %v : f32
    %l = arith.maxnumf %r, %zero : f32
    %u = arith.minnumf %l, %top : f32
    %i = arith.fptosi %u : f32 to i32
    %t = arith.trunci %i : i32 to i8
    linalg.yield %t : i8
  } -> tensor<?x2x2x8xi8>
  return %q : tensor<?x2x2x8xi8>
}

// What comes from outside may be no number, for which there is no byte.
// CHECK-LABEL: func.func @maximum_of_argument(
// CHECK: linalg.pooling_nhwc_max {{.*}} : tensor<1x4x4x8xf32>
func.func @maximum_of_argument(%x: tensor<1x4x4x8xf32>) -> tensor<1x2x2x8xi8> {
  %zero = arith.constant 0.0 : f32
  %two = arith.constant 2.0 : f32
  %top = arith.constant 255.0 : f32
  %low = arith.constant 0xFF800000 : f32
  %e = tensor.empty() : tensor<1x2x2x8xf32>
  %k = tensor.empty() : tensor<2x2xf32>
  %init = linalg.fill ins(%low : f32) outs(%e : tensor<1x2x2x8xf32>) -> tensor<1x2x2x8xf32>
  %p = linalg.pooling_nhwc_max {strides = dense<2> : vector<2xi64>} ins(%x, %k : tensor<1x4x4x8xf32>, tensor<2x2xf32>)
      outs(%init : tensor<1x2x2x8xf32>) -> tensor<1x2x2x8xf32>
  %b = tensor.empty() : tensor<1x2x2x8xi8>
  %q = linalg.generic {indexing_maps = [#nchw, #nchw], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%p : tensor<1x2x2x8xf32>) outs(%b : tensor<1x2x2x8xi8>) {
  ^bb0(%a: f32, %o: i8):
    %d = arith.divf %a, %two : f32
    %r = math.roundeven %d : f32
    %l = arith.maxnumf %r, %zero : f32
    %u = arith.minnumf %l, %top : f32
    %i = arith.fptosi %u : f32 to i32
    %t = arith.trunci %i : i32 to i8
    linalg.yield %t : i8
  } -> tensor<1x2x2x8xi8>
  return %q : tensor<1x2x2x8xi8>
}

// The quantization of heads that are reshaped and moved: beside what made them,
// and the moved tensor is of bytes.
// CHECK-LABEL: func.func @heads(
// CHECK: %[[SUMS:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<6x8xf32>)
// CHECK: %[[BYTES:.*]] = linalg.generic {{.*}} ins(%[[SUMS]] : tensor<6x8xf32>) outs(%{{.*}} : tensor<6x8xi8>)
// CHECK: %[[SPLIT:.*]] = tensor.expand_shape %[[BYTES]] {{\[\[}}0], [1, 2]] output_shape [6, 2, 4] : tensor<6x8xi8> into tensor<6x2x4xi8>
// CHECK: %[[MOVED:.*]] = linalg.transpose ins(%[[SPLIT]] : tensor<6x2x4xi8>) outs(%{{.*}} : tensor<2x6x4xi8>) permutation = [1, 0, 2]
// CHECK: return %[[MOVED]]
func.func @heads(%x: tensor<6x8xi32>) -> tensor<2x6x4xi8> {
  %scale = arith.constant 0.5 : f32
  %e0 = tensor.empty() : tensor<6x8xf32>
  %0 = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<6x8xi32>) outs(%e0 : tensor<6x8xf32>) {
  ^bb0(%in: i32, %out: f32):
    %5 = arith.sitofp %in : i32 to f32
    %6 = arith.mulf %5, %scale : f32
    linalg.yield %6 : f32
  } -> tensor<6x8xf32>
  %1 = tensor.expand_shape %0 [[0, 1], [2, 3]] output_shape [1, 6, 2, 4] : tensor<6x8xf32> into tensor<1x6x2x4xf32>
  %e1 = tensor.empty() : tensor<1x2x6x4xf32>
  %2 = linalg.transpose ins(%1 : tensor<1x6x2x4xf32>) outs(%e1 : tensor<1x2x6x4xf32>) permutation = [0, 2, 1, 3]
  %3 = tensor.collapse_shape %2 [[0, 1], [2], [3]] : tensor<1x2x6x4xf32> into tensor<2x6x4xf32>
  %e2 = tensor.empty() : tensor<2x6x4xi8>
  %4 = linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (i, j, k)>, affine_map<(i, j, k) -> (i, j, k)>], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%3 : tensor<2x6x4xf32>) outs(%e2 : tensor<2x6x4xi8>) {
  ^bb0(%in: f32, %out: i8):
    %5 = math.roundeven %in : f32
    %6 = arith.fptosi %5 : f32 to i32
    %7 = arith.trunci %6 : i32 to i8
    linalg.yield %7 : i8
  } -> tensor<2x6x4xi8>
  return %4 : tensor<2x6x4xi8>
}

// What a transpose took apart stays apart.
// CHECK-LABEL: func.func @apart(
// CHECK: %[[MOVED:.*]] = linalg.transpose ins(%{{.*}} : tensor<2x6x4xi8>) outs(%{{.*}} : tensor<6x2x4xi8>) permutation = [1, 0, 2]
// CHECK: tensor.collapse_shape %[[MOVED]] {{\[\[}}0], [1, 2]]
func.func @apart(%x: tensor<2x6x4xi8>) -> tensor<6x8xi8> {
  %e = tensor.empty() : tensor<6x2x4xi8>
  %0 = linalg.transpose ins(%x : tensor<2x6x4xi8>) outs(%e : tensor<6x2x4xi8>) permutation = [1, 0, 2]
  %1 = tensor.collapse_shape %0 [[0], [1, 2]] : tensor<6x2x4xi8> into tensor<6x8xi8>
  return %1 : tensor<6x8xi8>
}
