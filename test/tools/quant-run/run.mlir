// Programs of every type of argument and result, on data from .npy and .npz.
//
// RUN: rm -rf %t && mkdir %t
// RUN: %python %S/../../Inputs/npy.py %t/x.npy "numpy.arange(6, dtype='f4').reshape(3, 2)" \
// RUN:   %t/n.npy "numpy.int32(20)" \
// RUN:   %t/u.npy "numpy.array([200, 3], 'u1')" \
// RUN:   %t/both.npz "{'n': numpy.int32(20), 'x': numpy.asfortranarray(numpy.arange(6, dtype='f4').reshape(3, 2))}"

// RUN: quant-run %s --entry=mixed --input=%t/x.npy --input=%t/n.npy --output=%t/y.npy --output=%t/m.npy --output=%t/c.npy
// RUN: %python %S/../../Inputs/npy.py %t/y.npy | FileCheck %s --check-prefix=Y
// RUN: %python %S/../../Inputs/npy.py %t/m.npy | FileCheck %s --check-prefix=M
// RUN: %python %S/../../Inputs/npy.py %t/c.npy | FileCheck %s --check-prefix=C
// Y: float32 [3, 2] {{\[\[}}0.0, 2.0], [4.0, 6.0], [8.0, 10.0]]
// M: int32 [] 41
// C: float32 [2] [1.5, -2.0]

// One array of an archive, and all arrays of one.
// RUN: quant-run %s --entry=mixed --input=%t/both.npz:x --input=%t/both.npz:n --output=%t/y2.npy
// RUN: cmp %t/y.npy %t/y2.npy
// RUN: quant-run %s --entry=swapped --input=%t/both.npz --output=%t/y3.npy
// RUN: cmp %t/y.npy %t/y3.npy
// What else is in the archive does not matter.
// RUN: %python %S/../../Inputs/npy.py %t/words.npz "{'word': numpy.array('label'), 'x': numpy.ones((3, 2), 'f4')}"
// RUN: quant-run %s --entry=mixed --input=%t/words.npz:x --input=%t/both.npz:n --output=%t/y5.npy
// RUN: not quant-run %s --entry=mixed --input=%t/both.npz:z 2>&1 | FileCheck %s --check-prefix=KEY
// KEY: error: {{.*}}both.npz: there is no array 'z' in it

// Without files for them, results are named.
// RUN: quant-run %s --entry=mixed --input=%t/x.npy --input=%t/n.npy | FileCheck %s --check-prefix=NAMES
// NAMES:      result 0 of 'mixed': 3x2xf32
// NAMES-NEXT: result 1 of 'mixed': i32
// NAMES-NEXT: result 2 of 'mixed': 2xf32

// A quantized argument is passed as its storage; a result that is the argument
// itself is a copy.
// RUN: quant-run %s --entry=storage --input=%t/u.npy --output=%t/v.npy --output=%t/w.npy
// RUN: cmp %t/u.npy %t/v.npy
// RUN: %python %S/../../Inputs/npy.py %t/w.npy | FileCheck %s --check-prefix=W
// W: float32 [2] [98.5, 0.0]

// RUN: quant-run %s --entry=mixed --input=%t/x.npy --input=%t/n.npy --benchmark=3 --print-isa | FileCheck %s --check-prefix=TIME
// TIME: isa: {{.+}}
// TIME: benchmark: mixed takes {{[0-9.]+}} us per call (median of 3, minimum {{[0-9.]+}})

// RUN: quant-run %s --entry=mixed --print-isa | FileCheck %s --check-prefix=ISA
// ISA: isa: {{.+}}
// ISA-NOT: {{.}}

#elementwise = affine_map<(i, j) -> (i, j)>

func.func @mixed(%x: tensor<?x2xf32>, %n: i32) -> (tensor<?x2xf32>, i32, tensor<2xf32>) {
  %one = arith.constant 1 : i32
  %m = arith.addi %n, %n : i32
  %m1 = arith.addi %m, %one : i32
  %c0 = arith.constant 0 : index
  %d = tensor.dim %x, %c0 : tensor<?x2xf32>
  %e = tensor.empty(%d) : tensor<?x2xf32>
  %y = linalg.generic {indexing_maps = [#elementwise, #elementwise], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x2xf32>) outs(%e : tensor<?x2xf32>) {
  ^bb0(%a: f32, %out: f32):
    %b = arith.addf %a, %a : f32
    linalg.yield %b : f32
  } -> tensor<?x2xf32>
  %c = arith.constant dense<[1.5, -2.0]> : tensor<2xf32>
  return %y, %m1, %c : tensor<?x2xf32>, i32, tensor<2xf32>
}

func.func @swapped(%n: i32, %x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %y:3 = call @mixed(%x, %n) : (tensor<?x2xf32>, i32) -> (tensor<?x2xf32>, i32, tensor<2xf32>)
  return %y#0 : tensor<?x2xf32>
}

func.func @storage(%q: tensor<2x!quant.uniform<u8:f32, 0.5:3>>)
    -> (tensor<2x!quant.uniform<u8:f32, 0.5:3>>, tensor<2xf32>) {
  %x = quanta.dequantize %q : tensor<2x!quant.uniform<u8:f32, 0.5:3>> to tensor<2xf32>
  return %q, %x : tensor<2x!quant.uniform<u8:f32, 0.5:3>>, tensor<2xf32>
}
