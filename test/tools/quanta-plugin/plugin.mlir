// REQUIRES: plugin
// Debian's own mlir-opt, which knows nothing of Quanta, runs its passes and
// pipelines and prints its dialect.

// RUN: mlir-opt --load-dialect-plugin=%quanta_plugin --load-pass-plugin=%quanta_plugin \
// RUN:   --pass-pipeline="builtin.module(quanta-insert-observers)" %s -o %t.observed
// RUN: FileCheck %s < %t.observed
// RUN: mlir-opt --load-dialect-plugin=%quanta_plugin --verify-roundtrip %t.observed | FileCheck %s
// RUN: mlir-opt --load-dialect-plugin=%quanta_plugin --load-pass-plugin=%quanta_plugin \
// RUN:   --pass-pipeline="builtin.module(quanta-to-llvm)" %s | FileCheck %s --check-prefix=LLVM
// RUN: not mlir-opt --pass-pipeline="builtin.module(quanta-insert-observers)" %s 2>&1 \
// RUN:   | FileCheck %s --check-prefix=STOCK

// CHECK: quanta.fingerprint
// CHECK-LABEL: func.func @main
// CHECK: quanta.observe
// CHECK: linalg.matmul

// LLVM: llvm.func @_mlir_ciface_main
// STOCK: 'quanta-insert-observers' does not refer to a registered pass or pass pipeline

func.func @main(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]> : tensor<4x2xf32>
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %rows = tensor.dim %x, %c0 : tensor<?x4xf32>
  %empty = tensor.empty(%rows) : tensor<?x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x2xf32>) -> tensor<?x2xf32>
  %y = linalg.matmul ins(%x, %w : tensor<?x4xf32>, tensor<4x2xf32>)
                     outs(%init : tensor<?x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
