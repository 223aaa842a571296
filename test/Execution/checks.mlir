// RUN: %python %S/Inputs/checks.py %s

// Indices, divisors, sizes and steps that are data, right and wrong: the wrong
// ones end the call with an error that names the operation, and not the process.

func.func @extract(%x: tensor<?xf32>, %i: tensor<1xi64>) -> tensor<1xf32> {
  %c0 = arith.constant 0 : index
  %v = tensor.extract %i[%c0] : tensor<1xi64>
  %n = arith.index_cast %v : i64 to index
  %e = tensor.extract %x[%n] : tensor<?xf32>
  %r = tensor.from_elements %e : tensor<1xf32>
  return %r : tensor<1xf32>
}
func.func @insert(%x: tensor<?xf32>, %i: tensor<1xi64>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %f = arith.constant 7.0 : f32
  %v = tensor.extract %i[%c0] : tensor<1xi64>
  %n = arith.index_cast %v : i64 to index
  %e = tensor.insert %f into %x[%n] : tensor<?xf32>
  return %e : tensor<?xf32>
}
func.func @dim(%x: tensor<?xf32>, %i: tensor<1xi64>) -> tensor<1xi64> {
  %c0 = arith.constant 0 : index
  %v = tensor.extract %i[%c0] : tensor<1xi64>
  %n = arith.index_cast %v : i64 to index
  %d = tensor.dim %x, %n : tensor<?xf32>
  %e = arith.index_cast %d : index to i64
  %r = tensor.from_elements %e : tensor<1xi64>
  return %r : tensor<1xi64>
}
#m = affine_map<(d0) -> (d0)>
func.func @gather(%x: tensor<5xf32>, %i: tensor<?xi64>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %i, %c0 : tensor<?xi64>
  %e = tensor.empty(%n) : tensor<?xf32>
  %r = linalg.generic {indexing_maps = [#m, #m], iterator_types = ["parallel"]} ins(%i : tensor<?xi64>) outs(%e : tensor<?xf32>) {
  ^bb0(%a: i64, %o: f32):
    %k = arith.index_cast %a : i64 to index
    %v = tensor.extract %x[%k] : tensor<5xf32>
    linalg.yield %v : f32
  } -> tensor<?xf32>
  return %r : tensor<?xf32>
}
func.func @div(%x: tensor<?xi32>, %y: tensor<?xi32>) -> tensor<?xi32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xi32>
  %e = tensor.empty(%n) : tensor<?xi32>
  %r = linalg.generic {indexing_maps = [#m, #m, #m], iterator_types = ["parallel"]} ins(%x, %y : tensor<?xi32>, tensor<?xi32>) outs(%e : tensor<?xi32>) {
  ^bb0(%a: i32, %b: i32, %o: i32):
    %v = arith.divsi %a, %b : i32
    linalg.yield %v : i32
  } -> tensor<?xi32>
  return %r : tensor<?xi32>
}
func.func @remainder(%x: tensor<?xi32>, %y: tensor<?xi32>) -> tensor<?xi32> {
  %r = arith.remui %x, %y : tensor<?xi32>
  return %r : tensor<?xi32>
}
func.func @named(%x: tensor<1xi32>, %y: tensor<1xi32>) -> tensor<1xi32> {
  %e = tensor.empty() : tensor<1xi32>
  %r = linalg.div ins(%x, %y : tensor<1xi32>, tensor<1xi32>) outs(%e : tensor<1xi32>) -> tensor<1xi32>
  return %r : tensor<1xi32>
}
func.func @empty(%i: tensor<1xi64>) -> tensor<?x4xf32> {
  %c0 = arith.constant 0 : index
  %z = arith.constant 1.0 : f32
  %v = tensor.extract %i[%c0] : tensor<1xi64>
  %n = arith.index_cast %v : i64 to index
  %e = tensor.empty(%n) : tensor<?x4xf32>
  %f = linalg.fill ins(%z : f32) outs(%e : tensor<?x4xf32>) -> tensor<?x4xf32>
  return %f : tensor<?x4xf32>
}
func.func @pad(%x: tensor<4xf32>, %i: tensor<1xi64>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %z = arith.constant 1.0 : f32
  %v = tensor.extract %i[%c0] : tensor<1xi64>
  %n = arith.index_cast %v : i64 to index
  %e = tensor.pad %x low[%n] high[2] {
  ^bb0(%j: index):
    tensor.yield %z : f32
  } : tensor<4xf32> to tensor<?xf32>
  return %e : tensor<?xf32>
}
func.func @generate(%i: tensor<1xi64>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %z = arith.constant 1.0 : f32
  %v = tensor.extract %i[%c0] : tensor<1xi64>
  %n = arith.index_cast %v : i64 to index
  %e = tensor.generate %n {
  ^bb0(%j: index):
    tensor.yield %z : f32
  } : tensor<?xf32>
  return %e : tensor<?xf32>
}
func.func @splat(%i: tensor<1xi64>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %z = arith.constant 1.0 : f32
  %v = tensor.extract %i[%c0] : tensor<1xi64>
  %n = arith.index_cast %v : i64 to index
  %e = tensor.splat %z[%n] : tensor<?xf32>
  return %e : tensor<?xf32>
}
func.func @reshape(%x: tensor<?xf32>, %s: tensor<2xi64>) -> tensor<?x?xf32> {
  %e = tensor.reshape %x(%s) : (tensor<?xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return %e : tensor<?x?xf32>
}
func.func @expand(%x: tensor<?xf32>, %s: tensor<2xi64>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %v = tensor.extract %s[%c0] : tensor<2xi64>
  %n = arith.index_cast %v : i64 to index
  %w = tensor.extract %s[%c1] : tensor<2xi64>
  %m = arith.index_cast %w : i64 to index
  %e = tensor.expand_shape %x [[0, 1]] output_shape [%n, %m] : tensor<?xf32> into tensor<?x?xf32>
  return %e : tensor<?x?xf32>
}
func.func @for(%s: tensor<1xi64>) -> tensor<1xi64> {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %one = arith.constant 1 : i64
  %v = tensor.extract %s[%c0] : tensor<1xi64>
  %n = arith.index_cast %v : i64 to index
  %z = arith.constant 0 : i64
  %q = scf.for %i = %c0 to %c8 step %n iter_args(%a = %z) -> i64 {
    %b = arith.addi %a, %one : i64
    scf.yield %b : i64
  }
  %r = tensor.from_elements %q : tensor<1xi64>
  return %r : tensor<1xi64>
}
