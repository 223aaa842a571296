//===- SegmentCheck.h - Layers of the simulated stage alone -----*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_API_SEGMENTCHECK_H
#define QUANTA_LIB_API_SEGMENTCHECK_H

#include "QuantizationPoints.h"
#include "quanta/Calibration/Statistics.h"
#include "quanta/Execution/Executable.h"

#include <cmath>
#include <memory>
#include <vector>

namespace quanta {

/// Computes each layer of the simulated stage alone, from what the quantized
/// stage found before it, and compares: they may differ by one step.
class SegmentCheck {
public:
  /// `executable` has the functions of the segments.
  SegmentCheck(std::vector<Segment> segments,
               std::unique_ptr<Executable> executable)
      : segments(std::move(segments)), figures(this->segments.size()),
        executable(std::move(executable)) {}

  /// What calibration saw of the results of `entry`: those of a run may be
  /// nothing but what rounding leaves of sums that cancel.
  void setResultRanges(const Statistics &statistics, llvm::StringRef entry);

  /// Runs the segments on `stored`, the storage of the quantized stage's
  /// `points`, and compares with it and with that stage's `results`.
  llvm::Error add(llvm::ArrayRef<HostTensor> arguments,
                  llvm::ArrayRef<QuantizationPoint> points,
                  llvm::ArrayRef<HostTensor> stored,
                  llvm::ArrayRef<HostTensor> results);

  /// Prints a table; the error names the first layer that is too far away.
  llvm::Error report(llvm::ArrayRef<QuantizationPoint> points,
                     llvm::raw_ostream &os) const;

private:
  struct Figures {
    int64_t elements = 0;
    /// Differences that are not zero: in steps for points, absolute for
    /// results, whose range is known at the end.
    std::vector<float> differences;
    double min = INFINITY;
    double max = -INFINITY;

    double getStep(const Segment &segment,
                   llvm::ArrayRef<QuantizationPoint> points) const;
    void add(const HostTensor &actual, const HostTensor &expected,
             const QuantParams *params);
  };

  std::vector<Segment> segments;
  std::vector<Figures> figures;
  std::unique_ptr<Executable> executable;
};

} // namespace quanta

#endif // QUANTA_LIB_API_SEGMENTCHECK_H
