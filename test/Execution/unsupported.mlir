// Modules that cannot be called or compiled for this machine say why.
//
// REQUIRES: host-x86
// RUN: rm -rf %t && mkdir %t && split-file %s %t
// RUN: not quant-run %t/bare.mlir 2>&1 | FileCheck %s --check-prefix=BARE
// BARE: error: function 'f' has no 'quanta.signature' attribute with its tensor types, so it cannot be called; the pipeline 'quanta-to-llvm' sets it
// RUN: quant-opt %t/plain.mlir --quanta-to-llvm="triple=aarch64-linux-gnu cpu=cortex-a76" -o %t/arm.mlir
// RUN: not quant-run %t/arm.mlir 2>&1 | FileCheck %s --check-prefix=ARM
// ARM: error: the code is compiled for aarch64-unknown-linux-gnu and this machine is x86_64-
// RUN: quant-opt %t/plain.mlir --quanta-to-llvm="cpu=bdver4" -o %t/bdver4.mlir
// RUN: not quant-run %t/bdver4.mlir 2>&1 | FileCheck %s --check-prefix=XOP
// XOP: error: the code is compiled for CPU 'bdver4', and this machine ({{.*}}) lacks its features {{.*}}xop
// RUN: not quant-run %t/none.mlir 2>&1 | FileCheck %s --check-prefix=EMPTY
// EMPTY: error: the module has no public function
// RUN: not quant-run %t/type.mlir 2>&1 | FileCheck %s --check-prefix=TYPE
// TYPE: error: function 'f': values of type complex<f32> cannot be passed to compiled code

//--- bare.mlir
llvm.func @f() { llvm.return }
llvm.func @_mlir_ciface_f() { llvm.return }
//--- plain.mlir
func.func @f() { return }
//--- none.mlir
module {}
//--- type.mlir
func.func @f(%x: complex<f32>) -> complex<f32> { return %x : complex<f32> }
