//===- Subject.h - What the benchmark measures ------------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TOOLS_BENCH_SUBJECT_H
#define QUANTA_TOOLS_BENCH_SUBJECT_H

#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace quanta::bench {

/// A workload that is ready to run: weights packed, memory allocated.
class Subject {
public:
  virtual ~Subject() = default;
  /// One call. What it returns, if not negative, is its own account of the time
  /// in microseconds, for libraries that time a single operation of theirs.
  virtual double run() = 0;
  /// What really runs: an instruction set, the name of an implementation.
  std::string note;
};

/// A tensor of a workload that the subject is given: {"name", "type", "shape"}.
struct TensorSpec {
  std::string name;
  /// "u8", "i8" or "f32".
  std::string type;
  std::vector<int64_t> shape;

  size_t getByteSize() const;
};

/// The list of tensors under `key`.
llvm::Expected<std::vector<TensorSpec>>
readTensors(const llvm::json::Object &workload, llvm::StringRef key);

/// Aligned memory, filled with what all subjects get: every byte value, or
/// floats from 0 to 1. Both are the same on each run.
class Buffer {
public:
  explicit Buffer(size_t bytes);
  Buffer(const TensorSpec &spec);
  Buffer(Buffer &&other) : data(other.data) { other.data = nullptr; }
  Buffer(const Buffer &) = delete;
  ~Buffer();
  void *get() const { return data; }

private:
  void *data = nullptr;
};

/// Fills `bytes` bytes at `data` with elements of `type`.
void fill(void *data, size_t bytes, llvm::StringRef type);

using Loader = llvm::Expected<std::unique_ptr<Subject>>(
    const llvm::json::Object &workload);
Loader loadQuanta, loadOneDnn, loadOnnxRuntime, loadOpenVino;

/// Peaks of one core in 1e9 operations a second (a multiply-accumulate is two),
/// each 0 where the processor has no such instruction.
double measureDotPeak();
double measureFmaPeak();
/// 1e9 bytes a second, reading `bytes` bytes again and again.
double measureReadBandwidth(size_t bytes);

} // namespace quanta::bench

#endif // QUANTA_TOOLS_BENCH_SUBJECT_H
