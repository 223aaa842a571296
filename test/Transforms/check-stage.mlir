// RUN: split-file %s %t
// RUN: quant-opt %t/float.mlir --quanta-check-stage -o /dev/null
// RUN: quant-opt %t/integer.mlir --quanta-check-stage -o /dev/null
// RUN: quant-opt %t/counts.mlir --quanta-insert-observers | FileCheck %t/counts.mlir --check-prefix=COUNTS
// RUN: not quant-opt %t/observed.mlir --quanta-check-stage 2>&1 | FileCheck %t/observed.mlir
// RUN: not quant-opt %t/simulated.mlir --quanta-check-stage 2>&1 | FileCheck %t/simulated.mlir
// RUN: not quant-opt %t/quantized.mlir --quanta-check-stage=for=kernels 2>&1 | FileCheck %t/quantized.mlir
// RUN: not quant-opt %t/kernel.mlir --quanta-check-stage 2>&1 | FileCheck %t/kernel.mlir
// RUN: not quant-opt %t/fused.mlir --quanta-check-stage 2>&1 | FileCheck %t/fused.mlir
// RUN: not quant-opt %t/llvm.mlir --quanta-check-stage 2>&1 | FileCheck %t/llvm.mlir
// RUN: not quant-opt %t/huge.mlir --quanta-check-stage 2>&1 | FileCheck %t/huge.mlir
// RUN: not quant-opt %t/huge.mlir --quanta-ptq=statistics=%t/none 2>&1 | FileCheck %t/huge.mlir
// RUN: not quant-opt %t/nested.mlir --quanta-to-llvm 2>&1 | FileCheck %t/nested.mlir
// RUN: quant-opt %t/kernel.mlir --quanta-check-stage=kernel=true -o /dev/null
// RUN: not quant-opt %t/tensors.mlir --quanta-check-stage="kernel=true for=kernels" 2>&1 | FileCheck %t/tensors.mlir
// RUN: not quant-opt %t/float.mlir --quanta-check-stage=kernel=true 2>&1 | FileCheck %s --check-prefix=SIGNATURE
// SIGNATURE: float.mlir:1:1: error: 'func.func' op works on tensors

//--- float.mlir
func.func @main(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %0 = linalg.matmul ins(%x, %x : tensor<2x2xf32>, tensor<2x2xf32>) outs(%x : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

//--- integer.mlir
func.func @main(%x: tensor<2x2xi8>, %o: tensor<2x2xi32>) -> tensor<2x2xi32> {
  %0 = linalg.matmul ins(%x, %x : tensor<2x2xi8>, tensor<2x2xi8>) outs(%o : tensor<2x2xi32>) -> tensor<2x2xi32>
  return %0 : tensor<2x2xi32>
}

//--- counts.mlir
// A float network may sum the integers of a mask, and ask whether all hold.
func.func @main(%mask: tensor<2x3xi64>, %seen: tensor<2x3xi1>, %x: tensor<2x2xf32>) -> (tensor<2xi64>, tensor<2xi1>, tensor<2x2xf32>) {
  %zero = arith.constant dense<0> : tensor<2xi64>
  %true = arith.constant dense<true> : tensor<2xi1>
  %0 = linalg.reduce ins(%mask : tensor<2x3xi64>) outs(%zero : tensor<2xi64>) dimensions = [1] (%a: i64, %b: i64) {
    %s = arith.addi %a, %b : i64
    linalg.yield %s : i64
  }
  %1 = linalg.reduce ins(%seen : tensor<2x3xi1>) outs(%true : tensor<2xi1>) dimensions = [1] (%a: i1, %b: i1) {
    %s = arith.andi %a, %b : i1
    linalg.yield %s : i1
  }
  // COUNTS: quanta.observe
  %2 = linalg.matmul ins(%x, %x : tensor<2x2xf32>, tensor<2x2xf32>) outs(%x : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %0, %1, %2 : tensor<2xi64>, tensor<2xi1>, tensor<2x2xf32>
}

//--- observed.mlir
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  // CHECK: observed.mlir:[[@LINE+1]]:{{.*}} error: 'quanta.observe' op belongs to the observed stage, but this pipeline takes the float and integer stages
  %0 = quanta.observe %x, "x" using min_max : tensor<2xf32>
  return %0 : tensor<2xf32>
}

//--- simulated.mlir
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  // CHECK: error: 'quanta.fake_quant' op belongs to the simulated stage
  %0 = quanta.fake_quant %x as !quant.uniform<u8:f32, 0.5> : tensor<2xf32>
  return %0 : tensor<2xf32>
}

//--- quantized.mlir
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  // CHECK: error: 'quanta.quantize' op belongs to the quantized stage, but kernels takes the float and integer stages
  %0 = quanta.quantize %x : tensor<2xf32> to tensor<2x!quant.uniform<u8:f32, 0.5>>
  %1 = quanta.dequantize %0 : tensor<2x!quant.uniform<u8:f32, 0.5>> to tensor<2xf32>
  return %1 : tensor<2xf32>
}

//--- kernel.mlir
// CHECK: error: 'func.func' op belongs to the kernel stage
func.func @main(%x: memref<2xf32>) {
  return
}

//--- fused.mlir
func.func @main(%x: tensor<4x8xi8>, %w: tensor<128xi8>, %b: tensor<16xi32>, %o: tensor<4x3xi32>) -> tensor<4x3xi32> {
  // CHECK: error: 'quanta.fused_matmul' op belongs to the kernel stage
  %0 = quanta.fused_matmul #quanta.avx512_vnni lhs(%x : tensor<4x8xi8>) rhs(%w : tensor<128xi8>)
      init(%b : tensor<16xi32>) maps [] outs(%o : tensor<4x3xi32>) {
  ^bb0(%acc: i32):
    quanta.yield %acc : i32
  } -> tensor<4x3xi32>
  return %0 : tensor<4x3xi32>
}

//--- huge.mlir
func.func @main() -> tensor<4000000000x4000000000xf32> {
  // CHECK: huge.mlir:[[@LINE+1]]:8: error: 'arith.constant' op has 2^32 elements or more
  %0 = arith.constant dense<1.0> : tensor<4000000000x4000000000xf32>
  return %0 : tensor<4000000000x4000000000xf32>
}

//--- nested.mlir
module {
  // CHECK: nested.mlir:[[@LINE+1]]:3: error: 'builtin.module' op stands inside of another one: compile them one by one
  module @inner {
    func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
      return %x : tensor<2xf32>
    }
  }
}

//--- llvm.mlir
// CHECK: error: 'llvm.func' op belongs to the llvm stage
llvm.func @main()

//--- tensors.mlir
func.func @main() {
  // CHECK: tensors.mlir:[[@LINE+1]]:{{.*}} error: 'tensor.empty' op works on tensors, but kernels takes the kernel stage: run quanta-to-kernel first
  %0 = tensor.empty() : tensor<2xf32>
  return
}
