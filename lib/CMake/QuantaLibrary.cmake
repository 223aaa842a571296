# A library of Quanta: one for each directory under lib, static, linked with the
# shared libMLIR, installed and exported so that others can link any subset.
# Executables of this build with the property QUANTA_STATIC get no libMLIR from it.
#
#   add_quanta_library(QuantaX a.cpp b.cpp DEPENDS tablegen-targets LINK_LIBS QuantaY)
include(GNUInstallDirs)
add_custom_target(quanta-headers)

function(add_quanta_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LINK_LIBS" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  quanta_precompile_headers(${name})
  add_dependencies(${name} quanta-headers ${ARG_DEPENDS})
  set(is_static $<BOOL:$<TARGET_PROPERTY:QUANTA_STATIC>>)
  target_link_libraries(${name} PUBLIC ${ARG_LINK_LIBS}
    "$<BUILD_INTERFACE:$<$<NOT:${is_static}>:MLIR;LLVM>>"
    "$<INSTALL_INTERFACE:MLIR;LLVM>")
  target_include_directories(${name} PUBLIC
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  install(TARGETS ${name} EXPORT QuantaTargets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
endfunction()

# Generates C++ from a .td file of the current directory:
#   quanta_tablegen(QuantaOps.td QuantaOps.h.inc -gen-op-decls ...)
function(quanta_tablegen td)
  set(LLVM_TARGET_DEFINITIONS ${td})
  set(outputs ${ARGN})
  while(outputs)
    list(POP_FRONT outputs file generator)
    separate_arguments(generator)
    mlir_tablegen(${file} ${generator})
  endwhile()
  get_filename_component(stem ${td} NAME_WE)
  add_public_tablegen_target(${stem}IncGen)
  add_dependencies(quanta-headers ${stem}IncGen)
endfunction()
