// Conversions to 16-bit floats have no instruction on every CPU: the result is
// the same where LLVM calls a function.
//
// REQUIRES: host-x86
// RUN: rm -rf %t && mkdir %t
// RUN: %python %S/../Inputs/npy.py %t/s.npy "numpy.float32(1.2345)"
// RUN: quant-run %s --entry=f --cpu=native --input=%t/s.npy --output=%t/h.npy --output=%t/b.npy
// RUN: %python %S/../Inputs/npy.py %t/h.npy | FileCheck %s
// RUN: %python %S/../Inputs/npy.py %t/b.npy | FileCheck %s
// RUN: quant-run %s --entry=f --cpu=x86-64 --input=%t/s.npy --output=%t/h2.npy --output=%t/b2.npy
// RUN: cmp %t/h.npy %t/h2.npy
// RUN: cmp %t/b.npy %t/b2.npy
// CHECK: float32 [] 1.234375

// Tensors of both kinds go in and out; NumPy knows bf16 as two raw bytes.
// RUN: %python %S/../Inputs/npy.py %t/x.npy "numpy.array([1.5, 2], 'f2')" \
// RUN:   %t/y.npy "numpy.array([0x3fc0, 0x4000], 'u2').view('V2')"
// RUN: quant-run %s --entry=g --input=%t/x.npy --input=%t/y.npy --output=%t/x2.npy --output=%t/y2.npy
// RUN: cmp %t/x.npy %t/x2.npy
// RUN: cmp %t/y.npy %t/y2.npy

func.func @f(%x: f32) -> (f32, f32) {
  %h = arith.truncf %x : f32 to f16
  %b = arith.truncf %x : f32 to bf16
  %y = arith.extf %h : f16 to f32
  %z = arith.extf %b : bf16 to f32
  return %y, %z : f32, f32
}

func.func @g(%x: tensor<2xf16>, %y: tensor<2xbf16>) -> (tensor<2xf16>, tensor<2xbf16>) {
  return %x, %y : tensor<2xf16>, tensor<2xbf16>
}
