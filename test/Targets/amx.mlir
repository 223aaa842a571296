// REQUIRES: host-x86
// RUN: quant-run %s --emit=asm --target=x86_64-linux-gnu,sapphirerapids -o - | FileCheck %s
// RUN: quant-run %s --emit=llvm-ir --target=x86_64-linux-gnu,cascadelake -o - | FileCheck %s --check-prefix=WITHOUT
// RUN: quant-run %s --emit=asm --target=x86_64-linux-gnu,sapphirerapids --opt-level=0 -o - | FileCheck %s --check-prefix=ZERO

// ZERO: tdpbusd
// All rows are AMX's, the last tile of them ends with the last row; sums start from
// the same row of memory. Nothing of them is spilled. The object asks the system
// for the registers when it is loaded.
// CHECK-LABEL: {{^}}main:
// CHECK: ldtilecfg
// CHECK-COUNT-4: tileloadd
// CHECK: tileloadd
// CHECK-COUNT-4: tdpbusd
// CHECK-COUNT-4: tilestored
// CHECK: tileloadd
// CHECK-COUNT-2: tilestored
// CHECK-NOT: tilestored
// CHECK: tilerelease
// CHECK: movl $158, %eax
// CHECK-NEXT: movl $4131, %edi
// CHECK-NEXT: movl $18, %esi
// CHECK: syscall
// CHECK: .init_array
// CHECK: .quad {{.*}}quanta.request_matrices
// WITHOUT-NOT: llvm.global_ctors
!u8 = !quant.uniform<u8:f32, 0.5:3>
!i8 = !quant.uniform<i8<-127:127>:f32, 0.25>
!acc = !quant.uniform<i32:f32, 0.125>
func.func @main(%x: tensor<33x70x!u8>, %w: tensor<70x32x!i8>) -> tensor<33x32x!acc> {
  %0 = quanta.matmul %x, %w : tensor<33x70x!u8>, tensor<70x32x!i8> -> tensor<33x32x!acc>
  return %0 : tensor<33x32x!acc>
}
