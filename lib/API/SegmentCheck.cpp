//===- SegmentCheck.cpp - Layers of the simulated stage alone -------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SegmentCheck.h"

#include "Comparison.h"

#include "llvm/Support/Format.h"

using namespace llvm;

namespace quanta {

/// What differences are divided by to count in steps: of a result that is not
/// quantized, those that 8 bits would have for the values of this run and of
/// calibration, with a range that holds zero as that of every quantized type.
/// So too for 16 bits, whose own steps are finer than sums of floats.
double
SegmentCheck::Figures::getStep(const Segment &segment,
                               ArrayRef<QuantizationPoint> points) const {
  if (segment.point)
    return points[*segment.point].params.storageWidth() > 8 ? 256 : 1;
  double range = std::max(max, 0.0) - std::min(min, 0.0);
  return range / 255;
}

void SegmentCheck::Figures::add(const HostTensor &actual,
                                const HostTensor &expected,
                                const QuantParams *params) {
  elements += actual.getNumElements();
  for (int64_t i = 0, e = actual.getNumElements(); i < e; ++i) {
    double a = readElement(actual, i), b = readElement(expected, i);
    if (std::isfinite(a)) {
      min = std::min(min, a);
      max = std::max(max, a);
    }
    double difference = std::abs(a - b);
    if (a == b || (std::isnan(a) && std::isnan(b)))
      difference = 0;
    else if (std::isnan(difference))
      difference = INFINITY;
    // Both are multiples of the scale, up to the rounding of f32.
    if (params)
      difference = std::nearbyint(
          difference / params->scale(params->getChannel(actual.getShape(), i)));
    if (difference != 0)
      differences.push_back(static_cast<float>(difference));
  }
}

void SegmentCheck::setResultRanges(const Statistics &statistics,
                                   StringRef entry) {
  for (auto [segment, figure] : zip_equal(segments, figures)) {
    auto seen = statistics.observers.find(entry.str() + "/result_" +
                                          std::to_string(segment.result));
    if (segment.point || seen == statistics.observers.end() ||
        !seen->second.hasFiniteData())
      continue;
    figure.min = seen->second.min;
    figure.max = seen->second.max;
  }
}

Error SegmentCheck::add(ArrayRef<HostTensor> arguments,
                        ArrayRef<QuantizationPoint> points,
                        ArrayRef<HostTensor> stored,
                        ArrayRef<HostTensor> results) {
  // What the simulated program would see of the quantized one's values.
  std::vector<HostTensor> values;
  for (auto [storage, point] : zip_equal(stored, points)) {
    Expected<HostTensor> value = dequantize(storage, point.params);
    if (!value)
      return value.takeError();
    values.push_back(std::move(*value));
  }
  for (auto [segment, figure] : zip_equal(segments, figures)) {
    std::vector<HostTensor> inputs;
    for (const Segment::Input &input : segment.inputs) {
      const HostTensor &source = input.kind == Segment::Input::Argument
                                     ? arguments[input.index]
                                     : values[input.index];
      inputs.push_back(HostTensor::borrow(source.getKind(), source.getShape(),
                                          source.getStrides(),
                                          source.getData()));
    }
    Expected<SmallVector<HostTensor>> output =
        executable->callDense(segment.function, inputs);
    if (!output)
      return output.takeError();
    const HostTensor &expected =
        segment.point ? values[*segment.point] : results[segment.result];
    const HostTensor &actual = output->front();
    if (actual.getShape() != expected.getShape())
      return createStringError(
          segment.name + " has the shape " +
          formatShape(actual.getShape(), actual.getKind()) +
          " in the simulated stage and " +
          formatShape(expected.getShape(), expected.getKind()) +
          " in the quantized stage");
    figure.add(actual, expected,
               segment.point ? &points[*segment.point].params : nullptr);
  }
  return Error::success();
}

Error SegmentCheck::report(ArrayRef<QuantizationPoint> points,
                           raw_ostream &os) const {
  std::string failed;
  size_t width = 5;
  for (const Segment &segment : segments)
    width = std::max(width, segment.name.size());
  os << "simulated -> quantized, each layer alone, in steps of its scale:\n  "
     << left_justify("layer", width)
     << "     elements   half or more             max\n";
  for (auto [segment, figure] : zip_equal(segments, figures)) {
    double step = figure.getStep(segment, points), steps = 0;
    int64_t differing = 0;
    for (float difference : figure.differences) {
      differing += difference / step >= 0.5;
      steps = std::max(steps, difference / step);
    }
    double share = figure.elements ? 100.0 * differing / figure.elements : 0;
    os << "  " << left_justify(segment.name, width)
       << format(" %12lld %12lld (%6.3f%%) %7.4g",
                 static_cast<long long>(figure.elements),
                 static_cast<long long>(differing), share, steps)
       << (segment.isChain ? "  (several layers)" : "") << "\n";
    if (steps <= 1 || segment.isChain || !failed.empty())
      continue;
    raw_string_ostream message(failed);
    if (!segment.location.empty())
      message << segment.location << ": ";
    message << "error: the quantized stage is " << format("%.4g", steps)
            << " steps from the simulated stage at "
            << (segment.point ? "'" + segment.name + "'" : segment.name)
            << ", computed alone; at most 1 is allowed";
  }
  return failed.empty() ? Error::success() : createStringError(failed);
}

} // namespace quanta
