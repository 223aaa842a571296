//===- Batch.cpp - Runs over data larger than a batch ---------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Execution/Batch.h"

#include "llvm/ADT/STLExtras.h"

using namespace llvm;

namespace quanta {

/// Whether the argument has the type but for its leading size.
static bool fitsButForRows(const ValueType &type, const HostTensor &argument) {
  if (type.shape.empty() || type.shape.size() != argument.getRank())
    return false;
  if (type.shape[0] <= 0 || type.shape[0] == argument.getShape()[0])
    return false;
  for (auto [expected, size] :
       drop_begin(zip_equal(type.shape, argument.getShape())))
    if (expected != dynamicSize && expected != size)
      return false;
  return type.accepts(argument.getKind());
}

/// Whether the leading size `rows` of an argument counts samples: those of the
/// results, too, are then that many. One row is one sample, whatever the
/// program makes of it.
static bool countsSamples(const Signature &signature, int64_t rows) {
  return rows == 1 || all_of(signature.results, [&](const ValueType &type) {
           return type.shape.empty() || type.shape[0] == rows;
         });
}

Expected<BatchedArguments>
BatchedArguments::create(const Signature &signature,
                         ArrayRef<HostTensor> arguments) {
  BatchedArguments result;
  result.arguments = arguments;
  result.rows.assign(arguments.size(), 0);
  // The check of the call tells about wrong counts and types.
  if (arguments.size() != signature.inputs.size())
    return result;
  bool isCut = false;
  for (auto [index, argument] : enumerate(arguments)) {
    const ValueType &type = signature.inputs[index];
    if (!fitsButForRows(type, argument) ||
        !countsSamples(signature, type.shape[0]))
      continue;
    int64_t batch = type.shape[0], total = argument.getShape()[0];
    if (total == 0 || total % batch != 0)
      return createStringError(
          describeArgument(signature, index, argument) + " has " +
          Twine(total) + " rows, and the program takes " + Twine(batch) +
          " at a time (" + type.text + "): give it a multiple of " +
          Twine(batch) + ", or compile it with a leading size of '?'");
    if (isCut && total / batch != result.numBatches)
      return createStringError(describeArgument(signature, index, argument) +
                               " has " + Twine(total / batch) +
                               " batches, an earlier one has " +
                               Twine(result.numBatches));
    result.rows[index] = batch;
    result.numBatches = total / batch;
    isCut = true;
  }
  return result;
}

std::vector<HostTensor> BatchedArguments::getBatch(int64_t index) const {
  std::vector<HostTensor> batch;
  for (auto [argument, count] : zip_equal(arguments, rows)) {
    if (count > 0) {
      batch.push_back(argument.slice(index * count, count));
      continue;
    }
    batch.push_back(HostTensor::borrow(argument.getKind(), argument.getShape(),
                                       argument.getStrides(),
                                       argument.getData()));
    batch.back().setOrigin(argument.getOrigin());
  }
  return batch;
}

/// A tensor for the results of all batches, which look like `first`.
static Expected<HostTensor> allocateForBatches(const HostTensor &first,
                                               size_t index, int64_t count) {
  if (first.getRank() == 0)
    return createStringError("result " + Twine(index) +
                             " has no leading dimension along which batches "
                             "could be put together");
  HostTensor::Sizes shape(first.getShape());
  shape.front() *= count;
  return HostTensor::allocate(first.getKind(), shape);
}

Expected<std::vector<HostTensor>> runBatches(const Executable &executable,
                                             const Executable::Entry &entry,
                                             const BatchedArguments &batches) {
  std::vector<HostTensor> all;
  int64_t count = batches.getNumBatches();
  for (int64_t batch = 0; batch < count; ++batch) {
    SmallVector<HostTensor, 4> results;
    if (Error error = executable.call(entry, batches.getBatch(batch), results))
      return error;
    if (count == 1) {
      all.assign(std::make_move_iterator(results.begin()),
                 std::make_move_iterator(results.end()));
      break;
    }
    for (auto [index, result] : enumerate(results)) {
      if (batch == 0) {
        Expected<HostTensor> tensor = allocateForBatches(result, index, count);
        if (!tensor)
          return tensor.takeError();
        all.push_back(std::move(*tensor));
      }
      int64_t rows = all[index].getShape()[0] / count;
      if (result.getShape()[0] != rows)
        return createStringError("result " + Twine(index) +
                                 " has another leading size in each batch");
      if (result.getShape().drop_front() != all[index].getShape().drop_front())
        return createStringError(
            "result " + Twine(index) +
            " has other sizes in each batch, and cannot be "
            "one tensor");
      result.copyTo(all[index].slice(batch * rows, rows).getData());
    }
  }
  return all;
}

} // namespace quanta
