# Most of what the start of a tool costs is the loader's work on the shared libMLIR
# and libLLVM, and the tests start tools many hundred times. They start twins
# instead: the same objects, linked with the static archives of MLIR and LLVM, for
# a fixed address. What is installed stays shared: it is small, and a plugin that
# quant-opt loads brings the shared libraries along.

# Debian's static LLVM calls zlib and zstd; of the latter there may be no more
# than the library itself.
find_library(QUANTA_ZSTD_LIBRARY NAMES zstd libzstd.so.1)
mark_as_advanced(QUANTA_ZSTD_LIBRARY)

# Other linkers take longer for 170 MB than the tests gain.
include(CMakeDependentOption)
cmake_dependent_option(QUANTA_STATIC_TOOLS
  "Link statically, for the tests only, the tools that they start often" ON
  "LLVM_USE_LINKER STREQUAL lld;TARGET MLIRIR;TARGET LLVMCore;TARGET ZLIB::ZLIB;QUANTA_ZSTD_LIBRARY"
  OFF)
if(NOT QUANTA_STATIC_TOOLS)
  set(QUANTA_STATIC_TOOLS_DIR "")
  function(quanta_link_statically)
  endfunction()
  return()
endif()
set(QUANTA_STATIC_TOOLS_DIR ${PROJECT_BINARY_DIR}/test/bin)

# All archives by their file names, since the targets would bring libLLVM.so
# along; of those that are not needed, nothing is linked.
add_library(quanta-static-mlir INTERFACE)
get_property(archives GLOBAL PROPERTY MLIR_ALL_LIBS)
list(APPEND archives ${LLVM_AVAILABLE_LIBS})
list(FILTER archives INCLUDE REGEX "^(MLIR|LLVM)")
list(FILTER archives EXCLUDE REGEX "^MLIR(CAPI|Test)|TestPasses$")
foreach(archive ${archives})
  if(TARGET ${archive})
    get_target_property(type ${archive} TYPE)
    if(type STREQUAL STATIC_LIBRARY)
      target_link_libraries(quanta-static-mlir INTERFACE $<TARGET_FILE:${archive}>)
    endif()
  endif()
endforeach()
target_link_libraries(quanta-static-mlir INTERFACE
  ZLIB::ZLIB ${QUANTA_ZSTD_LIBRARY} ${CMAKE_DL_LIBS})
target_link_options(quanta-static-mlir INTERFACE
  -no-pie -static-libstdc++ LINKER:--gc-sections LINKER:--strip-all)

# quanta_link_statically(TOOL): a twin of the tool for the tests.
function(quanta_link_statically tool)
  add_executable(${tool}-static $<TARGET_OBJECTS:${tool}>)
  get_target_property(libraries ${tool} LINK_LIBRARIES)
  target_link_libraries(${tool}-static PRIVATE ${libraries} quanta-static-mlir)
  set_target_properties(${tool}-static PROPERTIES
    QUANTA_STATIC ON
    OUTPUT_NAME ${tool}
    LINKER_LANGUAGE CXX
    RUNTIME_OUTPUT_DIRECTORY ${QUANTA_STATIC_TOOLS_DIR}
    # libomp, which is opened at run time.
    BUILD_RPATH ${LLVM_LIBRARY_DIR})
endfunction()
