// RUN: quant-opt %s --convert-quant-to-quanta -o %t.quanta.mlir
// RUN: FileCheck %s --check-prefix=QUANTA < %t.quanta.mlir
// RUN: quant-opt %t.quanta.mlir --convert-quanta-to-quant | FileCheck %s --check-prefix=QUANT
// There and back again: the same text.
// RUN: quant-opt %t.quanta.mlir --convert-quanta-to-quant --convert-quant-to-quanta | diff %t.quanta.mlir -
// Programs and pipelines take either form.
// RUN: %python -c "import numpy as np; np.save('%t.x.npy', np.array([[-9.5, 0.37], [1.25, 127]], np.float32))"
// RUN: quant-run %s --input=%t.x.npy --output=%t.y.npy
// RUN: quant-opt %s --quanta-ptq -o %t.integer.mlir
// RUN: quant-run %t.integer.mlir --input=%t.x.npy --output=%t.z.npy
// RUN: %python -c "import numpy as np; y = np.load('%t.y.npy'); assert y.tolist() == [[-3, 2], [2, 127]], y; assert (np.load('%t.z.npy') == y).all()"

!u8 = !quant.uniform<u8:f32, 0.5:3>
!channels = !quant.uniform<i8<-127:127>:f32:1, {0.5, 0.25}>

// QUANTA-LABEL: func @casts
// QUANTA: %[[Q:.*]] = quanta.quantize %{{.*}} : tensor<?x2xf32> to tensor<?x2x!quant.uniform<u8:f32, 5.000000e-01:3>>
// QUANTA: %[[D:.*]] = quanta.dequantize %[[Q]] : tensor<?x2x!quant.uniform<u8:f32, 5.000000e-01:3>> to tensor<?x2xf32>
// QUANTA: %[[C:.*]] = quanta.quantize %[[D]] : tensor<?x2xf32> to tensor<?x2x!quant.uniform<i8<-127:127>:f32:1, {5.000000e-01,2.500000e-01}>>
// QUANTA: quant.scast %[[C]]
// QUANT-LABEL: func @casts
// QUANT: %[[Q:.*]] = quant.qcast %{{.*}} : tensor<?x2xf32> to tensor<?x2x!quant.uniform<u8:f32, 5.000000e-01:3>>
// QUANT: %[[D:.*]] = quant.dcast %[[Q]] : tensor<?x2x!quant.uniform<u8:f32, 5.000000e-01:3>> to tensor<?x2xf32>
// QUANT: %[[C:.*]] = quant.qcast %[[D]]
// QUANT: quant.scast %[[C]]
func.func @casts(%x: tensor<?x2xf32>) -> tensor<?x2xi8> {
  %q = quant.qcast %x : tensor<?x2xf32> to tensor<?x2x!u8>
  %d = quant.dcast %q : tensor<?x2x!u8> to tensor<?x2xf32>
  %c = quant.qcast %d : tensor<?x2xf32> to tensor<?x2x!channels>
  %s = quant.scast %c : tensor<?x2x!channels> to tensor<?x2xi8>
  return %s : tensor<?x2xi8>
}
