// RUN: quant-opt %s --quanta-sink-dequantize --split-input-file | FileCheck %s

!u8 = !quant.uniform<u8:f32, 0.5:3>

// CHECK-LABEL: func @pad
// CHECK: %[[P:.*]] = quanta.pad %{{.*}} low [0, 1] high [0, 2] : tensor<?x4x[[U8:.*]]> -> tensor<?x7x
// CHECK: %[[D:.*]] = quanta.dequantize %[[P]]
// CHECK: return %[[D]]
func.func @pad(%q: tensor<?x4x!u8>) -> tensor<?x7xf32> {
  %zero = arith.constant 0.0 : f32
  %d = quanta.dequantize %q : tensor<?x4x!u8> to tensor<?x4xf32>
  %p = tensor.pad %d low[0, 1] high[0, 2] {
  ^bb0(%i: index, %j: index):
    tensor.yield %zero : f32
  } : tensor<?x4xf32> to tensor<?x7xf32>
  return %p : tensor<?x7xf32>
}

// -----

!channels = !quant.uniform<i8<-127:127>:f32:0, {0.5, 0.25}>

// A constant is moved at compile time, and its quantized dimension with it.
// CHECK-LABEL: func @weights
// CHECK-DAG: %[[W:.*]] = arith.constant dense<{{\[\[}}1, 3], [2, 4]]> : tensor<2x2xi8>
// CHECK: %[[Q:.*]] = quant.scast %[[W]] : tensor<2x2xi8> to tensor<2x2x!quant.uniform<i8<-127:127>:f32:1, {5.000000e-01,2.500000e-01}>>
// CHECK: %[[D:.*]] = quanta.dequantize %[[Q]]
// CHECK: return %[[D]]
func.func @weights() -> tensor<2x2xf32> {
  %w = arith.constant dense<[[[1, 2]], [[3, 4]]]> : tensor<2x1x2xi8>
  %q = quant.scast %w : tensor<2x1x2xi8> to tensor<2x1x2x!channels>
  %d = quanta.dequantize %q : tensor<2x1x2x!channels> to tensor<2x1x2xf32>
  %c = tensor.collapse_shape %d [[0, 1], [2]] : tensor<2x1x2xf32> into tensor<2x2xf32>
  %e = tensor.empty() : tensor<2x2xf32>
  %t = linalg.transpose ins(%c : tensor<2x2xf32>) outs(%e : tensor<2x2xf32>) permutation = [1, 0]
  return %t : tensor<2x2xf32>
}

// -----

!channels = !quant.uniform<i8<-127:127>:f32:0, {0.5, 0.25}>

// The quantized dimension merges with another: nothing moves.
// CHECK-LABEL: func @merged
// CHECK: %[[D:.*]] = quanta.dequantize
// CHECK: tensor.collapse_shape %[[D]]
func.func @merged(%q: tensor<2x2x!channels>) -> tensor<4xf32> {
  %d = quanta.dequantize %q : tensor<2x2x!channels> to tensor<2x2xf32>
  %c = tensor.collapse_shape %d [[0, 1]] : tensor<2x2xf32> into tensor<4xf32>
  return %c : tensor<4xf32>
}

// -----

!groups = !quant.uniform<i4:f32:0, {0.5:1, 0.25, 0.125, 2.0:-1}>

// Of a weight, the channels of a reshaped dimension become blocks of two others.
// CHECK-LABEL: func @blocks
// CHECK-DAG: %[[W:.*]] = arith.constant dense<{{\[\[}}1, 5], [2, 6], [3, -1], [4, -2]]> : tensor<4x2xi4>
// CHECK: %[[Q:.*]] = quant.scast %[[W]] : tensor<4x2xi4> to tensor<4x2x!quant.uniform<i4:f32:{0:2, 1:1}, {{\{\{}}5.000000e-01:1, 1.250000e-01}, {2.500000e-01, 2.000000e+00:-1}}>>
// CHECK: %[[D:.*]] = quanta.dequantize %[[Q]]
// CHECK: return %[[D]]
func.func @blocks() -> tensor<4x2xf32> {
  %w = arith.constant dense<[[1, 2], [3, 4], [5, 6], [-1, -2]]> : tensor<4x2xi4>
  %q = quant.scast %w : tensor<4x2xi4> to tensor<4x2x!groups>
  %d = quanta.dequantize %q : tensor<4x2x!groups> to tensor<4x2xf32>
  %s = tensor.expand_shape %d [[0, 1], [2]] output_shape [2, 2, 2] : tensor<4x2xf32> into tensor<2x2x2xf32>
  %c = tensor.collapse_shape %s [[0], [1, 2]] : tensor<2x2x2xf32> into tensor<2x4xf32>
  %e = tensor.empty() : tensor<4x2xf32>
  %t = linalg.transpose ins(%c : tensor<2x4xf32>) outs(%e : tensor<4x2xf32>) permutation = [1, 0]
  return %t : tensor<4x2xf32>
}

// -----

!blocks = !quant.uniform<i8:f32:{0:1, 1:2}, {{0.5, 0.25}, {0.125, 2.0}}>

// And back: blocks that fill a dimension are its channels.
// CHECK-LABEL: func @channels
// CHECK: quant.scast %{{.*}} : tensor<4x2xi8> to tensor<4x2x!quant.uniform<i8:f32:0, {5.000000e-01,2.500000e-01,1.250000e-01,2.000000e+00}>>
// CHECK: %[[D:.*]] = quanta.dequantize
// CHECK: return %[[D]]
func.func @channels() -> tensor<4x2xf32> {
  %w = arith.constant dense<[[1, 2, 3, 4], [5, 6, -1, -2]]> : tensor<2x4xi8>
  %q = quant.scast %w : tensor<2x4xi8> to tensor<2x4x!blocks>
  %d = quanta.dequantize %q : tensor<2x4x!blocks> to tensor<2x4xf32>
  %s = tensor.expand_shape %d [[0], [1, 2]] output_shape [2, 2, 2] : tensor<2x4xf32> into tensor<2x2x2xf32>
  %c = tensor.collapse_shape %s [[0, 1], [2]] : tensor<2x2x2xf32> into tensor<4x2xf32>
  return %c : tensor<4x2xf32>
}

// -----

!blocks = !quant.uniform<i8:f32:{0:2, 1:2}, {{0.5, 0.25}, {0.125, 2.0}}>

// Blocks of two rows are not consecutive in one of them all: nothing moves.
// CHECK-LABEL: func @scattered
// CHECK: %[[D:.*]] = quanta.dequantize
// CHECK: tensor.collapse_shape %[[D]]
func.func @scattered() -> tensor<16xf32> {
  %w = arith.constant dense<1> : tensor<4x4xi8>
  %q = quant.scast %w : tensor<4x4xi8> to tensor<4x4x!blocks>
  %d = quanta.dequantize %q : tensor<4x4x!blocks> to tensor<4x4xf32>
  %c = tensor.collapse_shape %d [[0, 1]] : tensor<4x4xf32> into tensor<16xf32>
  return %c : tensor<16xf32>
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>

// CHECK-LABEL: func @max_pool
// CHECK: %[[P:.*]] = quanta.pad %{{.*}} low [0, 0, 1, 1] high [0, 0, 1, 1] value 0
// CHECK: %[[M:.*]] = quanta.max_pool %[[P]] over [2, 3] window [3, 3] strides [2, 2] dilations [1, 1] : {{.*}} -> tensor<?x2x3x3x
// CHECK: %[[D:.*]] = quanta.dequantize %[[M]]
// CHECK: return %[[D]]
func.func @max_pool(%q: tensor<?x2x6x6x!u8>) -> tensor<?x2x3x3xf32> {
  %c0 = arith.constant 0 : index
  %low = arith.constant 0xFF800000 : f32
  %d = quanta.dequantize %q : tensor<?x2x6x6x!u8> to tensor<?x2x6x6xf32>
  %p = tensor.pad %d low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%a: index, %b: index, %i: index, %j: index):
    tensor.yield %low : f32
  } : tensor<?x2x6x6xf32> to tensor<?x2x8x8xf32>
  %n = tensor.dim %d, %c0 : tensor<?x2x6x6xf32>
  %e = tensor.empty(%n) : tensor<?x2x3x3xf32>
  %f = linalg.fill ins(%low : f32) outs(%e : tensor<?x2x3x3xf32>) -> tensor<?x2x3x3xf32>
  %w = tensor.empty() : tensor<3x3xf32>
  %m = linalg.pooling_nchw_max {dilations = dense<1> : vector<2xi64>, strides = dense<2> : vector<2xi64>}
      ins(%p, %w : tensor<?x2x8x8xf32>, tensor<3x3xf32>) outs(%f : tensor<?x2x3x3xf32>) -> tensor<?x2x3x3xf32>
  return %m : tensor<?x2x3x3xf32>
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>

// A window of padding alone is -inf, which no integer stands for.
// CHECK-LABEL: func @empty_window
// CHECK-NOT: quanta.max_pool
func.func @empty_window(%q: tensor<1x2x6x!u8>) -> tensor<1x2x10xf32> {
  %low = arith.constant 0xFF800000 : f32
  %d = quanta.dequantize %q : tensor<1x2x6x!u8> to tensor<1x2x6xf32>
  %p = tensor.pad %d low[0, 0, 5] high[0, 0, 0] {
  ^bb0(%a: index, %b: index, %i: index):
    tensor.yield %low : f32
  } : tensor<1x2x6xf32> to tensor<1x2x11xf32>
  %e = tensor.empty() : tensor<1x2x10xf32>
  %f = linalg.fill ins(%low : f32) outs(%e : tensor<1x2x10xf32>) -> tensor<1x2x10xf32>
  %w = tensor.empty() : tensor<2xf32>
  %m = linalg.pooling_ncw_max {dilations = dense<1> : vector<1xi64>, strides = dense<1> : vector<1xi64>}
      ins(%p, %w : tensor<1x2x11xf32>, tensor<2xf32>) outs(%f : tensor<1x2x10xf32>) -> tensor<1x2x10xf32>
  return %m : tensor<1x2x10xf32>
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>

// The loops of a window need not have the order of the image's dimensions.
// CHECK-LABEL: func @order
// CHECK: quanta.max_pool %{{.*}} over [1, 2] window [3, 2] strides [1, 2] dilations [1, 1]
func.func @order(%q: tensor<2x7x7x!u8>) -> tensor<2x5x3xf32> {
  %low = arith.constant 0xFF800000 : f32
  %d = quanta.dequantize %q : tensor<2x7x7x!u8> to tensor<2x7x7xf32>
  %e = tensor.empty() : tensor<2x5x3xf32>
  %f = linalg.fill ins(%low : f32) outs(%e : tensor<2x5x3xf32>) -> tensor<2x5x3xf32>
  %w = tensor.empty() : tensor<2x3xf32>
  %m = linalg.generic {
      indexing_maps = [affine_map<(a, b, c, i, j) -> (a, b + j, c * 2 + i)>, affine_map<(a, b, c, i, j) -> (i, j)>, affine_map<(a, b, c, i, j) -> (a, b, c)>],
      iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction"]}
      ins(%d, %w : tensor<2x7x7xf32>, tensor<2x3xf32>) outs(%f : tensor<2x5x3xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.maximumf %a, %o : f32
    linalg.yield %0 : f32
  } -> tensor<2x5x3xf32>
  return %m : tensor<2x5x3xf32>
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:3>
!channels = !quant.uniform<i8:f32:1, {0.5, 0.25}>

// Weights that are repeated for a batch are one factor of one product.
// CHECK-LABEL: func @batch
// CHECK: %[[W:.*]] = quanta.dequantize %{{.*}} : tensor<4x2x!
// CHECK: %[[X:.*]] = quanta.dequantize %{{.*}} : tensor<6x4x!
// CHECK: %[[P:.*]] = linalg.matmul ins(%[[X]], %[[W]] :
// CHECK: quanta.quantize %[[P]] : tensor<6x2xf32>
// CHECK: tensor.expand_shape %{{.*}} : tensor<6x2xi8> into tensor<2x3x2xi8>
func.func @batch(%x: tensor<2x3x4x!u8>, %w: tensor<4x2x!channels>) -> tensor<2x3x2x!u8> {
  %zero = arith.constant 0.0 : f32
  %0 = quanta.dequantize %x : tensor<2x3x4x!u8> to tensor<2x3x4xf32>
  %1 = quanta.dequantize %w : tensor<4x2x!channels> to tensor<4x2xf32>
  %e = tensor.empty() : tensor<2x4x2xf32>
  %2 = linalg.broadcast ins(%1 : tensor<4x2xf32>) outs(%e : tensor<2x4x2xf32>) dimensions = [0]
  %r = tensor.empty() : tensor<2x3x2xf32>
  %f = linalg.fill ins(%zero : f32) outs(%r : tensor<2x3x2xf32>) -> tensor<2x3x2xf32>
  %3 = linalg.batch_matmul ins(%0, %2 : tensor<2x3x4xf32>, tensor<2x4x2xf32>) outs(%f : tensor<2x3x2xf32>) -> tensor<2x3x2xf32>
  %4 = quanta.quantize %3 : tensor<2x3x2xf32> to tensor<2x3x2x!u8>
  return %4 : tensor<2x3x2x!u8>
}

// -----

!channels = !quant.uniform<i8:f32:1, {0.5, 0.25}>

// The weights of a transposed convolution: flipped, and their dimensions swapped.
// CHECK-LABEL: func @flipped
// CHECK: %[[W:.*]] = arith.constant dense<{{\[\[}}3, 1], [4, 2]]> : tensor<2x2xi8>
// CHECK: %[[Q:.*]] = quant.scast %[[W]] : tensor<2x2xi8> to tensor<2x2x!quant.uniform<i8:f32:0, {5.000000e-01,2.500000e-01}>>
// CHECK: %[[D:.*]] = quanta.dequantize %[[Q]]
// CHECK: return %[[D]]
func.func @flipped() -> tensor<2x2xf32> {
  %one = arith.constant 1 : index
  %w = arith.constant dense<[[1, 2], [3, 4]]> : tensor<2x2xi8>
  %q = quant.scast %w : tensor<2x2xi8> to tensor<2x2x!channels>
  %d = quanta.dequantize %q : tensor<2x2x!channels> to tensor<2x2xf32>
  %e = tensor.empty() : tensor<2x2xf32>
  %f = linalg.generic {indexing_maps = [affine_map<(a, b) -> (a, b)>], iterator_types = ["parallel", "parallel"]}
      outs(%e : tensor<2x2xf32>) {
  ^bb0(%o: f32):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %k = arith.subi %one, %j : index
    %x = tensor.extract %d[%k, %i] : tensor<2x2xf32>
    linalg.yield %x : f32
  } -> tensor<2x2xf32>
  return %f : tensor<2x2xf32>
}

// -----

!u8 = !quant.uniform<u8:f32, 0.5:200>

// CHECK-LABEL: func @spread
// CHECK: %[[Z:.*]] = arith.constant -56 : i8
// CHECK: %[[F:.*]] = linalg.fill ins(%[[Z]] : i8)
// CHECK: %[[I:.*]] = tensor.insert_slice %{{.*}} into %[[F]][1] [3] [2] : tensor<3xi8> into tensor<7xi8>
// CHECK: %[[Q:.*]] = quant.scast %[[I]]
// CHECK: quanta.dequantize %[[Q]]
func.func @spread(%q: tensor<3x!u8>) -> tensor<7xf32> {
  %zero = arith.constant 0.0 : f32
  %d = quanta.dequantize %q : tensor<3x!u8> to tensor<3xf32>
  %e = tensor.empty() : tensor<7xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<7xf32>) -> tensor<7xf32>
  %i = tensor.insert_slice %d into %f[1] [3] [2] : tensor<3xf32> into tensor<7xf32>
  return %i : tensor<7xf32>
}
