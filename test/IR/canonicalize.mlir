// RUN: quant-opt %s --canonicalize | FileCheck %s

!u8 = !quant.uniform<u8:f32, 0.5:3>
!i4 = !quant.uniform<i4:f32:1, {0.5, 0.25}>
!narrow = !quant.uniform<i8<-127:127>:f32, 0.5>
!huge = !quant.uniform<u8:f32, 3.0e36>

// What f32 holds comes back from it.
// CHECK-LABEL: func.func @round_trip(
// CHECK-SAME: %[[X:.*]]: tensor<4x2x{{.*}}>, %[[Y:.*]]: tensor<4x2x{{.*}}>)
// CHECK-NEXT: return %[[X]], %[[Y]]
func.func @round_trip(%x: tensor<4x2x!u8>, %y: tensor<4x2x!i4>) -> (tensor<4x2x!u8>, tensor<4x2x!i4>) {
  %0 = quanta.dequantize %x : tensor<4x2x!u8> to tensor<4x2xf32>
  %1 = quanta.quantize %0 : tensor<4x2xf32> to tensor<4x2x!u8>
  %2 = quanta.dequantize %y : tensor<4x2x!i4> to tensor<4x2xf32>
  %3 = quanta.quantize %2 : tensor<4x2xf32> to tensor<4x2x!i4>
  return %1, %3 : tensor<4x2x!u8>, tensor<4x2x!i4>
}

// -128 of a narrow range would become -127, and 255 steps overflow; a name is
// what a statistics file or a report knows a place by.
// CHECK-LABEL: func.func @kept(
// CHECK-COUNT-4: quanta.quantize
func.func @kept(%x: tensor<4x!narrow>, %y: tensor<4x!huge>, %z: tensor<4x!u8>) -> (tensor<4x!narrow>, tensor<4x!huge>, tensor<4x!u8>, tensor<4x!huge>) {
  %0 = quanta.dequantize %x : tensor<4x!narrow> to tensor<4xf32>
  %1 = quanta.quantize %0 : tensor<4xf32> to tensor<4x!narrow>
  %2 = quanta.dequantize %y : tensor<4x!huge> to tensor<4xf32>
  %3 = quanta.quantize %2 : tensor<4xf32> to tensor<4x!huge>
  %4 = quanta.dequantize %z : tensor<4x!u8> to tensor<4xf32>
  %5 = quanta.quantize %4 {name = "z"} : tensor<4xf32> to tensor<4x!u8>
  %6 = quanta.quantize %4 : tensor<4xf32> to tensor<4x!huge>
  return %1, %3, %5, %6 : tensor<4x!narrow>, tensor<4x!huge>, tensor<4x!u8>, tensor<4x!huge>
}

// CHECK-LABEL: func.func @requantize(
// CHECK-SAME: %[[X:.*]]: tensor<4x!quant{{.*}}>, %[[Y:.*]]: tensor<4x!quant{{.*}}>)
// CHECK-NEXT: %[[CLAMPED:.*]] = quanta.requantize %[[X]] clamp [3, 255]
// CHECK-NEXT: %[[NARROW:.*]] = quanta.requantize %[[Y]]
// CHECK-NEXT: return %[[X]], %[[CLAMPED]], %[[NARROW]]
func.func @requantize(%x: tensor<4x!u8>, %y: tensor<4x!narrow>) -> (tensor<4x!u8>, tensor<4x!u8>, tensor<4x!narrow>) {
  %0 = quanta.requantize %x : tensor<4x!u8> to tensor<4x!u8>
  %1 = quanta.requantize %x clamp [3, 255] : tensor<4x!u8> to tensor<4x!u8>
  %2 = quanta.requantize %y : tensor<4x!narrow> to tensor<4x!narrow>
  return %0, %1, %2 : tensor<4x!u8>, tensor<4x!u8>, tensor<4x!narrow>
}
