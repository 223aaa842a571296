//===- Batch.h - Runs over data larger than a batch -------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_EXECUTION_BATCH_H
#define QUANTA_EXECUTION_BATCH_H

#include "quanta/Execution/Executable.h"

#include <vector>

namespace quanta {

/// Arguments cut along dimension 0 into the batches that an entry takes.
class BatchedArguments {
public:
  /// Where the entry has a fixed leading size B, of its results too unless it
  /// is 1, and the arguments have k * B rows, there are k batches; arguments
  /// that fit as they are go into each of them. Otherwise one batch with all of
  /// them. `arguments` must outlive this.
  static llvm::Expected<BatchedArguments>
  create(const Signature &signature, llvm::ArrayRef<HostTensor> arguments);

  int64_t getNumBatches() const { return numBatches; }

  /// The arguments of one batch.
  std::vector<HostTensor> getBatch(int64_t index) const;

private:
  llvm::ArrayRef<HostTensor> arguments;
  /// Rows of one batch where the argument is cut, 0 where it is not.
  std::vector<int64_t> rows;
  int64_t numBatches = 1;
};

/// Calls the entry for each batch and concatenates the results along
/// dimension 0.
llvm::Expected<std::vector<HostTensor>>
runBatches(const Executable &executable, const Executable::Entry &entry,
           const BatchedArguments &batches);

} // namespace quanta

#endif // QUANTA_EXECUTION_BATCH_H
