// What the code calls and nothing defines is named.
//
// RUN: rm -rf %t && mkdir %t
// RUN: %python %S/../Inputs/npy.py %t/s.npy "numpy.float32(1)"
// RUN: not quant-run %s --input=%t/s.npy 2>&1 | FileCheck %s
// CHECK-NOT: JIT session error
// CHECK: error: cannot link '{{.*}}f': Symbols not found: [ nowhere ]

func.func private @nowhere(%x: f32) -> f32

func.func @f(%x: f32) -> f32 {
  %y = func.call @nowhere(%x) : (f32) -> f32
  return %y : f32
}
