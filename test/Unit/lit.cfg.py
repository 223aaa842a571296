# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# The unit tests: every program *Tests is a GoogleTest program.
import os

import lit.formats

config.name = "Quanta-Unit"
config.test_format = lit.formats.GoogleTest(".", "Tests")
config.suffixes = []
config.test_exec_root = os.path.join(config.quanta_obj_root, "test", "Unit")
config.test_source_root = config.test_exec_root
# Code that is generated anew only where a change reached it.
config.environment["QUANTA_CACHE_DIR"] = os.path.join(config.quanta_obj_root, "test", "objects")
if "long" in lit_config.params:
    config.environment["QUANTA_LONG_TESTS"] = "1"
if "-fsanitize" in config.cxx_flags:
    config.environment["ASAN_OPTIONS"] = "allow_user_poisoning=0"
