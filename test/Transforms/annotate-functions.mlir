// RUN: split-file %s %t
// RUN: quant-opt %t/model.mlir --quanta-annotate-functions | FileCheck %t/model.mlir
// RUN: not quant-opt %t/no-target.mlir --quanta-annotate-functions 2>&1 | FileCheck %t/no-target.mlir

//--- model.mlir
// CHECK: module attributes {
// CHECK-SAME: quanta.isa = "avx2"
// What later tools need not know is gone.
// CHECK-NOT: quanta.cpu
// CHECK-NOT: quanta.features
// CHECK-NOT: quanta.integer_dot
module attributes {quanta.cpu = "haswell", quanta.features = "+avx2,-avx512f", quanta.isa = "avx2",
                   quanta.integer_dot = #quanta.avx2, quanta.vector_width = 256 : i64} {
  // CHECK: llvm.func @main() attributes {
  // CHECK-SAME: prefer_vector_width = "256"
  // CHECK-SAME: target_cpu = "haswell"
  // CHECK-SAME: target_features = #llvm.target_features<["+avx2", "-avx512f"]>
  llvm.func @main() {
    llvm.return
  }
}

//--- no-target.mlir
// CHECK: error: quanta-annotate-functions needs quanta-set-target or quanta-to-kernel before it
llvm.func @main() {
  llvm.return
}
