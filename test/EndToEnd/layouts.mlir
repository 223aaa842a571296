// Convolutions in layouts that few networks have are in int8 like all others.
//
// RUN: rm -rf %t && mkdir %t
// RUN: %python %S/../Inputs/npy.py %t/multiplied.npy "numpy.random.default_rng(0).standard_normal((2, 5, 5, 2)).astype('f4')" \
// RUN:   %t/volume.npy "numpy.random.default_rng(1).standard_normal((5, 6, 7)).astype('f4')" \
// RUN:   %t/groups.npy "numpy.random.default_rng(2).standard_normal((1, 4, 4, 2, 3)).astype('f4')"
// RUN: quant-opt %s --quanta-insert-observers -o %t/observed.mlir
// DEFINE: %{entry} = multiplied
// DEFINE: %{observe} = quant-run %t/observed.mlir --entry=%{entry} --input=%t/%{entry}.npy --statistics=%t/%{entry}.json
// DEFINE: %{check} = quant-run %s --entry=%{entry} --input=%t/%{entry}.npy --check-stages --statistics=%t/all.json
// RUN: %{observe}
// REDEFINE: %{entry} = volume
// RUN: %{observe}
// REDEFINE: %{entry} = groups
// RUN: %{observe}
// RUN: quanta-merge-statistics %t/multiplied.json %t/volume.json %t/groups.json -o %t/all.json
// RUN: quant-opt %s --quanta-ptq="statistics=%t/all.json strict=true report=%t/report.json" -o /dev/null
// RUN: FileCheck %s < %t/report.json
// CHECK: "int8_mac_share": 1,
// RUN: %{check}
// REDEFINE: %{entry} = volume
// RUN: %{check}
// REDEFINE: %{entry} = multiplied
// RUN: %{check}

func.func @multiplied(%x: tensor<2x5x5x2xf32>) -> tensor<2x4x4x2x3xf32> {
  %w = arith.constant dense<[[[[0.5, -0.25, 1.0], [0.75, -0.3, 0.2]], [[0.1, 0.9, -1.0], [0.3, -0.6, 0.4]]], [[[0.2, 0.3, -0.4], [0.8, -0.1, 0.6]], [[-0.9, 0.5, 0.7], [1.0, 0.2, -0.2]]]]> : tensor<2x2x2x3xf32>
  %zero = arith.constant dense<0.0> : tensor<2x4x4x2x3xf32>
  %y = linalg.depthwise_conv_2d_nhwc_hwcm {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>} ins(%x, %w : tensor<2x5x5x2xf32>, tensor<2x2x2x3xf32>) outs(%zero : tensor<2x4x4x2x3xf32>) -> tensor<2x4x4x2x3xf32>
  return %y : tensor<2x4x4x2x3xf32>
}

func.func @volume(%x: tensor<5x6x7xf32>) -> tensor<4x5x6xf32> {
  %w = arith.constant dense<[[[0.5, -0.25], [1.0, 0.75]], [[-0.3, 0.2], [0.1, 0.9]]]> : tensor<2x2x2xf32>
  %zero = arith.constant dense<0.0> : tensor<4x5x6xf32>
  %y = linalg.conv_3d ins(%x, %w : tensor<5x6x7xf32>, tensor<2x2x2xf32>) outs(%zero : tensor<4x5x6xf32>) -> tensor<4x5x6xf32>
  return %y : tensor<4x5x6xf32>
}

func.func @groups(%x: tensor<1x4x4x2x3xf32>) -> tensor<1x3x4x2x2xf32> {
  %w = arith.constant dense<[[[[[0.5, -0.25, 1.0]], [[0.75, -0.3, 0.2]]], [[[0.1, 0.9, -1.0]], [[0.3, -0.6, 0.4]]]], [[[[0.2, 0.3, -0.4]], [[0.8, -0.1, 0.6]]], [[[-0.9, 0.5, 0.7]], [[1.0, 0.2, -0.2]]]]]> : tensor<2x2x2x1x3xf32>
  %zero = arith.constant dense<0.0> : tensor<1x3x4x2x2xf32>
  %y = linalg.conv_2d_nhwgc_gfhwc {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>} ins(%x, %w : tensor<1x4x4x2x3xf32>, tensor<2x2x2x1x3xf32>) outs(%zero : tensor<1x3x4x2x2xf32>) -> tensor<1x3x4x2x2xf32>
  return %y : tensor<1x3x4x2x2xf32>
}
