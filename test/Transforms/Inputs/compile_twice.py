# Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import quanta

module = quanta.Module.parse("""
func.func @f(%x: tensor<?xf32>, %i: index) -> f32 {
  %y = tensor.extract %x[%i] : tensor<?xf32>
  return %y : f32
}
func.func @g(%x: tensor<?xf32>, %i: index) -> f32 {
  %y = tensor.extract %x[%i] : tensor<?xf32>
  return %y : f32
}""", "m")
first, second = (str(module.run("quanta-to-llvm")) for _ in range(2))
assert "assertion_1_text" in first and first == second
