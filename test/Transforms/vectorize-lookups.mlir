// RUN: split-file %s %t
// RUN: quant-opt %t/vbmi.mlir --quanta-vectorize-lookups --canonicalize | FileCheck %t/vbmi.mlir
// RUN: quant-opt %t/neon.mlir --quanta-vectorize-lookups --canonicalize | FileCheck %t/neon.mlir
// RUN: quant-opt %t/none.mlir --split-input-file --quanta-vectorize-lookups --canonicalize | FileCheck %t/none.mlir

//--- vbmi.mlir
// Of all dimensions one loop, over vectors and then over what is left.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:.*]]: memref<?x5xi8>, %[[O:.*]]: memref<?x5xi8>)
// CHECK-DAG: %[[T:.*]] = memref.get_global @table
// CHECK-DAG: %[[IN:.*]] = memref.collapse_shape %[[X]] {{.*}} into memref<?xi8>
// CHECK-DAG: %[[OUT:.*]] = memref.collapse_shape %[[O]] {{.*}} into memref<?xi8>
// CHECK-COUNT-4: vector.load %[[T]][{{.*}}] : memref<256xi8>, vector<64xi8>
// CHECK: scf.for %[[I:[a-z0-9_]+]] = {{.*}} step %c64
// CHECK: %[[Q:.*]] = vector.load %[[IN]][%[[I]]] : memref<?xi8>, vector<64xi8>
// CHECK-COUNT-2: llvm.x86.avx512.vpermi2var.qi.512
// CHECK: arith.select
// CHECK: vector.store %{{.*}}, %[[OUT]][%[[I]]]
// CHECK: } {quanta.parallel}
// CHECK: scf.for %[[I:[a-z0-9_]+]] = {{.*}} step %c1
// CHECK: memref.load %[[T]]
// CHECK: memref.store %{{.*}}, %[[OUT]][%[[I]]]
// CHECK-NOT: linalg.generic
#id = affine_map<(d0, d1) -> (d0, d1)>
module attributes {quanta.integer_dot = #quanta.avx512_vnni<vbmi = true>} {
memref.global "private" constant @table : memref<256xi8> = dense<7>
func.func @main(%x: memref<?x5xi8>, %o: memref<?x5xi8>) {
  %table = memref.get_global @table : memref<256xi8>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : memref<?x5xi8>) outs(%o : memref<?x5xi8>) {
  ^bb0(%q: i8, %out: i8):
    %i = arith.index_castui %q : i8 to index
    %entry = memref.load %table[%i] : memref<256xi8>
    linalg.yield %entry : i8
  }
  return
}
}

//--- neon.mlir
// CHECK-LABEL: func.func @main(
// CHECK-COUNT-16: vector.load %{{.*}} : memref<256xi8>, vector<16xi8>
// CHECK: scf.for
// CHECK: llvm.aarch64.neon.tbl4
// CHECK-COUNT-3: llvm.aarch64.neon.tbx4
// CHECK: vector.store
#id = affine_map<(d0) -> (d0)>
module attributes {quanta.integer_dot = #quanta.neon_dot} {
memref.global "private" constant @table : memref<256xi8> = dense<7>
func.func @main(%x: memref<200xi8>, %o: memref<200xi8>) {
  %table = memref.get_global @table : memref<256xi8>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<200xi8>) outs(%o : memref<200xi8>) {
  ^bb0(%q: i8, %out: i8):
    %i = arith.index_castui %q : i8 to index
    %entry = memref.load %table[%i] : memref<256xi8>
    linalg.yield %entry : i8
  }
  return
}
}

//--- none.mlir
// No such instruction without VBMI; below, a table that is no constant, one of
// words, and bytes that are not side by side.
// CHECK-LABEL: func.func @bytes(
// CHECK: linalg.generic
#id = affine_map<(d0) -> (d0)>
module attributes {quanta.integer_dot = #quanta.avx512_vnni} {
memref.global "private" constant @table : memref<256xi8> = dense<7>
func.func @bytes(%x: memref<200xi8>, %o: memref<200xi8>) {
  %table = memref.get_global @table : memref<256xi8>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<200xi8>) outs(%o : memref<200xi8>) {
  ^bb0(%q: i8, %out: i8):
    %i = arith.index_castui %q : i8 to index
    %entry = memref.load %table[%i] : memref<256xi8>
    linalg.yield %entry : i8
  }
  return
}
}

// -----

#id = affine_map<(d0) -> (d0)>
module attributes {quanta.integer_dot = #quanta.avx512_vnni<vbmi = true>} {
memref.global "private" constant @table : memref<256xi8> = dense<7>
memref.global "private" constant @table_of_words : memref<256xi16> = dense<7>
// CHECK-LABEL: func.func @argument(
// CHECK: linalg.generic
func.func @argument(%x: memref<200xi8>, %table: memref<256xi8>, %o: memref<200xi8>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<200xi8>) outs(%o : memref<200xi8>) {
  ^bb0(%q: i8, %out: i8):
    %i = arith.index_castui %q : i8 to index
    %entry = memref.load %table[%i] : memref<256xi8>
    linalg.yield %entry : i8
  }
  return
}
// CHECK-LABEL: func.func @words(
// CHECK: linalg.generic
func.func @words(%x: memref<200xi8>, %o: memref<200xi16>) {
  %table = memref.get_global @table_of_words : memref<256xi16>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<200xi8>) outs(%o : memref<200xi16>) {
  ^bb0(%q: i8, %out: i16):
    %i = arith.index_castui %q : i8 to index
    %entry = memref.load %table[%i] : memref<256xi16>
    linalg.yield %entry : i16
  }
  return
}
// CHECK-LABEL: func.func @apart(
// CHECK: linalg.generic
func.func @apart(%x: memref<200xi8, strided<[2]>>, %o: memref<200xi8>) {
  %table = memref.get_global @table : memref<256xi8>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : memref<200xi8, strided<[2]>>) outs(%o : memref<200xi8>) {
  ^bb0(%q: i8, %out: i8):
    %i = arith.index_castui %q : i8 to index
    %entry = memref.load %table[%i] : memref<256xi8>
    linalg.yield %entry : i8
  }
  return
}
}
