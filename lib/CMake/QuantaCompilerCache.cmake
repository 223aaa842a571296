# Lets all builds of these sources share what ccache keeps: a wheel is built in a
# folder of its own, from the same sources with the same flags. What would tell the
# builds apart are paths, and the precompiled header, which holds paths too: paths
# inside of a build are taken as relative, and of the precompiled header counts
# what it was made from.
set(QUANTA_CACHE_LAUNCHER "")
if(UNIX AND CMAKE_CXX_COMPILER_LAUNCHER)
  list(GET CMAKE_CXX_COMPILER_LAUNCHER 0 launcher)
  get_filename_component(launcher ${launcher} NAME)
  if(launcher STREQUAL ccache)
    # Without the first two, ccache passes by all sources that use a precompiled
    # header; a test that builds has no locale.
    set(QUANTA_CACHE_LAUNCHER env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_ctime,include_file_mtime,locale)
  endif()
endif()

# The precompiled header itself is for its own build only.
function(quanta_cache_precompiled_header target)
  if(QUANTA_CACHE_LAUNCHER)
    set_target_properties(${target} PROPERTIES CXX_COMPILER_LAUNCHER
      "${QUANTA_CACHE_LAUNCHER};${CMAKE_CURRENT_FUNCTION_LIST_DIR}/with-checksum.sh;${CMAKE_CXX_COMPILER_LAUNCHER}")
  endif()
endfunction()

function(quanta_cache_objects target)
  if(QUANTA_CACHE_LAUNCHER)
    set_target_properties(${target} PROPERTIES CXX_COMPILER_LAUNCHER
      "${QUANTA_CACHE_LAUNCHER};CCACHE_BASEDIR=${CMAKE_BINARY_DIR};CCACHE_PCH_EXTSUM=true;${CMAKE_CXX_COMPILER_LAUNCHER}")
  endif()
endfunction()
