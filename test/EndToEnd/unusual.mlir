// What is rarely written, but legal: it compiles, or is refused in one sentence;
// what cannot be quantized stays as it is.

// RUN: rm -rf %t && split-file %s %t
// RUN: %python %t/every_way.py %t

// Unranked tensors have no kernels: refused, not crashed.
// RUN: quant-opt %t/unranked.mlir --quanta-insert-observers -o /dev/null
// RUN: quant-opt %t/unranked.mlir --quanta-fuse --quanta-quantize -o /dev/null

// Functions that call each other in a circle.
// RUN: quant-opt %t/recursive.mlir --quanta-to-llvm | FileCheck %s --check-prefix=RECURSIVE
// RECURSIVE: llvm.func @a(
// RECURSIVE: llvm.call @b(

//--- every_way.py
"""Takes each network to the LLVM dialect in every way, with the range [-1, 2]
everywhere."""
import json
import os
import re
import sys

import quanta


def statistics(observed, path):
    text = str(observed)
    entry = {"kind": "min_max", "elements": 8, "min": -1, "max": 2, "nans": 0, "infs": 0, "batches": 1}
    with open(path, "w") as file:
        json.dump({"format": "quanta-statistics", "version": 1,
                   "fingerprint": re.search(r'quanta.fingerprint = "(\w+)"', text)[1],
                   "observers": {name: entry for name in re.findall(r'quanta.observe [^,]*, "([^"]*)"', text)}},
                  file)


def report(name):
    module = quanta.load(os.path.join(sys.argv[1], f"{name}.mlir"))
    module.run("quanta-to-llvm")
    observed = module.run("quanta-insert-observers")
    path = os.path.join(sys.argv[1], "s.json")
    statistics(observed, path)
    quantized = quanta.quantize(module, path)
    quantized.run("quanta-to-llvm")
    observed.run("quanta-lower-observers,quanta-to-llvm")
    simulated = observed.run(f"quanta-apply-calibration{{statistics='{path}'}}")
    simulated.run("quanta-lower-fake-quant,quanta-to-llvm")
    return quantized.report


def reasons(name):
    return {entry["reason"] for entry in report(name)["left_in_float"]}


for name in ("scalars", "empty", "loop", "branch", "functions", "nothing", "users", "maps"):
    report(name)
assert report("dynamic")["int8_mac_share"] == 1
assert reasons("types") == {"its element type is not f32"}
assert reasons("sparse") == {"a tensor of it has an encoding, as sparse ones do"}
assert reasons("constants") == {"all its factors are constants"}

//--- scalars.mlir
func.func @main(%x: tensor<f32>, %y: f32, %i: index) -> (tensor<f32>, f32, index) {
  return %x, %y, %i : tensor<f32>, f32, index
}

//--- dynamic.mlir
// Nothing is known of any size.
func.func @main(%x: tensor<?x?xf32>, %y: tensor<?x?xf32>, %z: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = linalg.matmul ins(%x, %y : tensor<?x?xf32>, tensor<?x?xf32>) outs(%z : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}
// K is known from the weight alone, and N is forgotten.
func.func @forgotten(%x: tensor<?x?xf32>, %z: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %0 = linalg.matmul ins(%x, %w : tensor<?x?xf32>, tensor<2x2xf32>) outs(%z : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

//--- empty.mlir
func.func @no_depth(%x: tensor<4x0xf32>) -> tensor<4x2xf32> {
  %w = arith.constant dense<> : tensor<0x2xf32>
  %z = arith.constant dense<0.0> : tensor<4x2xf32>
  %0 = linalg.matmul ins(%x, %w : tensor<4x0xf32>, tensor<0x2xf32>) outs(%z : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %0 : tensor<4x2xf32>
}
func.func @no_rows(%x: tensor<0x3xf32>) -> tensor<0x2xf32> {
  %w = arith.constant dense<1.0> : tensor<3x2xf32>
  %z = arith.constant dense<> : tensor<0x2xf32>
  %0 = linalg.matmul ins(%x, %w : tensor<0x3xf32>, tensor<3x2xf32>) outs(%z : tensor<0x2xf32>) -> tensor<0x2xf32>
  return %0 : tensor<0x2xf32>
}
func.func @no_columns(%x: tensor<4x3xf32>) -> tensor<4x0xf32> {
  %w = arith.constant dense<> : tensor<3x0xf32>
  %z = arith.constant dense<> : tensor<4x0xf32>
  %0 = linalg.matmul ins(%x, %w : tensor<4x3xf32>, tensor<3x0xf32>) outs(%z : tensor<4x0xf32>) -> tensor<4x0xf32>
  return %0 : tensor<4x0xf32>
}

//--- types.mlir
func.func @main(%h: tensor<4x3xf16>, %d: tensor<4x3xf64>) -> (tensor<4x2xf16>, tensor<4x2xf64>) {
  %hw = arith.constant dense<1.0> : tensor<3x2xf16>
  %dw = arith.constant dense<1.0> : tensor<3x2xf64>
  %hz = arith.constant dense<0.0> : tensor<4x2xf16>
  %dz = arith.constant dense<0.0> : tensor<4x2xf64>
  %0 = linalg.matmul ins(%h, %hw : tensor<4x3xf16>, tensor<3x2xf16>) outs(%hz : tensor<4x2xf16>) -> tensor<4x2xf16>
  %1 = linalg.matmul ins(%d, %dw : tensor<4x3xf64>, tensor<3x2xf64>) outs(%dz : tensor<4x2xf64>) -> tensor<4x2xf64>
  return %0, %1 : tensor<4x2xf16>, tensor<4x2xf64>
}

//--- loop.mlir
func.func @main(%x: tensor<2x4xf32>, %n: index) -> tensor<2x4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %w = arith.constant dense<0.5> : tensor<4x4xf32>
  %z = arith.constant dense<0.0> : tensor<2x4xf32>
  %r = scf.for %k = %c0 to %n step %c1 iter_args(%acc = %x) -> tensor<2x4xf32> {
    %y = linalg.matmul ins(%acc, %w : tensor<2x4xf32>, tensor<4x4xf32>) outs(%z : tensor<2x4xf32>) -> tensor<2x4xf32>
    scf.yield %y : tensor<2x4xf32>
  }
  return %r : tensor<2x4xf32>
}

//--- branch.mlir
func.func @main(%x: tensor<2x4xf32>, %c: i1) -> tensor<2x4xf32> {
  %w = arith.constant dense<0.5> : tensor<4x4xf32>
  %z = arith.constant dense<0.0> : tensor<2x4xf32>
  %r = scf.if %c -> tensor<2x4xf32> {
    %y = linalg.matmul ins(%x, %w : tensor<2x4xf32>, tensor<4x4xf32>) outs(%z : tensor<2x4xf32>) -> tensor<2x4xf32>
    scf.yield %y : tensor<2x4xf32>
  } else {
    scf.yield %x : tensor<2x4xf32>
  }
  return %r : tensor<2x4xf32>
}

//--- functions.mlir
// Several entries, a private layer that both call, a declaration.
func.func private @outside(tensor<2x4xf32>) -> tensor<2x4xf32> attributes {llvm.emit_c_interface}
func.func private @layer(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %w = arith.constant dense<0.5> : tensor<4x4xf32>
  %z = arith.constant dense<0.0> : tensor<2x4xf32>
  %y = linalg.matmul ins(%x, %w : tensor<2x4xf32>, tensor<4x4xf32>) outs(%z : tensor<2x4xf32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}
func.func @once(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %0 = call @layer(%x) : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}
func.func @twice(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %0 = call @layer(%x) : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %1 = call @layer(%0) : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %2 = call @outside(%1) : (tensor<2x4xf32>) -> tensor<2x4xf32>
  return %2 : tensor<2x4xf32>
}

//--- nothing.mlir
func.func @main() {
  return
}

//--- users.mlir
// The argument is a result too, and one result is returned twice.
func.func @main(%x: tensor<4x4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>) {
  %z = arith.constant dense<0.0> : tensor<4x4xf32>
  %0 = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%z : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %x, %0, %0 : tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>
}

//--- constants.mlir
func.func @main() -> tensor<2x2xf32> {
  %a = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %b = arith.constant dense<[[5.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %z = arith.constant dense<0.0> : tensor<2x2xf32>
  %0 = linalg.matmul ins(%a, %b : tensor<2x2xf32>, tensor<2x2xf32>) outs(%z : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

//--- maps.mlir
// A transposed factor, batches, and a factor that is broadcast.
func.func @main(%x: tensor<4x3xf32>, %y: tensor<5x4x3xf32>, %v: tensor<3xf32>) -> (tensor<4x2xf32>, tensor<5x4x2xf32>, tensor<4x2xf32>) {
  %w = arith.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %b = arith.constant dense<0.5> : tensor<5x3x2xf32>
  %z = arith.constant dense<0.0> : tensor<4x2xf32>
  %zb = arith.constant dense<0.0> : tensor<5x4x2xf32>
  %0 = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %w : tensor<4x3xf32>, tensor<2x3xf32>) outs(%z : tensor<4x2xf32>) -> tensor<4x2xf32>
  %1 = linalg.batch_matmul ins(%y, %b : tensor<5x4x3xf32>, tensor<5x3x2xf32>) outs(%zb : tensor<5x4x2xf32>) -> tensor<5x4x2xf32>
  %2 = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
      ins(%v, %w : tensor<3xf32>, tensor<2x3xf32>) outs(%z : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %0, %1, %2 : tensor<4x2xf32>, tensor<5x4x2xf32>, tensor<4x2xf32>
}

//--- unranked.mlir
func.func @main(%x: tensor<*xf32>) -> tensor<*xf32> {
  return %x : tensor<*xf32>
}

//--- recursive.mlir
func.func @a(%x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = call @b(%x) : (tensor<2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}
func.func @b(%x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = call @a(%x) : (tensor<2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}

//--- sparse.mlir
#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @main(%x: tensor<4x4xf32, #csr>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %w = arith.constant dense<0.5> : tensor<4x2xf32>
  %y = linalg.matmul ins(%x, %w : tensor<4x4xf32, #csr>, tensor<4x2xf32>) outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}
