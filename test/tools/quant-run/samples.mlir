// Statistics from the files of a folder are those of a call for each.
//
// RUN: rm -rf %t && mkdir -p %t/folder %t/none && echo no array > %t/folder/other.txt
// RUN: %python %S/../../Inputs/npy.py %t/folder/a.npy "numpy.linspace(-3, 1, 12, dtype='f4').reshape(2, 6)" \
// RUN:   %t/folder/c.npy "numpy.linspace(0, 7, 4, dtype='f4').reshape(1, 4)" \
// RUN:   %t/folder/b.npz "{'one': numpy.full((3, 5), 2, 'f4'), 'two': numpy.ones((1, 2), 'f4')}" \
// RUN:   %t/pair.npz "{'x': numpy.linspace(-1, 1, 6, dtype='f4').reshape(2, 3), 'y': numpy.full((3, 4), 5, 'f4')}" \
// RUN:   %t/turned.npz "{'y': numpy.full((3, 4), 5, 'f4'), 'x': numpy.linspace(-1, 1, 6, dtype='f4').reshape(2, 3)}" \
// RUN:   %t/flat.npz "{'x': numpy.zeros((2, 3), 'f4'), 'y': numpy.zeros(3, 'f4')}"
// RUN: quant-opt %s --quanta-insert-observers=observer=histogram --mlir-print-debuginfo -o %t/observed.mlir
// RUN: quant-run %t/observed.mlir --entry=one --samples=%t/folder --statistics=%t/folder.json
// RUN: quant-run %t/observed.mlir --entry=one --samples=%t/folder/a.npy --statistics=%t/a.json
// RUN: quant-run %t/observed.mlir --entry=one --samples=%t/folder/b.npz --statistics=%t/b.json
// RUN: quant-run %t/observed.mlir --entry=one --input=%t/folder/c.npy --statistics=%t/c.json
// RUN: quanta-merge-statistics %t/a.json %t/b.json %t/c.json -o %t/merged.json
// RUN: grep -v '"data":' %t/folder.json > %t/folder.txt
// RUN: grep -v '"data":' %t/merged.json > %t/merged.txt
// RUN: diff %t/folder.txt %t/merged.txt
// RUN: FileCheck %s --check-prefix=DATA < %t/folder.json
// DATA: "data": "{{.*}}folder"
// An archive holds the arguments of one call where there are several.
// RUN: quant-run %t/observed.mlir --entry=two --samples=%t/pair.npz --statistics=%t/pair.json
// RUN: quant-run %t/observed.mlir --entry=two --input=%t/pair.npz --statistics=%t/input.json
// RUN: diff %t/pair.json %t/input.json
// Those that are called like its arguments come in their order.
// RUN: quant-run %t/observed.mlir --entry=two --samples=%t/turned.npz --statistics=%t/turned.json
// RUN: quant-run %t/observed.mlir --entry=two --input=%t/turned.npz --statistics=%t/turned-input.json
// RUN: grep -v '"data":' %t/pair.json > %t/pair.txt
// RUN: grep -v '"data":' %t/turned.json | diff - %t/pair.txt
// RUN: grep -v '"data":' %t/turned-input.json | diff - %t/pair.txt

// RUN: not quant-run %t/observed.mlir --entry=one --samples=%t/none --statistics=%t/none.json 2>&1 | FileCheck %s --check-prefix=NONE
// NONE: error: {{.*}}none: there is no .npy or .npz file in it
// RUN: not quant-run %t/observed.mlir --entry=one --samples=%t/nowhere --statistics=%t/none.json 2>&1 | FileCheck %s --check-prefix=NOWHERE
// NOWHERE: error: {{.*}}nowhere: No such file or directory
// RUN: not quant-run %t/observed.mlir --entry=two --samples=%t/folder --statistics=%t/none.json 2>&1 | FileCheck %s --check-prefix=COUNT
// COUNT: error: 'two' takes 2 arguments, got 1
// RUN: not quant-run %t/observed.mlir --entry=two --samples=%t/flat.npz --statistics=%t/none.json 2>&1 | FileCheck %s --check-prefix=RANK
// RANK: error: argument 1 of 'two' ({{.*}}flat.npz{{.*}}): expected rank 2
// RUN: not quant-run %t/observed.mlir --entry=one --samples=%t/folder 2>&1 | FileCheck %s --check-prefix=ALONE
// ALONE: error: --samples is for observed programs, whose --statistics it fills
// RUN: not quant-run %t/observed.mlir --entry=one --samples=%t/folder --statistics=%t/none.json --input=%t/folder/a.npy 2>&1 | FileCheck %s --check-prefix=BOTH
// BOTH: error: --samples and --input exclude each other
// RUN: not quant-run %s --entry=one --samples=%t/folder --statistics=%t/none.json 2>&1 | FileCheck %s --check-prefix=STAGE
// STAGE: is at the float stage: statistics come from the observed stage
// RUN: not ls %t/none.json

func.func @one(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %rows = tensor.dim %x, %c0 : tensor<?x?xf32>
  %e = tensor.empty(%rows, %rows) : tensor<?x?xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  %y = linalg.contract indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>] ins(%x, %x : tensor<?x?xf32>, tensor<?x?xf32>) outs(%f : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

func.func @two(%x: tensor<2x3xf32> loc("x"), %y: tensor<3x4xf32> loc("y")) -> tensor<2x4xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x4xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2x4xf32>) -> tensor<2x4xf32>
  %z = linalg.matmul ins(%x, %y : tensor<2x3xf32>, tensor<3x4xf32>) outs(%f : tensor<2x4xf32>) -> tensor<2x4xf32>
  return %z : tensor<2x4xf32>
}
