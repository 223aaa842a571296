//===- DataSet.h - Arguments from files of arrays ---------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_EXECUTION_DATASET_H
#define QUANTA_EXECUTION_DATASET_H

#include "quanta/Execution/Tensor.h"

#include "llvm/ADT/STLFunctionalExtras.h"

#include <string>
#include <vector>

namespace quanta {

/// The arguments of one call in the order of `paths`, each of which is `x.npy`,
/// all arrays of `x.npz`, or one of them as `x.npz:name`. Arrays of an archive
/// that are called like the arguments, all of `names`, come in their order.
llvm::Expected<std::vector<HostTensor>>
readArguments(llvm::ArrayRef<std::string> paths,
              llvm::ArrayRef<std::string> names = {});

/// How far a run over a data set is: in which of its files a sample is.
struct DataSetPlace {
  size_t file, files;
};

/// Calls `use` with the arguments of one sample after another, of which no
/// others are in memory. `path` is a file, or a folder of whose files each
/// `.npy` and `.npz` is read, in the order of their names. A `.npy` is one
/// sample; so is an `.npz` with its arrays as arguments, unless the program
/// takes just one (of `names`): then each array is a sample. The error is that
/// of `use`, or one sentence that begins with a path.
llvm::Error forEachSample(
    llvm::StringRef path, llvm::ArrayRef<std::string> names,
    llvm::function_ref<llvm::Error(llvm::ArrayRef<HostTensor>, DataSetPlace)>
        use);

} // namespace quanta

#endif // QUANTA_EXECUTION_DATASET_H
