//===- AutoBudget.h - Whether a recipe keeps its budget ---------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_API_AUTOBUDGET_H
#define QUANTA_LIB_API_AUTOBUDGET_H

#include "quanta/API/Analysis.h"

#include <string>

namespace quanta {

/// What the figures say about the budget.
/// `Exceeded` where only predictions say so, and so few that chance explains
/// it.
enum class Budget { Holds, Exceeded, RuledOut };

struct Verdict {
  Budget budget = Budget::Holds;
  /// By what it is exceeded.
  std::string why;
  /// How many predictions changed of the first result where too many did.
  std::string changed;
  /// The loss over the budget, of the worst result.
  double excess = 0;
};

Verdict judge(const Analysis &analysis, double maxLoss);

} // namespace quanta

#endif // QUANTA_LIB_API_AUTOBUDGET_H
