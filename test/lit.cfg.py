# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# The text tests: each file's RUN lines are a small shell script.
import os
import platform
import shutil
import subprocess

import lit.formats
from lit.llvm import llvm_config
from lit.llvm.subst import ToolSubst

config.name = "Quanta"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test", ".py"]
config.excludes = ["Inputs", "CMakeLists.txt", "lit.cfg.py", "fuzz.py"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.quanta_obj_root, "test")

sanitized = "-fsanitize" in config.cxx_flags
tools_dir = os.path.join(config.quanta_obj_root, "bin")
plugin = os.path.join(config.quanta_obj_root, "lib", "QuantaPlugin.so")
python_path = os.path.join(config.quanta_obj_root, "python")
# The build tools that this project was built with come first.
build_path = os.pathsep.join(
    [os.path.dirname(config.cmake), os.path.dirname(config.make_program), config.environment["PATH"]]
)

def tools(*names):
    return [ToolSubst(name, unresolved="fatal") for name in names]


# What is linked statically for the tests comes first.
llvm_config.add_tool_substitutions(
    tools("quant-opt", "quant-run", "quanta-merge-statistics"),
    [config.quanta_static_tools, tools_dir] if config.quanta_static_tools else [tools_dir],
)
llvm_config.add_tool_substitutions(
    tools(
        "FileCheck",
        "count",
        "llc",
        "llvm-objdump",
        "llvm-readelf",
        "mlir-opt",
        "mlir-translate",
        "not",
        "split-file",
    ),
    [config.llvm_tools_dir],
)
config.substitutions += [
    ("%python", f'"{config.python_executable}"'),
    ("%quanta_src", config.quanta_src_root),
    ("%quanta_obj", config.quanta_obj_root),
    ("%quanta_plugin", plugin),
    ("%cmake", config.cmake),
    # What another project needs to be built as this one was.
    (
        "%consumer_options",
        f"-G Ninja -DCMAKE_MAKE_PROGRAM={config.make_program} "
        f"-DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER={config.c_compiler} "
        f"-DCMAKE_CXX_COMPILER={config.cxx_compiler} "
        f"-DCMAKE_CXX_COMPILER_LAUNCHER={config.cxx_launcher} "
        f"-DCMAKE_EXE_LINKER_FLAGS=-fuse-ld={config.linker or 'bfd'} "
        f"-DMLIR_DIR={config.mlir_dir}",
    ),
    (
        "%consumer_environment",
        f"PATH='{build_path}' CC={config.c_compiler} CXX={config.cxx_compiler} "
        f"CMAKE_C_COMPILER_LAUNCHER={config.cxx_launcher} "
        f"CMAKE_CXX_COMPILER_LAUNCHER={config.cxx_launcher} "
        f"MLIR_DIR={config.mlir_dir}",
    ),
    ("%aarch64-gcc", config.aarch64_gcc),
    ("%qemu-aarch64", config.qemu_aarch64),
    ("%qemu-x86_64", config.qemu_x86_64),
    ("%cc", config.c_compiler),
]
config.environment["PYTHONPATH"] = python_path
# Nothing is written among the sources; the arrays of these tests are too small for
# threads.
config.environment["PYTHONDONTWRITEBYTECODE"] = "1"
for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    config.environment[variable] = "1"
# Code that is generated anew only where a change reached it.
config.environment["QUANTA_CACHE_DIR"] = os.path.join(config.quanta_obj_root, "test", "objects")
for variable in os.environ:
    if variable in ("HOME", "ASAN_OPTIONS", "UBSAN_OPTIONS") or variable.startswith("CCACHE_"):
        config.environment[variable] = os.environ[variable]


def cpu_flags():
    """The instruction sets of this machine, under the kernel's names."""
    try:
        with open("/proc/cpuinfo") as info:
            for line in info:
                if line.startswith(("flags", "Features")):
                    return set(line.partition(":")[2].split())
    except OSError:
        pass
    return set()


def enable(feature, condition):
    if condition:
        config.available_features.add(feature)


flags = cpu_flags()
enable("host-x86", platform.machine() in ("x86_64", "AMD64"))
enable("host-aarch64", platform.machine() in ("aarch64", "arm64"))
enable("avx2", "avx2" in flags)
enable("avx512vnni", "avx512_vnni" in flags)
enable("avxvnni", "avx_vnni" in flags)
enable("aarch64-gcc", "NOTFOUND" not in config.aarch64_gcc)
enable("qemu-aarch64", "NOTFOUND" not in config.qemu_aarch64)
enable("qemu-x86_64", "NOTFOUND" not in config.qemu_x86_64)
enable("clang-format", shutil.which("clang-format-22"))
enable("git", shutil.which("git"))
enable("plugin", os.path.exists(plugin) and not sanitized)
enable("python-package", os.path.isdir(os.path.join(python_path, "quanta")) and not sanitized)
enable("sanitizer", sanitized)


enable("torch", subprocess.call([config.python_executable, "-c", "import importlib.util as u, sys; sys.exit(not u.find_spec('torch'))"]) == 0)

if sanitized:
    # libMLIR is not instrumented and shares bump-pointer allocators with code
    # that is: one would poison what the other hands out.
    config.environment.setdefault("ASAN_OPTIONS", "allow_user_poisoning=0:detect_leaks=1")
    config.environment.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
