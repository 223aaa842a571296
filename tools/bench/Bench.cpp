//===- Bench.cpp - Measures one library on one workload after another -----===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// quanta-bench SUBJECT: reads one JSON object from each line of the standard
// input and answers each with one line. The caller runs one process for each
// library, and lets them measure in turns.
//
//   {"do": "load", ...}          -> {"us": time to load, "note": what will run}
//   {"do": "measure", "seconds"} -> {"us": [times of a call]}
//   {"do": "peaks"}              -> {"dot", "fma"} in 1e9 operations a second
//   {"do": "bandwidth", "bytes"} -> {"read"} in 1e9 bytes a second
//   {"do": "unload"}             -> {}
//
// Whatever fails is answered with {"error": reason}.
//
//===----------------------------------------------------------------------===//

#include "Subject.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <iostream>

using namespace llvm;
using namespace quanta::bench;

using Clock = std::chrono::steady_clock;

static double secondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

size_t TensorSpec::getByteSize() const {
  size_t bytes = type == "f32" ? 4 : 1;
  for (int64_t size : shape)
    bytes *= size;
  return bytes;
}

Expected<std::vector<TensorSpec>>
quanta::bench::readTensors(const json::Object &workload, StringRef key) {
  const json::Array *list = workload.getArray(key);
  if (!list)
    return createStringError("the workload has no list '" + key + "'");
  std::vector<TensorSpec> specs;
  for (const json::Value &value : *list) {
    const json::Object *object = value.getAsObject();
    const json::Array *shape = object ? object->getArray("shape") : nullptr;
    if (!shape || !object->getString("type"))
      return createStringError("a tensor in '" + key +
                               "' has no type or no shape");
    TensorSpec &spec = specs.emplace_back();
    spec.name = object->getString("name").value_or("").str();
    spec.type = object->getString("type")->str();
    for (const json::Value &size : *shape)
      spec.shape.push_back(size.getAsInteger().value_or(0));
  }
  return specs;
}

void quanta::bench::fill(void *data, size_t bytes, StringRef type) {
  uint32_t state = 12345;
  auto next = [&] {
    state = state * 1664525u + 1013904223u;
    return state >> 8;
  };
  if (type == "f32") {
    auto *floats = static_cast<float *>(data);
    for (size_t i = 0, e = bytes / 4; i < e; ++i)
      floats[i] = static_cast<float>(next()) / (1 << 24);
    return;
  }
  auto *values = static_cast<uint8_t *>(data);
  for (size_t i = 0; i < bytes; ++i)
    values[i] = next();
}

Buffer::Buffer(size_t bytes) {
  size_t rounded = (bytes + 63) / 64 * 64;
  data = std::aligned_alloc(64, rounded ? rounded : 64);
  if (!data)
    report_fatal_error("out of memory");
  std::memset(data, 0, rounded);
}

Buffer::Buffer(const TensorSpec &spec) : Buffer(spec.getByteSize()) {
  fill(data, spec.getByteSize(), spec.type);
}

Buffer::~Buffer() { std::free(data); }

/// Times in microseconds. Short calls are timed in groups, so that reading the
/// clock does not count.
static json::Array measure(Subject &subject, double seconds) {
  constexpr double group = 50e-6;
  Clock::time_point start = Clock::now();
  double own = subject.run();
  double first = secondsSince(start);
  // Too long for another call in this turn, and for caches to matter.
  if (first >= seconds && first > 1e-3)
    return json::Array{own < 0 ? first * 1e6 : own};
  int64_t calls = 1;
  if (own < 0 && first < group) {
    // The first call finds cold caches.
    start = Clock::now();
    for (int i = 0; i < 8; ++i)
      subject.run();
    calls =
        std::max<int64_t>(1, 8 * group / std::max(secondsSince(start), 1e-9));
  }
  json::Array times;
  start = Clock::now();
  do {
    if (own >= 0) {
      times.push_back(subject.run());
      continue;
    }
    Clock::time_point begin = Clock::now();
    for (int64_t i = 0; i < calls; ++i)
      subject.run();
    times.push_back(secondsSince(begin) * 1e6 / calls);
  } while (secondsSince(start) + first < seconds);
  return times;
}

static Expected<json::Object> answer(const json::Object &request,
                                     Loader *loader,
                                     std::unique_ptr<Subject> &subject) {
  StringRef what = request.getString("do").value_or("");
  if (what == "load") {
    subject.reset();
    Clock::time_point start = Clock::now();
    Expected<std::unique_ptr<Subject>> loaded = loader(request);
    if (!loaded)
      return loaded.takeError();
    subject = std::move(*loaded);
    return json::Object{{"us", secondsSince(start) * 1e6},
                        {"note", subject->note}};
  }
  if (what == "measure") {
    if (!subject)
      return createStringError("nothing is loaded");
    return json::Object{
        {"us", measure(*subject, request.getNumber("seconds").value_or(0))}};
  }
  if (what == "peaks")
    return json::Object{{"dot", measureDotPeak()}, {"fma", measureFmaPeak()}};
  if (what == "bandwidth")
    return json::Object{{"read", measureReadBandwidth(
                                     request.getInteger("bytes").value_or(0))}};
  if (what == "unload") {
    subject.reset();
    return json::Object();
  }
  return createStringError("there is no request '" + what + "'");
}

int main(int argc, char **argv) {
  Loader *loader = StringSwitch<Loader *>(argc == 2 ? argv[1] : "")
                       .Case("quanta", loadQuanta)
                       .Case("onednn", loadOneDnn)
                       .Case("onnxruntime", loadOnnxRuntime)
                       .Case("openvino", loadOpenVino)
                       .Default(nullptr);
  if (!loader) {
    errs() << "usage: quanta-bench quanta|onednn|onnxruntime|openvino\n";
    return 1;
  }
  std::unique_ptr<Subject> subject;
  std::string line;
  while (std::getline(std::cin, line)) {
    Expected<json::Value> request = json::parse(line);
    Expected<json::Object> reply = json::Object();
    if (!request)
      reply = request.takeError();
    else if (const json::Object *object = request->getAsObject())
      reply = answer(*object, loader, subject);
    else
      reply = createStringError("a request is a JSON object");
    if (!reply)
      reply = json::Object{{"error", toString(reply.takeError())}};
    outs() << json::Value(std::move(*reply)) << "\n";
    outs().flush();
  }
  return 0;
}
