// RUN: quant-opt %s --quanta-merge-lookups --split-input-file | FileCheck %s

!x = !quant.uniform<i2:f32, 1.0>
!s = !quant.uniform<u8:f32, 0.5>
!y = !quant.uniform<u8:f32, 0.25:3>

// x * f(x): stored 0, 1, -2, -1 are the values 0, 1, -2, -1, their tables 0.5, 1,
// 0, 2, and the products 0, 1, 0, -2, at scale 0.25 from 3 on.
// CHECK-LABEL: func @product
// CHECK-SAME: (%[[X:.*]]: tensor<4x
// CHECK: %[[R:.*]] = quanta.lookup %[[X]] table dense<[3, 7, 3, 0]> : tensor<4xi8> {name = "y"}
// CHECK-NOT: quanta.
// CHECK: return %[[R]]
func.func @product(%x: tensor<4x!x>) -> tensor<4x!y> {
  %0 = quanta.lookup %x table dense<[1, 2, 0, 4]> : tensor<4xi8> : tensor<4x!x> to tensor<4x!s>
  %1 = quanta.mul %x, %0 {name = "y"} : tensor<4x!x>, tensor<4x!s> -> tensor<4x!y>
  return %1 : tensor<4x!y>
}

// -----

!x = !quant.uniform<i2:f32, 1.0>
!s = !quant.uniform<u8:f32, 0.5>
!y = !quant.uniform<u8:f32, 0.25:3>

// Constants of one value, a difference with a clamp, and a requantization: from
// 0, 1, -2, -1 to 3 - x = 3, 2, 5, 4, stored 6, 4, 9 (clamped), 8; then at
// scale 0.25 from 3 on.
// CHECK-LABEL: func @constants
// CHECK: %[[R:.*]] = quanta.lookup %{{.*}} table dense<[15, 11, 21, 19]> : tensor<4xi8>
// CHECK-NOT: quanta.
// CHECK: return %[[R]]
func.func @constants(%x: tensor<?x4x!x>) -> tensor<?x4x!y> {
  %c = arith.constant dense<6> : tensor<1x1xi8>
  %q = quant.scast %c : tensor<1x1xi8> to tensor<1x1x!s>
  %0 = quanta.sub %q, %x clamp [2, 9] : tensor<1x1x!s>, tensor<?x4x!x> -> tensor<?x4x!s>
  %1 = quanta.requantize %0 : tensor<?x4x!s> to tensor<?x4x!y>
  return %1 : tensor<?x4x!y>
}

// -----

!x = !quant.uniform<i2:f32, 1.0>
!w = !quant.uniform<i16:f32, 0.5>
!s = !quant.uniform<u8:f32, 0.5>
!y = !quant.uniform<u8:f32, 0.25:3>

// Two inputs, one alone, a table of a result that is read elsewhere, a repeated
// dimension, a source of 16 bits, a constant of two values: nothing.
// CHECK-LABEL: func @none
// CHECK: quanta.lookup %{{.*}} table dense<[1, 2, 0, 4]>
// CHECK: quanta.mul
// CHECK: quanta.add
// CHECK: quanta.requantize
// CHECK: quanta.requantize
// CHECK: quanta.add
// CHECK: quanta.add
// CHECK: quanta.add
// CHECK-NOT: quanta.lookup
func.func @none(%x: tensor<2x4x!x>, %z: tensor<2x4x!x>, %r: tensor<1x4x!s>, %w: tensor<2x4x!w>)
    -> (tensor<2x4x!s>, tensor<2x4x!y>, tensor<2x4x!y>, tensor<2x4x!s>, tensor<2x4x!y>, tensor<2x4x!y>) {
  %0 = quanta.lookup %x table dense<[1, 2, 0, 4]> : tensor<4xi8> : tensor<2x4x!x> to tensor<2x4x!s>
  %1 = quanta.mul %x, %0 : tensor<2x4x!x>, tensor<2x4x!s> -> tensor<2x4x!y>
  %2 = quanta.add %x, %z : tensor<2x4x!x>, tensor<2x4x!x> -> tensor<2x4x!y>
  %3 = quanta.requantize %w : tensor<2x4x!w> to tensor<2x4x!w>
  %4 = quanta.requantize %3 clamp [0, 9] : tensor<2x4x!w> to tensor<2x4x!s>
  %5 = quanta.add %r, %0 : tensor<1x4x!s>, tensor<2x4x!s> -> tensor<2x4x!y>
  %c = arith.constant dense<[[1], [2]]> : tensor<2x1xi8>
  %q = quant.scast %c : tensor<2x1xi8> to tensor<2x1x!s>
  %6 = quanta.add %q, %q : tensor<2x1x!s>, tensor<2x1x!s> -> tensor<2x1x!s>
  %7 = quanta.add %6, %x : tensor<2x1x!s>, tensor<2x4x!x> -> tensor<2x4x!y>
  return %0, %1, %2, %4, %5, %7 : tensor<2x4x!s>, tensor<2x4x!y>, tensor<2x4x!y>, tensor<2x4x!s>, tensor<2x4x!y>, tensor<2x4x!y>
}

// -----

!x = !quant.uniform<i2:f32, 1.0>
!s = !quant.uniform<u8:f32, 0.5>
!y = !quant.uniform<u8:f32, 0.25:3>

// A table that is read elsewhere is where another function starts.
// CHECK-LABEL: func @shared
// CHECK: %[[L:.*]] = quanta.lookup %{{.*}} table dense<[1, 2, 0, 4]>
// CHECK: %[[R:.*]] = quanta.lookup %[[L]] table dense<
// CHECK-SAME: tensor<256xi8>
// CHECK: return %[[L]], %[[R]]
func.func @shared(%x: tensor<4x!x>) -> (tensor<4x!s>, tensor<4x!y>) {
  %0 = quanta.lookup %x table dense<[1, 2, 0, 4]> : tensor<4xi8> : tensor<4x!x> to tensor<4x!s>
  %1 = quanta.requantize %0 : tensor<4x!s> to tensor<4x!y>
  %2 = quanta.mul %1, %0 : tensor<4x!y>, tensor<4x!s> -> tensor<4x!y>
  return %0, %2 : tensor<4x!s>, tensor<4x!y>
}
