// RUN: quant-opt %s --quanta-check-sizes --canonicalize | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d1)>

// What follows from one tensor fits; static sizes are the verifier's.
// CHECK-LABEL: func.func @fits(
// CHECK-NOT: cf.assert
// CHECK: return
func.func @fits(%x: tensor<?x8xf32>, %w: tensor<8x4xf32>, %b: tensor<4xf32>) -> tensor<?x2x2xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x8xf32>
  %e = tensor.empty(%n) : tensor<?x4xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x4xf32>) -> tensor<?x4xf32>
  %0 = linalg.matmul ins(%x, %w : tensor<?x8xf32>, tensor<8x4xf32>) outs(%f : tensor<?x4xf32>) -> tensor<?x4xf32>
  %1 = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%0, %b : tensor<?x4xf32>, tensor<4xf32>) outs(%e : tensor<?x4xf32>) {
  ^bb0(%a: f32, %c: f32, %o: f32):
    %s = arith.addf %a, %c : f32
    linalg.yield %s : f32
  } -> tensor<?x4xf32>
  %m = tensor.dim %1, %c0 : tensor<?x4xf32>
  %2 = tensor.expand_shape %1 [[0], [1, 2]] output_shape [%m, 2, 2] : tensor<?x4xf32> into tensor<?x2x2xf32>
  return %2 : tensor<?x2x2xf32>
}

// CHECK-LABEL: func.func @arguments(
// CHECK-SAME: %[[X:.*]]: tensor<?x?xf32>, %[[W:.*]]: tensor<8x4xf32>, %[[O:.*]]: tensor<?x4xf32>)
// CHECK-DAG: %[[N:.*]] = tensor.dim %[[X]], %c0
// CHECK-DAG: %[[K:.*]] = tensor.dim %[[X]], %c1
// CHECK-DAG: %[[M:.*]] = tensor.dim %[[O]], %c0
// CHECK-DAG: %[[INNER:.*]] = arith.cmpi eq, %[[K]], %c8
// CHECK-DAG: %[[OUTER:.*]] = arith.cmpi eq, %[[N]], %[[M]]
// CHECK-DAG: cf.assert %[[INNER]], "dimension 0 of operand 1 of 'linalg.matmul' {{.*}}has a size that does not fit"
// CHECK-DAG: cf.assert %[[OUTER]], "dimension 0 of operand 2 of 'linalg.matmul' {{.*}}has a size that does not fit"
// CHECK: linalg.matmul
func.func @arguments(%x: tensor<?x?xf32>, %w: tensor<8x4xf32>, %o: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %0 = linalg.matmul ins(%x, %w : tensor<?x?xf32>, tensor<8x4xf32>) outs(%o : tensor<?x4xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// The last window has to end inside of the input: 2 * (size - 1) + 2 is there.
// CHECK-LABEL: func.func @window(
// CHECK: %[[LAST:.*]] = affine.apply #{{.*}}()[%{{.*}}]
// CHECK: arith.cmpi slt, %[[LAST]], %{{.*}}
// CHECK: cf.assert
// CHECK: linalg.conv_1d_nwc_wcf
func.func @window(%x: tensor<1x?x8xf32>, %w: tensor<3x8x4xf32>, %o: tensor<1x?x4xf32>) -> tensor<1x?x4xf32> {
  %0 = linalg.conv_1d_nwc_wcf {dilations = dense<1> : tensor<1xi64>, strides = dense<2> : tensor<1xi64>}
      ins(%x, %w : tensor<1x?x8xf32>, tensor<3x8x4xf32>) outs(%o : tensor<1x?x4xf32>) -> tensor<1x?x4xf32>
  return %0 : tensor<1x?x4xf32>
}

// CHECK-LABEL: func.func @shapes(
// CHECK: cf.assert %{{.*}}, "dimension 0 of operand 0 of 'tensor.cast'
// CHECK: cf.assert %{{.*}}, "dimension 0 of operand 0 of 'tensor.expand_shape'
// CHECK: arith.cmpi sge, %{{.*}}, %c0
// CHECK: cf.assert %{{.*}}, "dimension 0 of 'tensor.extract_slice'
// CHECK: arith.cmpi sle
// CHECK: cf.assert %{{.*}}, "dimension 0 of 'tensor.extract_slice'
// CHECK: arith.cmpi slt
// CHECK: cf.assert %{{.*}}, "dimension 0 of 'tensor.extract_slice'
func.func @shapes(%x: tensor<?xf32>, %n: index) -> (tensor<4xf32>, tensor<?x4xf32>, tensor<2xf32>) {
  %0 = tensor.cast %x : tensor<?xf32> to tensor<4xf32>
  %1 = tensor.expand_shape %x [[0, 1]] output_shape [%n, 4] : tensor<?xf32> into tensor<?x4xf32>
  %2 = tensor.extract_slice %x[%n] [2] [1] : tensor<?xf32> to tensor<2xf32>
  return %0, %1, %2 : tensor<4xf32>, tensor<?x4xf32>, tensor<2xf32>
}

// What is joined or inserted has the sizes of what is beside it.
// CHECK-LABEL: func.func @joined(
// CHECK-DAG: cf.assert %{{.*}}, "dimension 0 of operand 1 of 'tensor.concat'
// CHECK-DAG: cf.assert %{{.*}}, "dimension 0 of operand 0 of 'tensor.insert_slice'
// CHECK: tensor.concat
// CHECK: tensor.insert_slice
func.func @joined(%x: tensor<?x3xf32>, %y: tensor<?x4xf32>) -> (tensor<?x7xf32>, tensor<5x4xf32>) {
  %0 = tensor.concat dim(1) %x, %y : (tensor<?x3xf32>, tensor<?x4xf32>) -> tensor<?x7xf32>
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x3xf32>
  %e = tensor.empty() : tensor<5x4xf32>
  %1 = tensor.insert_slice %y into %e[0, 0] [%n, 4] [1, 1] : tensor<?x4xf32> into tensor<5x4xf32>
  return %0, %1 : tensor<?x7xf32>, tensor<5x4xf32>
}

// All of a tensor needs no check.
// CHECK-LABEL: func.func @whole(
// CHECK-NOT: cf.assert
func.func @whole(%x: tensor<?x8xf32>) -> tensor<?x2xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x8xf32>
  %0 = tensor.extract_slice %x[0, 3] [%n, 2] [1, 2] : tensor<?x8xf32> to tensor<?x2xf32>
  return %0 : tensor<?x2xf32>
}

// Sizes that are data: no tensor of these, and no product of theirs, is larger
// than memory. One size of a tensor that is there needs no check.
// CHECK-LABEL: func.func @data(
// CHECK-SAME: %[[X:.*]]: tensor<?x8xf32>, %[[N:.*]]: index, %{{.*}})
// CHECK-NOT: cf.assert
// CHECK: tensor.empty(%{{.*}}) : tensor<?x4xf32>
// CHECK: %[[LENGTH:.*]] = arith.cmpi ult, %[[N]], %c8796093022208
// CHECK: cf.assert %[[LENGTH]], "dimension 0 of 'tensor.empty' {{.*}}has a size that does not fit"
// CHECK: arith.mulf
// CHECK: cf.assert %{{.*}}, "the result of 'tensor.empty' {{.*}}has a size that does not fit"
// CHECK: tensor.empty(%[[N]]
// CHECK: arith.cmpi ult, %[[N]], %c8796093022208
// CHECK: cf.assert %{{.*}}, "the high padding of 'tensor.pad'
// CHECK: cf.assert %{{.*}}, "the result of 'tensor.pad'
// CHECK: tensor.pad
// CHECK: tensor.extract
// CHECK: cf.assert %{{.*}}, "operand 1 of 'tensor.reshape'
// CHECK: tensor.reshape
func.func @data(%x: tensor<?x8xf32>, %n: index, %shape: tensor<1xindex>) -> (tensor<?x4xf32>, tensor<?x?xf32>, tensor<?x8xf32>, tensor<?xf32>) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %m = tensor.dim %x, %c0 : tensor<?x8xf32>
  %0 = tensor.empty(%m) : tensor<?x4xf32>
  %1 = tensor.empty(%n, %m) : tensor<?x?xf32>
  %2 = tensor.pad %x low[0, 0] high[%n, 0] {
  ^bb0(%i: index, %j: index):
    tensor.yield %zero : f32
  } : tensor<?x8xf32> to tensor<?x8xf32>
  %3 = tensor.reshape %x(%shape) : (tensor<?x8xf32>, tensor<1xindex>) -> tensor<?xf32>
  return %0, %1, %2, %3 : tensor<?x4xf32>, tensor<?x?xf32>, tensor<?x8xf32>, tensor<?xf32>
}

#reversed = affine_map<(d0) -> (5 - d0)>
#vector = affine_map<(d0) -> (d0)>

// An index that falls reaches its least at the end.
// CHECK-LABEL: func.func @reversed(
// CHECK-SAME: %[[X:.*]]: tensor<?xf32>, %[[Y:.*]]: tensor<?xf32>
// CHECK: %[[N:.*]] = tensor.dim %[[Y]]
// CHECK: %[[LEAST:.*]] = affine.apply #{{.*}}()[%[[N]]]
// CHECK: %[[EXISTS:.*]] = arith.cmpi sge, %[[LEAST]], %c0
// CHECK: cf.assert %[[EXISTS]]
// CHECK: arith.cmpi sgt, %{{.*}}, %c5
// CHECK: cf.assert
func.func @reversed(%x: tensor<?xf32>, %y: tensor<?xf32>) -> tensor<?xf32> {
  %0 = linalg.generic {indexing_maps = [#reversed, #vector], iterator_types = ["parallel"]}
      ins(%x : tensor<?xf32>) outs(%y : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  } -> tensor<?xf32>
  return %0 : tensor<?xf32>
}
