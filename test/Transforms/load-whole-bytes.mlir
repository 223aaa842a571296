// RUN: quant-opt %s --quanta-load-whole-bytes --split-input-file | FileCheck %s

// CHECK-LABEL: llvm.func @narrow
// CHECK: %[[B:.*]] = llvm.load %arg0 : !llvm.ptr -> i8
// CHECK: %[[N:.*]] = llvm.trunc %[[B]] : i8 to i4
// CHECK: llvm.zext %[[N]] : i4 to i64
llvm.func @narrow(%p: !llvm.ptr) -> i64 {
  %0 = llvm.load %p : !llvm.ptr -> i4
  %1 = llvm.zext %0 : i4 to i64
  llvm.return %1 : i64
}

// CHECK-LABEL: llvm.func @others
// CHECK: llvm.load %arg0 : !llvm.ptr -> i1
// CHECK: llvm.load %arg0 : !llvm.ptr -> i8
// CHECK: llvm.load %arg0 : !llvm.ptr -> vector<4xi8>
// CHECK-NOT: llvm.trunc
llvm.func @others(%p: !llvm.ptr) -> (!llvm.struct<(i1, i8)>) {
  %0 = llvm.load %p : !llvm.ptr -> i1
  %1 = llvm.load %p : !llvm.ptr -> i8
  %2 = llvm.load %p : !llvm.ptr -> vector<4xi8>
  %3 = llvm.mlir.undef : !llvm.struct<(i1, i8)>
  llvm.return %3 : !llvm.struct<(i1, i8)>
}
