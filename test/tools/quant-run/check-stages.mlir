// From any stage down, with the contract's bounds; the first operation that
// breaks them is named.
//
// RUN: rm -rf %t && mkdir %t && split-file %s %t
// RUN: %python %S/../../Inputs/npy.py %t/x.npy "numpy.random.default_rng(1).normal(0, 1, (50, 19)).astype('f4')"
// RUN: quant-opt %t/model.mlir --quanta-insert-observers=observer=min_max -o %t/observed.mlir
// RUN: quant-run %t/observed.mlir --input=%t/x.npy --statistics=%t/s.json --output=%t/y.npy

// RUN: quant-run %t/model.mlir --check-stages --statistics=%t/s.json --input=%t/x.npy | FileCheck %s --check-prefixes=FLOAT,SIMULATED,EXACT
// RUN: quant-run %t/observed.mlir --check-stages --statistics=%t/s.json --input=%t/x.npy | FileCheck %s --check-prefixes=FLOAT,SIMULATED,EXACT
// RUN: quant-opt %t/observed.mlir --quanta-apply-calibration=statistics=%t/s.json -o %t/simulated.mlir
// RUN: quant-run %t/simulated.mlir --check-stages --input=%t/x.npy | FileCheck %s --check-prefixes=SIMULATED,EXACT
// RUN: quant-opt %t/simulated.mlir --quanta-fuse --quanta-quantize -o %t/quantized.mlir
// RUN: quant-run %t/quantized.mlir --check-stages --input=%t/x.npy | FileCheck %s --check-prefix=EXACT
// RUN: quant-opt %t/quantized.mlir --quanta-rewrite-types -o %t/integer.mlir
// RUN: quant-run %t/integer.mlir --check-stages --input=%t/x.npy | FileCheck %s --check-prefix=INTEGER
// RUN: quant-opt %t/integer.mlir --quanta-to-kernel -o %t/kernel.mlir
// RUN: not quant-run %t/kernel.mlir --check-stages --input=%t/x.npy 2>&1 | FileCheck %s --check-prefixes=LATE,KERNEL
// RUN: quant-opt %t/kernel.mlir --quanta-kernel-to-llvm -o %t/llvm.mlir
// RUN: not quant-run %t/llvm.mlir --check-stages --input=%t/x.npy 2>&1 | FileCheck %s --check-prefixes=LATE,LLVM

// FLOAT: float -> simulated, result 0: max |difference| {{.*}}, SQNR {{[0-9.]+}} dB
// SIMULATED: simulated -> quantized, result 0: max |difference|
// SIMULATED: simulated -> quantized, each layer alone, in steps of its scale:
// SIMULATED: main/matmul_0/lhs 950 0 ( 0.000%) 0
// SIMULATED: main/matmul_1/lhs 1150 {{[0-9]+}} ({{.*}}%) {{[01]$}}
// SIMULATED: result 0 250 0 ( 0.000%) {{0$|.*e-}}
// EXACT: quantized = integer = kernel: 2 quantized tensors and 1 results, 2350 elements with the same bits
// INTEGER: {{^}}integer = kernel: 0 quantized tensors and 1 results, 250 elements with the same bits
// KERNEL: error: the program is at the kernel stage
// LLVM: error: the program is at the llvm stage
// LATE-SAME: , after which there is nothing to compare

// A sum that would leave i32 is not what the simulation computes: it is not begun.
// RUN: %python %S/../../Inputs/npy.py %t/ones.npy "numpy.ones((2, 80000), 'f4')"
// RUN: not quant-run %t/wraps.mlir --check-stages --input=%t/ones.npy 2>&1 | FileCheck %s --check-prefix=WRAPS
// WRAPS: error: the program stopped: a sum of 'quanta.matmul' at {{.*}}wraps.mlir:13:8 has more than 66311 products, which may leave its i32 accumulator
// WRAPS-NEXT: note: in the quantized stage

// Functions that call each other: what a call does is looked at too, and a
// function is compared whoever calls it.
// RUN: quant-run %t/calls.mlir --entry=inner --check-stages --input=%t/x.npy | FileCheck %s --check-prefix=INNER
// RUN: quant-run %t/calls.mlir --entry=outer --check-stages --input=%t/x.npy | FileCheck %s --check-prefix=OUTER
// INNER: quantized = integer = kernel: 1 quantized tensors and 1 results,
// OUTER: quantized = integer = kernel: 2 quantized tensors and 1 results,

// Layers that follow each other in a loop: what one of them rounds otherwise
// grows in the next ones.
// RUN: %python %S/../../Inputs/npy.py %t/line.npy "numpy.linspace(0, 1, 512, dtype='f4').reshape(128, 4)"
// RUN: quant-run %t/loop.mlir --check-stages --input=%t/line.npy | FileCheck %s --check-prefix=LOOP
// LOOP: result 0 {{.*}} (several layers)

// At the integer stage too: a sum of floats in a function that is called.
// RUN: %python %S/../../Inputs/npy.py %t/wide.npy "numpy.random.default_rng(0).standard_normal((37, 333)).astype('f4')"
// RUN: quant-run %t/floats.mlir --entry=outer --check-stages --input=%t/wide.npy | FileCheck %s --check-prefix=FLOATS
// FLOATS: after sums of floats, where bits may differ
// And one that is no product of matrices.
// RUN: %python %S/../../Inputs/npy.py %t/image.npy "numpy.random.default_rng(0).standard_normal((9, 9, 16)).astype('f4')" \
// RUN:   %t/filter.npy "numpy.random.default_rng(1).standard_normal((3, 3, 16, 32)).astype('f4')"
// RUN: quant-run %t/windows.mlir --check-stages --input=%t/image.npy --input=%t/filter.npy | FileCheck %s --check-prefix=WINDOWS
// WINDOWS: after sums of floats, where bits may differ: 1572 elements

// Sums that cancel leave nothing but what f32 rounds: a step is that of the range
// which calibration saw. Infinity in one row does not hide what another one has.
// RUN: %python %S/../../Inputs/npy.py %t/wide.npy "numpy.arange(60, dtype='f4').reshape(20, 3) - 30" \
// RUN:   %t/same.npy "numpy.repeat(numpy.random.default_rng(2).normal(0, 9, (64, 1)), 3, 1).astype('f4')"
// RUN: quant-opt %t/cancel.mlir --quanta-insert-observers=observer=min_max -o %t/cancel-observed.mlir
// RUN: quant-run %t/cancel-observed.mlir --input=%t/wide.npy --statistics=%t/cancel.json
// RUN: quant-run %t/cancel.mlir --check-stages --statistics=%t/cancel.json --input=%t/same.npy | FileCheck %s --check-prefix=CANCEL
// CANCEL: result 0 {{ *}}64 {{ *}}0 ( 0.000%)
// RUN: %python %S/../../Inputs/npy.py %t/huge.npy "numpy.full((2, 3), 3e38, 'f4')"
// RUN: not quant-run %t/cancel.mlir --check-stages --recipe=%t/dynamic.yaml --input=%t/huge.npy 2>&1 | FileCheck %s --check-prefix=HUGE
// HUGE: error: the quantized stage is inf steps from the simulated stage at result 0

//--- dynamic.yaml
format: quanta-recipe
version: 1
scheme: dynamic

//--- cancel.mlir
func.func @main(%x: tensor<?x3xf32>) -> tensor<?x1xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense<[[1.0], [2.0], [-3.0]]> : tensor<3x1xf32>
  %n = tensor.dim %x, %c0 : tensor<?x3xf32>
  %e = tensor.empty(%n) : tensor<?x1xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x1xf32>) -> tensor<?x1xf32>
  %y = linalg.matmul ins(%x, %w : tensor<?x3xf32>, tensor<3x1xf32>) outs(%f : tensor<?x1xf32>) -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}

//--- model.mlir
#elementwise = affine_map<(i, j) -> (i, j)>
#column = affine_map<(i, j) -> (j)>
func.func @main(%x: tensor<?x19xf32>) -> tensor<?x5xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %rows = tensor.dim %x, %c0 : tensor<?x19xf32>
  %w = arith.constant dense<0.25> : tensor<19x23xf32>
  %b = arith.constant dense<0.7> : tensor<23xf32>
  %v = arith.constant dense<-0.5> : tensor<23x5xf32>
  %e = tensor.empty(%rows) : tensor<?x23xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x23xf32>) -> tensor<?x23xf32>
  %h = linalg.matmul ins(%x, %w : tensor<?x19xf32>, tensor<19x23xf32>) outs(%f : tensor<?x23xf32>) -> tensor<?x23xf32>
  %r = linalg.generic {indexing_maps = [#elementwise, #column, #elementwise], iterator_types = ["parallel", "parallel"]}
      ins(%h, %b : tensor<?x23xf32>, tensor<23xf32>) outs(%e : tensor<?x23xf32>) {
  ^bb0(%p: f32, %q: f32, %out: f32):
    %s = arith.addf %p, %q : f32
    %m = arith.maximumf %s, %zero : f32
    linalg.yield %m : f32
  } -> tensor<?x23xf32>
  %e1 = tensor.empty(%rows) : tensor<?x5xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<?x5xf32>) -> tensor<?x5xf32>
  %y = linalg.matmul ins(%r, %v : tensor<?x23xf32>, tensor<23x5xf32>) outs(%f1 : tensor<?x5xf32>) -> tensor<?x5xf32>
  return %y : tensor<?x5xf32>
}

//--- wraps.mlir
func.func @main(%x: tensor<2x?xf32>) -> tensor<2x2xf32> {
  %zero = arith.constant 0.0 : f32
  %c1 = arith.constant 1 : index
  %one = arith.constant 1.0 : f32
  // The length of the sums is not known before it is run.
  %k = tensor.dim %x, %c1 : tensor<2x?xf32>
  %o = tensor.empty(%k) : tensor<?x2xf32>
  %w = linalg.fill ins(%one : f32) outs(%o : tensor<?x2xf32>) -> tensor<?x2xf32>
  %q = quanta.fake_quant %x as !quant.uniform<u8:f32, 0.0039215686> : tensor<2x?xf32>
  %v = quanta.fake_quant %w as !quant.uniform<i8<-127:127>:f32, 0.0078740157> : tensor<?x2xf32>
  %e = tensor.empty() : tensor<2x2xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2x2xf32>) -> tensor<2x2xf32>
  %y = linalg.matmul ins(%q, %v : tensor<2x?xf32>, tensor<?x2xf32>) outs(%f : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

//--- calls.mlir
func.func @inner(%x: tensor<?x19xf32>) -> tensor<?x19xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %weights = arith.constant dense<0.5> : tensor<19x19xf32>
  %n = tensor.dim %x, %c0 : tensor<?x19xf32>
  %q = quanta.fake_quant %x as !quant.uniform<u8:f32, 0.05:128> : tensor<?x19xf32>
  %w = quanta.fake_quant %weights as !quant.uniform<i8<-127:127>:f32, 0.0039370079> : tensor<19x19xf32>
  %e = tensor.empty(%n) : tensor<?x19xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x19xf32>) -> tensor<?x19xf32>
  %y = linalg.matmul ins(%q, %w : tensor<?x19xf32>, tensor<19x19xf32>) outs(%f : tensor<?x19xf32>) -> tensor<?x19xf32>
  return %y : tensor<?x19xf32>
}

func.func @outer(%x: tensor<?x19xf32>) -> tensor<?x19xf32> {
  %0 = func.call @inner(%x) : (tensor<?x19xf32>) -> tensor<?x19xf32>
  %1 = func.call @inner(%0) : (tensor<?x19xf32>) -> tensor<?x19xf32>
  return %1 : tensor<?x19xf32>
}

//--- floats.mlir
func.func private @inner(%x: tensor<37x333xf32>) -> tensor<37x37xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<37x37xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<37x37xf32>) -> tensor<37x37xf32>
  %y = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %x : tensor<37x333xf32>, tensor<37x333xf32>) outs(%f : tensor<37x37xf32>) -> tensor<37x37xf32>
  return %y : tensor<37x37xf32>
}

func.func @outer(%x: tensor<37x333xf32>) -> (tensor<37x37xf32>, tensor<2x2xi32>) {
  // What makes it a program of the integer stage.
  %i = arith.constant dense<1> : tensor<2x2xi8>
  %z = arith.constant dense<0> : tensor<2x2xi32>
  %n = linalg.matmul ins(%i, %i : tensor<2x2xi8>, tensor<2x2xi8>) outs(%z : tensor<2x2xi32>) -> tensor<2x2xi32>
  %0 = func.call @inner(%x) : (tensor<37x333xf32>) -> tensor<37x37xf32>
  return %0, %n : tensor<37x37xf32>, tensor<2x2xi32>
}

//--- loop.mlir
#id = affine_map<(i, j) -> (i, j)>
func.func @main(%x: tensor<128x4xf32>) -> tensor<128x4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %times = arith.constant 40 : index
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %four = arith.constant 4.0 : f32
  %identity = arith.constant dense<[[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]]> : tensor<4x4xf32>
  %w = quanta.fake_quant %identity as !quant.uniform<i8<-127:127>:f32, 0.0078740157> : tensor<4x4xf32>
  %e = tensor.empty() : tensor<128x4xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<128x4xf32>) -> tensor<128x4xf32>
  %r = scf.for %i = %c0 to %times step %c1 iter_args(%a = %x) -> tensor<128x4xf32> {
    %q = quanta.fake_quant %a as !quant.uniform<u8:f32, 0.00390625> : tensor<128x4xf32>
    %y = linalg.matmul ins(%q, %w : tensor<128x4xf32>, tensor<4x4xf32>) outs(%f : tensor<128x4xf32>) -> tensor<128x4xf32>
    %t = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%y : tensor<128x4xf32>) outs(%e : tensor<128x4xf32>) {
    ^bb0(%p: f32, %o: f32):
      %0 = arith.subf %one, %p : f32
      %1 = arith.mulf %0, %p : f32
      %2 = arith.mulf %1, %four : f32
      linalg.yield %2 : f32
    } -> tensor<128x4xf32>
    scf.yield %t : tensor<128x4xf32>
  }
  return %r : tensor<128x4xf32>
}

//--- windows.mlir
func.func @main(%x: tensor<9x9x16xf32>, %w: tensor<3x3x16x32xf32>) -> (tensor<7x7x32xf32>, tensor<2x2xi32>) {
  // What makes it a program of the integer stage.
  %i = arith.constant dense<1> : tensor<2x2xi8>
  %z = arith.constant dense<0> : tensor<2x2xi32>
  %n = linalg.matmul ins(%i, %i : tensor<2x2xi8>, tensor<2x2xi8>) outs(%z : tensor<2x2xi32>) -> tensor<2x2xi32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<7x7x32xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<7x7x32xf32>) -> tensor<7x7x32xf32>
  %y = linalg.generic {
      indexing_maps = [affine_map<(h, w, o, i, j, c) -> (h + i, w + j, c)>, affine_map<(h, w, o, i, j, c) -> (i, j, c, o)>, affine_map<(h, w, o, i, j, c) -> (h, w, o)>],
      iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
      ins(%x, %w : tensor<9x9x16xf32>, tensor<3x3x16x32xf32>) outs(%f : tensor<7x7x32xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %o, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<7x7x32xf32>
  return %y, %n : tensor<7x7x32xf32>, tensor<2x2xi32>
}
