// RUN: quant-opt %s --quanta-parallelize-loops="threads=2 min-work=64" | FileCheck %s
// RUN: quant-opt %s --quanta-parallelize-loops | FileCheck %s --check-prefix=ONE
// RUN: not quant-opt %s --quanta-parallelize-loops=threads=0 2>&1 | FileCheck %s --check-prefix=NONE

// NONE: error: quanta-parallelize-loops needs between 1 and 1024 threads, got 0
// ONE-NOT: omp.parallel
// ONE-NOT: quanta.parallel

// The outermost loop that keeps both threads busy.
// CHECK-LABEL: func.func @outermost(
// CHECK: %[[N:.*]] = arith.constant 2 : i32
// CHECK: omp.parallel num_threads(%[[N]] : i32) {
// CHECK: omp.wsloop schedule(static) {
// CHECK-NEXT: omp.loop_nest (%[[I:.*]]) : index = (%c0) to (%c8) step (%c1) {
// CHECK-NEXT: scf.for %[[J:.*]] = %c0 to %c16 step %c1 {
// CHECK-NEXT: memref.load %{{.*}}[%[[I]], %[[J]]]
// CHECK-NOT: quanta.parallel
// CHECK: omp.yield
// CHECK: omp.terminator
func.func @outermost(%a: memref<8x16xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %c16 = arith.constant 16 : index
  scf.for %i = %c0 to %c8 step %c1 {
    scf.for %j = %c0 to %c16 step %c1 {
      %x = memref.load %a[%i, %j] : memref<8x16xf32>
      %y = arith.addf %x, %x : f32
      memref.store %y, %a[%i, %j] : memref<8x16xf32>
    } {quanta.parallel}
  } {quanta.parallel}
  return
}

// Three iterations would leave one thread idle half of the time: those of the
// loop in it do not.
// CHECK-LABEL: func.func @uneven(
// CHECK: scf.for
// CHECK: omp.parallel
// CHECK: omp.loop_nest ({{.*}}) : index = (%c0) to (%c64) step (%c1)
func.func @uneven(%a: memref<3x64xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c64 = arith.constant 64 : index
  scf.for %i = %c0 to %c3 step %c1 {
    scf.for %j = %c0 to %c64 step %c1 {
      %x = memref.load %a[%i, %j] : memref<3x64xf32>
      memref.store %x, %a[%i, %j] : memref<3x64xf32>
    } {quanta.parallel}
  } {quanta.parallel}
  return
}

// The number of iterations decides when the program runs: from 32 on.
// CHECK-LABEL: func.func @open(
// CHECK: %[[SPAN:.*]] = arith.subi %{{.*}}, %c0
// CHECK: %[[TRIPS:.*]] = arith.divsi %[[SPAN]], %c1
// CHECK: %[[LEAST:.*]] = arith.constant 32 : index
// CHECK: %[[ENOUGH:.*]] = arith.cmpi sge, %[[TRIPS]], %[[LEAST]]
// CHECK: omp.parallel if(%[[ENOUGH]]) num_threads
func.func @open(%a: memref<?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %x = memref.load %a[%i] : memref<?xf32>
    memref.store %x, %a[%i] : memref<?xf32>
  } {quanta.parallel}
  return
}

// Each thread takes its own stack, once.
// CHECK-LABEL: func.func @stack(
// CHECK-NOT: memref.alloca
// CHECK: omp.parallel
// CHECK-NEXT: %[[OWN:.*]] = memref.alloca() : memref<f32>
// CHECK: omp.loop_nest
// CHECK-NOT: memref.alloca
// CHECK: memref.store %{{.*}}, %[[OWN]][]
func.func @stack(%a: memref<4096xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4096 = arith.constant 4096 : index
  scf.for %i = %c0 to %c4096 step %c1 {
    %own = memref.alloca() : memref<f32>
    %x = memref.load %a[%i] : memref<4096xf32>
    memref.store %x, %own[] : memref<f32>
  } {quanta.parallel}
  return
}

// Too little work; iterations of which nothing is known; a buffer for each
// iteration; a call.
// CHECK-LABEL: func.func @alone(
// CHECK-NOT: omp.parallel
// CHECK: return
func.func private @f(memref<f32>)
func.func @alone(%a: memref<4096xf32>, %b: memref<f32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %c4096 = arith.constant 4096 : index
  scf.for %i = %c0 to %c8 step %c1 {
    %x = memref.load %a[%i] : memref<4096xf32>
    memref.store %x, %a[%i] : memref<4096xf32>
  } {quanta.parallel}
  scf.for %i = %c0 to %c4096 step %c1 {
    %x = memref.load %a[%i] : memref<4096xf32>
    memref.store %x, %b[] : memref<f32>
  }
  scf.for %i = %c0 to %c4096 step %c1 {
    %own = memref.alloc() : memref<f32>
    %x = memref.load %a[%i] : memref<4096xf32>
    memref.store %x, %own[] : memref<f32>
    memref.dealloc %own : memref<f32>
  } {quanta.parallel}
  scf.for %i = %c0 to %c4096 step %c1 {
    %x = memref.load %a[%i] : memref<4096xf32>
    func.call @f(%b) : (memref<f32>) -> ()
  } {quanta.parallel}
  return
}

// Loops that run one after the other share what each takes on the stack.
// ONE-LABEL: func.func @shared_stack(
// ONE-COUNT-2: memref.alloca() : memref<8xf32>
// ONE-NOT: memref.alloca()
// ONE: scf.for
// ONE: scf.for
// CHECK-LABEL: func.func @shared_stack(
func.func @shared_stack(%a: memref<4x8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  scf.for %i = %c0 to %c4 step %c1 {
    %x = memref.alloca() : memref<8xf32>
    %y = memref.alloca() : memref<8xf32>
    %e = memref.load %a[%i, %c0] : memref<4x8xf32>
    memref.store %e, %x[%c0] : memref<8xf32>
    memref.store %e, %y[%c1] : memref<8xf32>
  }
  scf.for %i = %c0 to %c4 step %c1 {
    %x = memref.alloca() : memref<8xf32>
    %e = memref.load %a[%i, %c0] : memref<4x8xf32>
    memref.store %e, %x[%c0] : memref<8xf32>
  }
  return
}
