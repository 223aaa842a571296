// RUN: quant-opt %s --convert-quanta-to-quant -o %t.mlir
// RUN: FileCheck %s < %t.mlir
// There and back again: the same bits.
// RUN: quant-opt %t.mlir --convert-quant-to-quanta -o %t.back.mlir
// RUN: %python %S/../Inputs/npy.py %t.x.npy "numpy.array([[-9.5, 0.37], [1.25, 127]], 'float32')"
// RUN: quant-run %s --input=%t.x.npy --output=%t.y.npy
// RUN: quant-run %t.back.mlir --input=%t.x.npy --output=%t.z.npy
// RUN: cmp %t.y.npy %t.z.npy

!u8 = !quant.uniform<u8:f32, 0.5:3>
!channels = !quant.uniform<i8<-127:127>:f32:1, {0.5, 0.25}>

// What upstream has no operation for stays.
// CHECK-LABEL: func @casts
// CHECK: %[[Q:.*]] = quant.qcast %{{.*}} : tensor<?x2xf32> to tensor<?x2x!quant.uniform<u8:f32, 5.000000e-01:3>>
// CHECK: %[[R:.*]] = quanta.requantize %[[Q]]
// CHECK: quant.dcast %[[R]] : tensor<?x2x!quant.uniform<i8<-127:127>:f32:1, {5.000000e-01,2.500000e-01}>> to tensor<?x2xf32>
func.func @casts(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %q = quanta.quantize %x : tensor<?x2xf32> to tensor<?x2x!u8>
  %r = quanta.requantize %q : tensor<?x2x!u8> to tensor<?x2x!channels>
  %d = quanta.dequantize %r : tensor<?x2x!channels> to tensor<?x2xf32>
  return %d : tensor<?x2xf32>
}
