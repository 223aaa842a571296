// RUN: quant-opt %s --quanta-lower-pads | FileCheck %s
// RUN: %python %S/../Inputs/npy.py %t.x.npy "numpy.arange(30, dtype='f4').reshape(2, 3, 5)" %t.a.npy "numpy.array(2)" %t.b.npy "numpy.array(0)"
// RUN: quant-run %s --entry=static --input=%t.x.npy --output=%t.y.npy
// RUN: %python -c "import numpy; x = numpy.load(r'%t.x.npy'); numpy.testing.assert_array_equal(numpy.load(r'%t.y.npy'), numpy.pad(-x, ((0, 0), (1, 2), (3, 0)), constant_values=1.5))"
// RUN: quant-run %s --entry=open --input=%t.x.npy --input=%t.a.npy --input=%t.b.npy --output=%t.y.npy
// RUN: %python -c "import numpy; x = numpy.load(r'%t.x.npy'); numpy.testing.assert_array_equal(numpy.load(r'%t.y.npy'), numpy.pad(x, ((2, 0), (1, 2), (0, 2)), constant_values=1.5))"
// RUN: quant-run %s --entry=crop --input=%t.x.npy --output=%t.y.npy
// RUN: %python -c "import numpy; x = numpy.load(r'%t.x.npy'); numpy.testing.assert_array_equal(numpy.load(r'%t.y.npy'), numpy.pad(x[:, 1:2, :4], ((0, 0), (0, 0), (2, 0)), constant_values=1.5))"
// RUN: quant-run %s --entry=open_crop --input=%t.x.npy --output=%t.y.npy
// RUN: %python -c "import numpy; x = numpy.load(r'%t.x.npy'); numpy.testing.assert_array_equal(numpy.load(r'%t.y.npy'), numpy.pad(x[:1], ((2, 0), (0, 0), (0, 0)), constant_values=1.5))"
// RUN: %python %S/../Inputs/npy.py %t.none.npy "numpy.zeros((0, 3, 5), 'f4')"
// RUN: not quant-run %s --entry=open_crop --input=%t.none.npy 2>&1 | FileCheck %s --check-prefix=CROP
// CROP: error: the program stopped: {{.*}}dimension 0 of operand 0 of 'tensor.pad'{{.*}} has a size that does not fit
// RUN: quant-run %s --entry=known --input=%t.x.npy --input=%t.a.npy --output=%t.y.npy
// RUN: %python -c "import numpy; x = numpy.load(r'%t.x.npy'); numpy.testing.assert_array_equal(numpy.load(r'%t.y.npy'), numpy.pad(x, ((2, 0), (0, 0), (0, 0)), constant_values=1.5))"
// RUN: not quant-run %s --entry=known --input=%t.x.npy --input=%t.b.npy 2>&1 | FileCheck %s --check-prefix=KNOWN
// KNOWN: error: the program stopped: {{.*}}dimension 0 of the result of 'tensor.pad'{{.*}} has a size that does not fit
// RUN: quant-run %s --entry=position --input=%t.x.npy --output=%t.y.npy
// RUN: %python -c "import numpy; y = numpy.load(r'%t.y.npy'); assert y.shape == (2, 3, 6) and (y[..., 5] == 5).all()"

// The frame by parts, of which none overlap; the producer of the source writes inside.
// CHECK-LABEL: func.func @static(
// CHECK: %[[X:.*]] = linalg.negf
// CHECK: %[[E:.*]] = tensor.empty() : tensor<2x6x8xf32>
// CHECK: %[[S0:.*]] = tensor.extract_slice %[[E]][0, 0, 0] [2, 1, 8] [1, 1, 1]
// CHECK: %[[F0:.*]] = linalg.fill ins(%{{.*}} : f32) outs(%[[S0]] : tensor<2x1x8xf32>)
// CHECK: %[[I0:.*]] = tensor.insert_slice %[[F0]] into %[[E]][0, 0, 0] [2, 1, 8] [1, 1, 1]
// CHECK: %[[S1:.*]] = tensor.extract_slice %[[I0]][0, 4, 0] [2, 2, 8] [1, 1, 1]
// CHECK: linalg.fill
// CHECK: %[[I1:.*]] = tensor.insert_slice %{{.*}} into %[[I0]][0, 4, 0] [2, 2, 8] [1, 1, 1]
// CHECK: %[[S2:.*]] = tensor.extract_slice %[[I1]][0, 1, 0] [2, 3, 3] [1, 1, 1]
// CHECK: linalg.fill
// CHECK: %[[I2:.*]] = tensor.insert_slice %{{.*}} into %[[I1]][0, 1, 0] [2, 3, 3] [1, 1, 1]
// CHECK: %[[Y:.*]] = tensor.insert_slice %[[X]] into %[[I2]][0, 1, 3] [2, 3, 5] [1, 1, 1]
// CHECK: return %[[Y]]
func.func @static(%x: tensor<2x3x5xf32>) -> tensor<2x6x8xf32> {
  %c = arith.constant 1.5 : f32
  %e = tensor.empty() : tensor<2x3x5xf32>
  %n = linalg.negf ins(%x : tensor<2x3x5xf32>) outs(%e : tensor<2x3x5xf32>) -> tensor<2x3x5xf32>
  %0 = tensor.pad %n low[0, 1, 3] high[0, 2, 0] {
  ^bb0(%i: index, %j: index, %k: index):
    tensor.yield %c : f32
  } : tensor<2x3x5xf32> to tensor<2x6x8xf32>
  return %0 : tensor<2x6x8xf32>
}

// CHECK-LABEL: func.func @open(
// CHECK-NOT: tensor.pad
// CHECK: tensor.empty(%{{.*}}, %{{.*}}) : tensor<?x6x?xf32>
// CHECK-COUNT-6: linalg.fill
// CHECK: tensor.insert_slice %{{.*}} into %{{.*}}[%{{.*}}, 1, %{{.*}}] [%{{.*}}, 3, 5] [1, 1, 1]
func.func @open(%x: tensor<?x3x5xf32>, %a: tensor<i64>, %b: tensor<i64>) -> tensor<?x6x?xf32> {
  %c = arith.constant 1.5 : f32
  %0 = tensor.extract %a[] : tensor<i64>
  %1 = tensor.extract %b[] : tensor<i64>
  %m = arith.index_cast %0 : i64 to index
  %n = arith.index_cast %1 : i64 to index
  %2 = tensor.pad %x low[%m, 1, %n] high[%n, 2, %m] {
  ^bb0(%i: index, %j: index, %k: index):
    tensor.yield %c : f32
  } : tensor<?x3x5xf32> to tensor<?x6x?xf32>
  return %2 : tensor<?x6x?xf32>
}

// What depends on the place is computed there.
// CHECK-LABEL: func.func @position(
// CHECK: tensor.pad
func.func @position(%x: tensor<2x3x5xf32>) -> tensor<2x3x6xf32> {
  %0 = tensor.pad %x low[0, 0, 0] high[0, 0, 1] {
  ^bb0(%i: index, %j: index, %k: index):
    %1 = arith.index_cast %k : index to i32
    %2 = arith.sitofp %1 : i32 to f32
    tensor.yield %2 : f32
  } : tensor<2x3x5xf32> to tensor<2x3x6xf32>
  return %0 : tensor<2x3x6xf32>
}

// Negative widths take away, the number inside the region is used outside of it.
// CHECK-LABEL: func.func @crop(
// CHECK: tensor.extract_slice %{{.*}}[0, 1, 0] [2, 1, 4] [1, 1, 1] : tensor<2x3x5xf32> to tensor<2x1x4xf32>
// CHECK: linalg.fill
// CHECK: tensor.insert_slice %{{.*}} into %{{.*}}[0, 0, 2] [2, 1, 4] [1, 1, 1] : tensor<2x1x4xf32> into tensor<2x1x6xf32>
func.func @crop(%x: tensor<2x3x5xf32>) -> tensor<2x1x6xf32> {
  %0 = tensor.pad %x low[0, -1, 2] high[0, -1, -1] {
  ^bb0(%i: index, %j: index, %k: index):
    %c = arith.constant 1.5 : f32
    tensor.yield %c : f32
  } : tensor<2x3x5xf32> to tensor<2x1x6xf32>
  return %0 : tensor<2x1x6xf32>
}

func.func @open_crop(%x: tensor<?x3x5xf32>) -> tensor<?x3x5xf32> {
  %c = arith.constant 1.5 : f32
  %0 = tensor.pad %x low[2, 0, 0] high[-1, 0, 0] {
  ^bb0(%i: index, %j: index, %k: index):
    tensor.yield %c : f32
  } : tensor<?x3x5xf32> to tensor<?x3x5xf32>
  return %0 : tensor<?x3x5xf32>
}

func.func @known(%x: tensor<2x3x5xf32>, %a: tensor<i64>) -> tensor<4x3x5xf32> {
  %c = arith.constant 1.5 : f32
  %0 = tensor.extract %a[] : tensor<i64>
  %m = arith.index_cast %0 : i64 to index
  %1 = tensor.pad %x low[%m, 0, 0] high[0, 0, 0] {
  ^bb0(%i: index, %j: index, %k: index):
    tensor.yield %c : f32
  } : tensor<2x3x5xf32> to tensor<4x3x5xf32>
  return %1 : tensor<4x3x5xf32>
}
