# Most of a source's compile time is MLIR's headers. They are parsed once, into
# one precompiled header that all targets share; it holds none of Quanta's own, so
# that editing those never rebuilds it. QUANTA_PRECOMPILE_HEADERS=OFF shows
# whether each source still includes what it uses.
option(QUANTA_PRECOMPILE_HEADERS "Parse MLIR's headers once for all sources" ON)

include(QuantaCompilerCache)

if(QUANTA_PRECOMPILE_HEADERS)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/precompiled.cpp)
  file(GENERATE OUTPUT ${source} CONTENT "")
  add_library(quanta-precompiled OBJECT ${source})
  target_precompile_headers(quanta-precompiled PRIVATE
    <mlir/Bytecode/BytecodeOpInterface.h>
    <mlir/Dialect/Affine/IR/AffineOps.h>
    <mlir/Dialect/Arith/IR/Arith.h>
    <mlir/Dialect/Func/IR/FuncOps.h>
    <mlir/Dialect/LLVMIR/LLVMDialect.h>
    <mlir/Dialect/Linalg/IR/Linalg.h>
    <mlir/Dialect/Linalg/Utils/Utils.h>
    <mlir/Dialect/Math/IR/Math.h>
    <mlir/Dialect/MemRef/IR/MemRef.h>
    <mlir/Dialect/Quant/IR/Quant.h>
    <mlir/Dialect/SCF/IR/SCF.h>
    <mlir/Dialect/Tensor/IR/Tensor.h>
    <mlir/Dialect/Vector/IR/VectorOps.h>
    <mlir/IR/Matchers.h>
    <mlir/IR/PatternMatch.h>
    <mlir/Interfaces/DestinationStyleOpInterface.h>
    <mlir/Interfaces/InferTypeOpInterface.h>
    <mlir/Pass/Pass.h>
    <mlir/Transforms/DialectConversion.h>
    <mlir/Transforms/GreedyPatternRewriteDriver.h>)
  quanta_cache_precompiled_header(quanta-precompiled)
  if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
    # The compiler cache compares contents; a time inside would defeat it.
    target_compile_options(quanta-precompiled PRIVATE
      "SHELL:-Xclang -fno-pch-timestamp")
    # CMake names the header's source behind it, by a path that ccache does not
    # take as relative; clang needs the precompiled header alone.
    set(CMAKE_CXX_COMPILE_OPTIONS_USE_PCH -Xclang -include-pch -Xclang <PCH_FILE>)
  endif()
endif()

function(quanta_precompile_headers target)
  quanta_cache_objects(${target})
  if(QUANTA_PRECOMPILE_HEADERS)
    get_target_property(type ${target} TYPE)
    if(type STREQUAL EXECUTABLE)
      # -fPIE would differ from what the header was compiled with.
      set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
      target_compile_options(${target} PRIVATE -fPIC)
    endif()
    target_precompile_headers(${target} REUSE_FROM quanta-precompiled)
    if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
      target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
    endif()
  endif()
endfunction()
