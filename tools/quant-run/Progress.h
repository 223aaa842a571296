//===- Progress.h - How far a run over data is ------------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TOOLS_QUANTRUN_PROGRESS_H
#define QUANTA_TOOLS_QUANTRUN_PROGRESS_H

#include "quanta/Execution/DataSet.h"

#include <chrono>

namespace quanta {

/// A line on the terminal with the samples that a run has seen, their rate and
/// the time left, that of the Python package. Where errors do not go to a
/// terminal it writes nothing, nor about runs that are over at once.
class Progress {
public:
  Progress();
  /// Takes the line away.
  ~Progress();
  Progress(const Progress &) = delete;
  Progress &operator=(const Progress &) = delete;

  /// One more sample has been used.
  void step(DataSetPlace place);

private:
  using Clock = std::chrono::steady_clock;
  bool isVisible, isShown = false;
  size_t count = 0;
  Clock::time_point start, next;
};

} // namespace quanta

#endif // QUANTA_TOOLS_QUANTRUN_PROGRESS_H
