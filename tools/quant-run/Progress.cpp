//===- Progress.cpp - How far a run over data is --------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Progress.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace quanta {

Progress::Progress()
    : isVisible(sys::Process::StandardErrIsDisplayed()), start(Clock::now()),
      next(start + std::chrono::milliseconds(500)) {}

Progress::~Progress() {
  if (isShown)
    errs() << "\r\x1b[K";
}

void Progress::step(DataSetPlace place) {
  ++count;
  Clock::time_point now = Clock::now();
  if (!isVisible || now < next)
    return;
  next = now + std::chrono::milliseconds(100);
  isShown = true;
  double seconds = std::chrono::duration<double>(now - start).count();
  errs() << "\r\x1b[K" << "calibrating: ";
  size_t done = place.file + 1;
  if (place.files > 1) {
    std::string bar(20 * done / place.files, '#');
    bar.resize(20, '.');
    errs() << '[' << bar << "] " << done << '/' << place.files << ", ";
  } else {
    errs() << count << " samples, ";
  }
  errs() << format("%.1f/s", static_cast<double>(count) / seconds);
  if (place.files > 1) {
    auto left =
        static_cast<int64_t>(seconds / static_cast<double>(done) *
                                 static_cast<double>(place.files - done) +
                             0.5);
    errs() << format(", %lld:%02lld left", static_cast<long long>(left / 60),
                     static_cast<long long>(left % 60));
  }
}

} // namespace quanta
