// What only a run can tell of the sums of a quantized product, their length and a
// bias, stops the program before they leave their i32 accumulators, at the length
// and the bias that the numbers give.
// REQUIRES: host-x86
// RUN: rm -rf %t && split-file %s %t
// RUN: %python %S/../Inputs/npy.py %t/a.npy "numpy.full((1, 33025), 255, 'uint8')"
// RUN: %python %S/../Inputs/npy.py %t/w.npy "numpy.full((33025, 2), 127, 'int8')"
// RUN: quant-run %t/length.mlir --input=%t/a.npy --input=%t/w.npy --output=%t/y.npy
// RUN: %python %S/../Inputs/npy.py %t/y.npy | FileCheck %s --check-prefix=LONGEST
// LONGEST: int32 [1, 2] {{.*}}2147450625, 2147450625
// RUN: %python %S/../Inputs/npy.py %t/a.npy "numpy.full((1, 33026), 255, 'uint8')"
// RUN: %python %S/../Inputs/npy.py %t/w.npy "numpy.full((33026, 2), 127, 'int8')"
// RUN: not quant-run %t/length.mlir --input=%t/a.npy --input=%t/w.npy 2>&1 | FileCheck %s --check-prefix=LENGTH
// LENGTH: a sum of 'quanta.matmul' at {{.*}}length.mlir:6:8 has more than 33025 products, which may leave its i32 accumulator

// RUN: %python %S/../Inputs/npy.py %t/a.npy "numpy.full((1, 4), 255, 'uint8')"
// RUN: %python %S/../Inputs/npy.py %t/b.npy "numpy.array([2147354107, -2147483648], 'int32')"
// RUN: quant-run %t/bias.mlir --input=%t/a.npy --input=%t/b.npy --output=%t/y.npy
// RUN: %python %S/../Inputs/npy.py %t/y.npy | FileCheck %s --check-prefix=LARGEST
// LARGEST: int32 [1, 2] {{.*}}2147483647, -2147354108
// RUN: %python %S/../Inputs/npy.py %t/b.npy "numpy.array([2147354108, 0], 'int32')"
// RUN: not quant-run %t/bias.mlir --input=%t/a.npy --input=%t/b.npy 2>&1 | FileCheck %s --check-prefix=BIAS
// BIAS: the bias of 'quanta.matmul' at {{.*}}bias.mlir:8:8 leaves [-2147483648, 2147354107]: with the products, sums may leave their i32 accumulators

// Both at once: half of the accumulator for each.
// RUN: quant-opt %t/both.mlir --quanta-rewrite-types | FileCheck %s --check-prefix=BOTH
// BOTH: cf.assert {{.*}}a sum of 'quanta.matmul' {{.*}} has more than 33155 products
// BOTH: cf.assert {{.*}}the bias of 'quanta.matmul' {{.*}} leaves [-1073741824, 1073741824]

// Any zero point may be subtracted from sums of a range at run time.
// RUN: quant-opt %t/dynamic.mlir --quanta-insert-observers=recipe=%t/recipe.yaml --quanta-apply-calibration=recipe=%t/recipe.yaml \
// RUN:   --quanta-quantize --quanta-rewrite-types 2>&1 | FileCheck %s --check-prefix=DYNAMIC
// DYNAMIC: remark: sums an unknown number of products; its i32 accumulators hold 33025 of them
// DYNAMIC: has more than 33025 products

// RUN: quant-opt %t/length.mlir --quanta-rewrite-types=allow-wrap | FileCheck %s --check-prefix=WRAP
// WRAP-NOT: cf.assert

//--- length.mlir
!a = !quant.uniform<u8:f32, 0.1>
!w = !quant.uniform<i8:f32, 0.1:-128>
!r = !quant.uniform<i32:f32, 0.01>

func.func @f(%a: tensor<1x?x!a>, %w: tensor<?x2x!w>) -> tensor<1x2x!r> {
  %r = quanta.matmul %a, %w : tensor<1x?x!a>, tensor<?x2x!w> -> tensor<1x2x!r>
  return %r : tensor<1x2x!r>
}

//--- bias.mlir
!a = !quant.uniform<u8:f32, 0.1>
!w = !quant.uniform<i8:f32, 0.1>
!r = !quant.uniform<i32:f32, 0.01>

func.func @f(%a: tensor<1x4x!a>, %b: tensor<2x!r>) -> tensor<1x2x!r> {
  %i = arith.constant dense<127> : tensor<4x2xi8>
  %w = quant.scast %i : tensor<4x2xi8> to tensor<4x2x!w>
  %r = quanta.matmul %a, %w bias %b : tensor<1x4x!a>, tensor<4x2x!w>, tensor<2x!r> -> tensor<1x2x!r>
  return %r : tensor<1x2x!r>
}

//--- both.mlir
!a = !quant.uniform<u8:f32, 0.1>
!w = !quant.uniform<i8<-127:127>:f32, 0.1>
!r = !quant.uniform<i32:f32, 0.01>

func.func @f(%a: tensor<1x?x!a>, %w: tensor<?x2x!w>, %b: tensor<2x!r>) -> tensor<1x2x!r> {
  %r = quanta.matmul %a, %w bias %b : tensor<1x?x!a>, tensor<?x2x!w>, tensor<2x!r> -> tensor<1x2x!r>
  return %r : tensor<1x2x!r>
}

//--- dynamic.mlir
func.func @f(%a: tensor<1x2x?xf32>, %b: tensor<1x?x2xf32>) -> tensor<1x2x2xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x2x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<1x2x2xf32>) -> tensor<1x2x2xf32>
  %r = linalg.batch_matmul ins(%a, %b : tensor<1x2x?xf32>, tensor<1x?x2xf32>)
      outs(%init : tensor<1x2x2xf32>) -> tensor<1x2x2xf32>
  return %r : tensor<1x2x2xf32>
}

//--- recipe.yaml
format: quanta-recipe
version: 1
scheme: dynamic
