// Integers of two and four bits come as bytes, whose upper bits follow the sign.
//
// RUN: %python %S/../Inputs/npy.py %t.4.npy "numpy.arange(-8, 8, dtype='i1')" %t.2.npy "numpy.array([-2, -1, 0, 1, -2], 'i1')"
// RUN: quant-run %s --entry=lookup --input=%t.4.npy --output=%t.l.npy
// RUN: quant-run %s --entry=lookup --input=%t.4.npy --check-stages
// RUN: %python %S/../Inputs/npy.py %t.l.npy | FileCheck %s --check-prefix=LOOKUP
// LOOKUP: {{\[}}8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7]
// RUN: quant-run %s --entry=lookup_2 --input=%t.2.npy --output=%t.l.npy
// RUN: %python %S/../Inputs/npy.py %t.l.npy | FileCheck %s --check-prefix=TWO
// TWO: {{\[}}30, 40, 10, 20, 30]
// RUN: quant-run %s --entry=unsigned --input=%t.4.npy --output=%t.u.npy
// RUN: %python %S/../Inputs/npy.py %t.u.npy | FileCheck %s --check-prefix=UNSIGNED
// UNSIGNED: {{\[}}8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 0.0, 1.0,
// RUN: quant-run %s --entry=moved --input=%t.4.npy --output=%t.m.npy
// RUN: %python %S/../Inputs/npy.py %t.m.npy | FileCheck %s --check-prefix=MOVED
// MOVED: {{\[}}0, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7]

func.func @lookup(%q: tensor<16x!quant.uniform<i4:f32, 1.0>>) -> tensor<16x!quant.uniform<u8:f32, 1.0>> {
  %r = quanta.lookup %q table dense<[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]> : tensor<16xi8> : tensor<16x!quant.uniform<i4:f32, 1.0>> to tensor<16x!quant.uniform<u8:f32, 1.0>>
  return %r : tensor<16x!quant.uniform<u8:f32, 1.0>>
}

func.func @lookup_2(%q: tensor<?x!quant.uniform<i2:f32, 1.0>>) -> tensor<?x!quant.uniform<u8:f32, 1.0>> {
  %r = quanta.lookup %q table dense<[10, 20, 30, 40]> : tensor<4xi8> : tensor<?x!quant.uniform<i2:f32, 1.0>> to tensor<?x!quant.uniform<u8:f32, 1.0>>
  return %r : tensor<?x!quant.uniform<u8:f32, 1.0>>
}

func.func @unsigned(%q: tensor<16xi4>) -> tensor<16xf32> {
  %a = quant.scast %q : tensor<16xi4> to tensor<16x!quant.uniform<u4:f32, 1.0>>
  %d = quanta.dequantize %a : tensor<16x!quant.uniform<u4:f32, 1.0>> to tensor<16xf32>
  return %d : tensor<16xf32>
}

func.func @moved(%q: tensor<16x!quant.uniform<i4:f32, 1.0>>) -> tensor<17x!quant.uniform<u8:f32, 1.0>> {
  %p = quanta.pad %q low [1] high [0] : tensor<16x!quant.uniform<i4:f32, 1.0>> -> tensor<17x!quant.uniform<i4:f32, 1.0>>
  %r = quanta.lookup %p table dense<[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]> : tensor<16xi8> : tensor<17x!quant.uniform<i4:f32, 1.0>> to tensor<17x!quant.uniform<u8:f32, 1.0>>
  return %r : tensor<17x!quant.uniform<u8:f32, 1.0>>
}
