// RUN: quant-opt %s --quanta-number-messages | FileCheck %s
// Whatever was compiled before, in the same process too: the same code.
// RUN: %python %S/Inputs/compile_twice.py

// CHECK: llvm.mlir.global private constant @assertion_0_text(
// CHECK: llvm.mlir.global private constant @assertion_2_text(
// CHECK: llvm.mlir.global external @assert_msg_3(
// CHECK-LABEL: llvm.func @f()
// CHECK: llvm.mlir.addressof @assertion_2_text
// CHECK: llvm.mlir.addressof @assertion_0_text
// CHECK: llvm.mlir.addressof @assert_msg_3
// CHECK: llvm.func @assertion_1_text()
llvm.mlir.global private constant @assert_msg_17(dense<[97, 0]> : tensor<2xi8>) : !llvm.array<2 x i8>
llvm.mlir.global private constant @assert_msg_5(dense<[98, 0]> : tensor<2xi8>) : !llvm.array<2 x i8>
llvm.mlir.global external @assert_msg_3(1 : i32) : i32
llvm.func @f() {
  %0 = llvm.mlir.addressof @assert_msg_5 : !llvm.ptr
  %1 = llvm.mlir.addressof @assert_msg_17 : !llvm.ptr
  %2 = llvm.mlir.addressof @assert_msg_3 : !llvm.ptr
  llvm.return
}
llvm.func @assertion_1_text()
