# What `cmake --install` leaves: tools, plugin, headers (the generated ones too)
# and the CMake package that find_package(Quanta) reads. The Python package
# takes only its own component out of this tree.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(QUANTA_INSTALL_CMAKEDIR ${CMAKE_INSTALL_LIBDIR}/cmake/Quanta)
set(QUANTA_PLUGIN_PATH ${CMAKE_INSTALL_LIBDIR}/QuantaPlugin.so)
set(QUANTA_MLIR_VERSION ${LLVM_VERSION_MAJOR}.${LLVM_VERSION_MINOR})

set(QUANTA_LIBRARIES)
file(GLOB library_directories RELATIVE ${PROJECT_SOURCE_DIR}/lib ${PROJECT_SOURCE_DIR}/lib/*)
foreach(directory ${library_directories})
  if(TARGET Quanta${directory})
    list(APPEND QUANTA_LIBRARIES Quanta${directory})
  endif()
endforeach()
string(REPLACE ";" " " QUANTA_LIBRARIES "${QUANTA_LIBRARIES}")

foreach(tool quant-opt quant-run quanta-merge-statistics QuantaPlugin)
  if(TARGET ${tool})
    install(TARGETS ${tool} COMPONENT quanta-tools
      RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
      LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  endif()
endforeach()
# Debian's libMLIR is in no folder that the loader searches by itself.
foreach(target quant-opt quant-run quanta-merge-statistics QuantaPlugin _quanta)
  if(TARGET ${target})
    set_property(TARGET ${target} PROPERTY INSTALL_RPATH_USE_LINK_PATH ON)
  endif()
endforeach()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/quanta ${PROJECT_BINARY_DIR}/include/quanta
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT quanta-development
  FILES_MATCHING PATTERN "*.h" PATTERN "*.inc" PATTERN "*.td"
  PATTERN CMakeFiles EXCLUDE)
install(EXPORT QuantaTargets DESTINATION ${QUANTA_INSTALL_CMAKEDIR}
  COMPONENT quanta-development)

configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/QuantaConfig.cmake.in
  ${PROJECT_BINARY_DIR}/QuantaConfig.cmake
  INSTALL_DESTINATION ${QUANTA_INSTALL_CMAKEDIR}
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_BINDIR QUANTA_PLUGIN_PATH)
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/QuantaConfigVersion.cmake
  VERSION ${PROJECT_VERSION} COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/QuantaConfig.cmake
  ${PROJECT_BINARY_DIR}/QuantaConfigVersion.cmake
  DESTINATION ${QUANTA_INSTALL_CMAKEDIR} COMPONENT quanta-development)
