// REQUIRES: host-x86
// A program that gets no memory says so and stops; it writes nowhere.
//
// RUN: rm -rf %t && split-file %s %t
// RUN: quant-run %t/model.mlir --emit=obj --target=x86_64-linux-gnu,x86-64 -o %t/model.o
// RUN: %cc %t/main.c %t/model.o -lm -o %t/main
// RUN: %t/main 4 | FileCheck %s --check-prefix=FEW
// RUN: not --crash %t/main 1000000000000 | FileCheck %s --check-prefix=MANY
// FEW: 24
// MANY: the program does not have enough memory

//--- model.mlir
// The sum of n x 3 numbers, each of which is 2.
func.func @f(%n: tensor<index>) -> tensor<f32> {
  %rows = tensor.extract %n[] : tensor<index>
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %w = arith.constant dense<0.5> : tensor<4x3xf32>
  %e0 = tensor.empty(%rows) : tensor<?x4xf32>
  %ones = linalg.fill ins(%one : f32) outs(%e0 : tensor<?x4xf32>) -> tensor<?x4xf32>
  %e1 = tensor.empty(%rows) : tensor<?x3xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e1 : tensor<?x3xf32>) -> tensor<?x3xf32>
  %y = linalg.matmul ins(%ones, %w : tensor<?x4xf32>, tensor<4x3xf32>) outs(%init : tensor<?x3xf32>) -> tensor<?x3xf32>
  %e2 = tensor.empty() : tensor<f32>
  %start = linalg.fill ins(%zero : f32) outs(%e2 : tensor<f32>) -> tensor<f32>
  %sum = linalg.reduce ins(%y : tensor<?x3xf32>) outs(%start : tensor<f32>) dimensions = [0, 1]
    (%a: f32, %b: f32) {
      %0 = arith.addf %a, %b : f32
      linalg.yield %0 : f32
    }
  return %sum : tensor<f32>
}

//--- main.c
#include "model.h"
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  int64_t rows = atoll(argv[argc - 1]);
  quanta_tensor_f32_0 y = f(&rows);
  printf("%g\n", y.aligned[y.offset]);
  free(y.allocated);
  return 0;
}
