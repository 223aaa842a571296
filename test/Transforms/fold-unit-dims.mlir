// RUN: quant-opt %s --quanta-fold-unit-dims | FileCheck %s

#row = affine_map<(b, m, n) -> (b, m, n)>
#kept = affine_map<(b, m, n) -> (b, m, 0)>

// CHECK-LABEL: func.func @mean
// CHECK: %[[X:.*]] = tensor.collapse_shape %{{.*}} : tensor<1x8x64xf32> into tensor<8x64xf32>
// CHECK: %[[S:.*]] = linalg.generic {{.*}} iterator_types = ["parallel", "reduction"]} ins(%[[X]] : tensor<8x64xf32>) outs(%{{.*}} : tensor<8xf32>)
// CHECK: %[[Z:.*]] = tensor.collapse_shape %{{.*}} : tensor<1x8x64xf32> into tensor<8x64xf32>
// CHECK: %[[Y:.*]] = linalg.generic {{.*}} ins(%[[Z]], %[[S]] : tensor<8x64xf32>, tensor<8xf32>) outs(%{{.*}} : tensor<8x64xf32>)
// CHECK: tensor.expand_shape %[[Y]] {{.*}} into tensor<1x8x64xf32>
func.func @mean(%x: tensor<1x8x64xf32>) -> tensor<1x8x64xf32> {
  %zero = arith.constant 0.0 : f32
  %rows = tensor.empty() : tensor<1x8x1xf32>
  %all = tensor.empty() : tensor<1x8x64xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%rows : tensor<1x8x1xf32>) -> tensor<1x8x1xf32>
  %sum = linalg.generic {indexing_maps = [#row, #kept], iterator_types = ["parallel", "parallel", "reduction"]} ins(%x : tensor<1x8x64xf32>) outs(%zeros : tensor<1x8x1xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %a, %o : f32
    linalg.yield %s : f32
  } -> tensor<1x8x1xf32>
  %y = linalg.generic {indexing_maps = [#row, #kept, #row], iterator_types = ["parallel", "parallel", "parallel"]} ins(%x, %sum : tensor<1x8x64xf32>, tensor<1x8x1xf32>) outs(%all : tensor<1x8x64xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %d = arith.subf %a, %b : f32
    linalg.yield %d : f32
  } -> tensor<1x8x64xf32>
  return %y : tensor<1x8x64xf32>
}

// The tail of a convolution keeps its shape, with a reduction behind it too; so
// does what has no reduction.
// CHECK-LABEL: func.func @others
// CHECK-COUNT-2: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "parallel", 
// CHECK: tensor.collapse_shape %{{.*}} : tensor<1x6x6xf32> into tensor<1x36xf32>
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<1x8x64xf32>)
// CHECK-NEXT: ^bb0
// CHECK-NOT: shape
// CHECK: return
func.func @others(%x: tensor<1x8x8x3xf32>, %w: tensor<3x3x3x64xf32>, %e: tensor<1x8x64xf32>) -> (tensor<1x36xf32>, tensor<1x8x64xf32>) {
  %zero = arith.constant 0.0 : f32
  %sums = tensor.empty() : tensor<1x6x6x64xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%sums : tensor<1x6x6x64xf32>) -> tensor<1x6x6x64xf32>
  %c = linalg.conv_2d_nhwc_hwcf ins(%x, %w : tensor<1x8x8x3xf32>, tensor<3x3x3x64xf32>) outs(%zeros : tensor<1x6x6x64xf32>) -> tensor<1x6x6x64xf32>
  %relu = linalg.generic {indexing_maps = [affine_map<(b, h, w, c) -> (b, h, w, c)>, affine_map<(b, h, w, c) -> (b, h, w, c)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%c : tensor<1x6x6x64xf32>) outs(%sums : tensor<1x6x6x64xf32>) {
  ^bb0(%a: f32, %o: f32):
    %m = arith.maximumf %a, %zero : f32
    linalg.yield %m : f32
  } -> tensor<1x6x6x64xf32>
  %few = tensor.empty() : tensor<1x6x6xf32>
  %none = linalg.fill ins(%zero : f32) outs(%few : tensor<1x6x6xf32>) -> tensor<1x6x6xf32>
  %sum = linalg.generic {indexing_maps = [affine_map<(b, h, w, c) -> (b, h, w, c)>, affine_map<(b, h, w, c) -> (b, h, w)>], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%relu : tensor<1x6x6x64xf32>) outs(%none : tensor<1x6x6xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %a, %o : f32
    linalg.yield %s : f32
  } -> tensor<1x6x6xf32>
  %flat = tensor.collapse_shape %sum [[0], [1, 2]] : tensor<1x6x6xf32> into tensor<1x36xf32>
  %y = linalg.generic {indexing_maps = [#row, #row], iterator_types = ["parallel", "parallel", "parallel"]} ins(%e : tensor<1x8x64xf32>) outs(%e : tensor<1x8x64xf32>) {
  ^bb0(%a: f32, %o: f32):
    %d = arith.addf %a, %a : f32
    linalg.yield %d : f32
  } -> tensor<1x8x64xf32>
  return %flat, %y : tensor<1x36xf32>, tensor<1x8x64xf32>
}
