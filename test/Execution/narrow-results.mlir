// What C reads as a byte is zero above the bits of a result.
//
// REQUIRES: host-x86
// RUN: rm -rf %t && split-file %s %t
// RUN: quant-run %t/narrow.mlir --emit=obj --cpu=x86-64 -o %t/narrow.o
// RUN: clang-22 -std=c99 -Wall -Werror -I%t %t/narrow.c %t/narrow.o -o %t/narrow
// RUN: %t/narrow
// RUN: FileCheck %s --input-file=%t/narrow.h
// CHECK: Elements are bytes whose upper 4 bits are zero.
// CHECK: } quanta_tensor_i4_1;

//--- narrow.mlir
func.func @odd(%x: i32) -> i1 {
  %0 = arith.trunci %x : i32 to i1
  return %0 : i1
}

func.func @low(%x: i32) -> i4 {
  %0 = arith.trunci %x : i32 to i4
  return %0 : i4
}

func.func @both(%x: i32) -> (i1, i4) {
  %0 = arith.trunci %x : i32 to i1
  %1 = arith.trunci %x : i32 to i4
  return %0, %1 : i1, i4
}

func.func @list(%x: tensor<3xi4>) -> tensor<3xi4> {
  return %x : tensor<3xi4>
}

//--- narrow.c
#include "narrow.h"

int main(void) {
  both_results pair = both(18);
  return odd(2) != 0 || odd(3) != 1 || low(17) != 1 || low(31) != 15 ||
         pair.result0 != 0 || pair.result1 != 2;
}
