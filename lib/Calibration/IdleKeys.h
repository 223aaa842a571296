//===- IdleKeys.h - What a recipe says in vain ----------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_CALIBRATION_IDLEKEYS_H
#define QUANTA_LIB_CALIBRATION_IDLEKEYS_H

#include "quanta/Calibration/Recipe.h"

namespace quanta {

/// One sentence about a key of the recipe that no tensor could follow, whatever
/// the model: whoever wrote it expects something of it.
std::optional<std::string> findIdleKey(const Recipe &recipe);

} // namespace quanta

#endif // QUANTA_LIB_CALIBRATION_IDLEKEYS_H
