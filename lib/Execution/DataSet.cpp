//===- DataSet.cpp - Arguments from files of arrays -----------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Execution/DataSet.h"

#include "quanta/Execution/Npy.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace quanta {

/// Brings arrays into the order of `names`, if those are what they are called.
static void sortByName(std::vector<NamedTensor> &arrays,
                       ArrayRef<std::string> names) {
  auto placeOf = [&](const NamedTensor &array) {
    return llvm::find(names, array.name) - names.begin();
  };
  if (arrays.size() == names.size() && llvm::all_of(names, [&](StringRef name) {
        return llvm::any_of(arrays, [&](const NamedTensor &array) {
          return array.name == name;
        });
      }))
    llvm::stable_sort(arrays, [&](const NamedTensor &a, const NamedTensor &b) {
      return placeOf(a) < placeOf(b);
    });
}

Expected<std::vector<HostTensor>> readArguments(ArrayRef<std::string> paths,
                                                ArrayRef<std::string> names) {
  std::vector<HostTensor> arguments;
  for (StringRef path : paths) {
    StringRef key;
    if (size_t colon = path.rfind(".npz:"); colon != StringRef::npos) {
      key = path.drop_front(colon + 5);
      path = path.take_front(colon + 4);
    } else if (!path.ends_with(".npz")) {
      Expected<HostTensor> tensor = readNpy(path);
      if (!tensor)
        return tensor.takeError();
      arguments.push_back(std::move(*tensor));
      continue;
    }
    Expected<std::vector<NamedTensor>> arrays = readNpz(path, key);
    if (!arrays)
      return arrays.takeError();
    sortByName(*arrays, names);
    for (NamedTensor &array : *arrays)
      arguments.push_back(std::move(array.tensor));
    if (!key.empty() && arrays->empty())
      return createStringError(path + ": there is no array '" + key +
                               "' in it");
  }
  return arguments;
}

/// The files of arrays in a folder.
static Expected<std::vector<std::string>> listFiles(StringRef folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (sys::fs::directory_iterator entry(folder, error), end;
       !error && entry != end; entry.increment(error))
    if (StringRef extension = sys::path::extension(entry->path());
        extension == ".npy" || extension == ".npz")
      files.push_back(entry->path());
  if (error)
    return createStringError(folder + ": " + error.message());
  if (files.empty())
    return createStringError(folder + ": there is no .npy or .npz file in it");
  llvm::sort(files);
  return files;
}

Error forEachSample(
    StringRef path, ArrayRef<std::string> names,
    function_ref<Error(ArrayRef<HostTensor>, DataSetPlace)> use) {
  std::vector<std::string> files{path.str()};
  if (sys::fs::is_directory(path)) {
    Expected<std::vector<std::string>> listed = listFiles(path);
    if (!listed)
      return listed.takeError();
    files = std::move(*listed);
  }
  for (size_t number = 0; number < files.size(); ++number) {
    const std::string &file = files[number];
    DataSetPlace place{number, files.size()};
    if (names.size() == 1 && StringRef(file).ends_with(".npz")) {
      if (Error error = forEachArray(file, [&](NamedTensor array) {
            return use(array.tensor, place);
          }))
        return error;
      continue;
    }
    Expected<std::vector<HostTensor>> arrays = readArguments(file, names);
    if (!arrays)
      return arrays.takeError();
    size_t step = names.size() == 1 ? 1 : std::max<size_t>(arrays->size(), 1);
    for (size_t first = 0; first < arrays->size(); first += step)
      if (Error error = use(ArrayRef(*arrays).slice(first, step), place))
        return error;
  }
  return Error::success();
}

} // namespace quanta
