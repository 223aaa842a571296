// Code for this machine and others, with the C header beside an object.
//
// RUN: rm -rf %t && mkdir %t
// RUN: quant-run %s --emit=obj --target=aarch64-linux-gnu,cortex-a76 -o %t/model.o
// RUN: llvm-readelf --file-header --symbols %t/model.o | FileCheck %s --check-prefix=OBJ
// RUN: FileCheck %s --check-prefix=HEADER --input-file=%t/model.h
// RUN: quant-run %s --emit=asm --target=x86_64-linux-gnu,haswell -o - | FileCheck %s --check-prefix=ASM
// RUN: quant-run %s --emit=llvm-ir --target=x86_64-linux-gnu,znver4 -o %t/model.ll
// RUN: FileCheck %s --check-prefix=IR --input-file=%t/model.ll

// Only the C interface is visible from outside.
// OBJ: Machine: AArch64
// OBJ-NOT: GLOBAL {{.*}} main
// OBJ-DAG: GLOBAL {{.*}} _mlir_ciface_main
// OBJ-DAG: GLOBAL {{.*}} _mlir_ciface_pair
// OBJ-DAG: quanta_free_buffers

// ASM: _mlir_ciface_main:
// Products and sums stay two roundings.
// ASM: vmulss
// ASM: vaddss
// ASM-NOT: vfmadd

// IR: target triple = "x86_64-unknown-linux-gnu"
// IR: define {{.*}} @_mlir_ciface_main
// IR: "target-cpu"="znver4"

// HEADER: #ifndef QUANTA_GENERATED_MODEL_H
// HEADER: void quanta_free_buffers(void);
// "main" is not free in C.
// HEADER: float _mlir_ciface_main(float arg0, float arg1);
// HEADER: static inline float quanta_main_(float arg0, float arg1) {
// HEADER-NEXT: return _mlir_ciface_main(arg0, arg1);
// HEADER: typedef struct {
// HEADER-NEXT: float *allocated;
// HEADER-NEXT: float *aligned;
// HEADER-NEXT: int64_t offset;
// HEADER-NEXT: int64_t sizes[2];
// HEADER-NEXT: int64_t strides[2];
// HEADER-NEXT: } quanta_tensor_f32_2;
// HEADER: typedef struct {
// HEADER-NEXT: quanta_tensor_f32_2 result0;
// HEADER-NEXT: int64_t result1;
// HEADER-NEXT: } pair_results;
// HEADER: void _mlir_ciface_pair(pair_results *result, quanta_tensor_f32_2 *arg0);
// HEADER: arg0: tensor<?x3xf32>, row-major, only read
// HEADER: static inline pair_results pair(const float *arg0, int64_t arg0_dim0) {
// HEADER-NEXT: {(float *)arg0, (float *)arg0, 0, {arg0_dim0, 3}, {3, 1}};
// Neither are the words of C++, the names of structures and of our macros, and
// those of the C library; names that look alike in C stay apart.
// HEADER: static inline float quanta_and(float arg0) {
// HEADER: static inline float quanta_pair_results(float arg0) {
// HEADER: static inline float quanta_exp(float arg0) {
// HEADER: static inline float quanta_int8_t(float arg0) {
// HEADER: static inline float quanta_QUANTA_TENSOR_F32_2(float arg0) {
// HEADER: float _mlir_ciface_a_b_(float arg0) __asm__("_mlir_ciface_a-b");
// HEADER: static inline float a_b_(float arg0) {
// HEADER: static inline float a_b(float arg0) {
// HEADER: static inline float quanta_main(float arg0) {
// HEADER: static inline float quanta_y1(float arg0) {
// A string stays one, whatever a name holds.
// HEADER: float _mlir_ciface_a_____(float arg0) __asm__("_mlir_ciface_a\042\134\012*/");
// Compilers that have no type for a bfloat16 leave out what needs it.
// HEADER: #if defined(__clang__) || __GNUC__ >= 13
// HEADER-NEXT: __bf16 _mlir_ciface_brain(__bf16 arg0);
// HEADER: static inline __bf16 brain(
// HEADER: #endif
// RUN: clang-22 -x c -std=c99 -Wall -Wextra -Werror -Wno-unused-function -fsyntax-only %t/model.h
// RUN: clang-22 -x c++ -std=c++20 -Wall -Wextra -Werror -Wno-unused-function -fsyntax-only %t/model.h

func.func @main(%a: f32, %b: f32) -> f32 {
  %p = arith.mulf %a, %b : f32
  %s = arith.addf %p, %a : f32
  return %s : f32
}

func.func @pair(%x: tensor<?x3xf32>) -> (tensor<?x3xf32>, index) {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x3xf32>
  return %x, %n : tensor<?x3xf32>, index
}

func.func @and(%x: f32) -> f32 {
  return %x : f32
}

func.func @pair_results(%x: f32) -> f32 {
  return %x : f32
}

func.func @exp(%x: f32) -> f32 {
  return %x : f32
}

func.func @int8_t(%x: f32) -> f32 {
  return %x : f32
}

func.func @QUANTA_TENSOR_F32_2(%x: f32) -> f32 {
  return %x : f32
}

func.func @"a-b"(%x: f32) -> f32 {
  return %x : f32
}

func.func @a_b(%x: f32) -> f32 {
  return %x : f32
}

func.func @quanta_main(%x: f32) -> f32 {
  return %x : f32
}

func.func @y1(%x: f32) -> f32 {
  return %x : f32
}

func.func @"a\22\\\0A*/"(%x: f32) -> f32 {
  return %x : f32
}

func.func @brain(%x: bf16) -> bf16 {
  return %x : bf16
}
