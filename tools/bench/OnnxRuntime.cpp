//===- OnnxRuntime.cpp - ONNX Runtime through its C interface -------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Subject.h"

#include <dlfcn.h>

using namespace llvm;
using namespace quanta::bench;

namespace {

// The Python package has the library without its header. The C interface is a
// table of functions whose order is fixed for good, documented in
// `onnxruntime_c_api.h`; these are the positions of the few in use here.
enum class Slot {
  GetErrorMessage = 2,
  CreateEnv = 3,
  CreateSession = 7,
  Run = 9,
  CreateSessionOptions = 10,
  SetSessionGraphOptimizationLevel = 23,
  SetIntraOpNumThreads = 24,
  SetInterOpNumThreads = 25,
  CreateTensorWithDataAsOrtValue = 49,
  CreateCpuMemoryInfo = 69,
};

struct ApiBase {
  const void *const *(*getApi)(uint32_t version);
  const char *(*getVersion)();
};

// Any version has the functions above.
constexpr uint32_t apiVersion = 16;
constexpr int optimizeAll = 99;
constexpr int logErrors = 3;
constexpr int arenaAllocator = 1, defaultMemory = 0;

class Api {
public:
  static Expected<const Api *> get(StringRef library);

  /// Calls a function that returns a status.
  template <typename... Args> Error call(Slot slot, Args... args) const {
    auto *function = reinterpret_cast<void *(*)(Args...)>(
        const_cast<void *>(table[static_cast<int>(slot)]));
    void *status = function(args...);
    if (!status)
      return Error::success();
    auto *message = reinterpret_cast<const char *(*)(void *)>(
        const_cast<void *>(table[static_cast<int>(Slot::GetErrorMessage)]));
    return createStringError(message(status));
  }

  std::string version;
  void *environment = nullptr;
  void *memory = nullptr;

private:
  const void *const *table = nullptr;
};

class Session : public Subject {
public:
  const Api *api = nullptr;
  void *session = nullptr;
  std::vector<TensorSpec> inputs, outputs;
  std::vector<Buffer> buffers;
  std::vector<const char *> inputNames, outputNames;
  std::vector<void *> inputValues, outputValues;

  Error bind(const std::vector<TensorSpec> &specs,
             std::vector<const char *> &names, std::vector<void *> &values);
  Error call();
  double run() override {
    cantFail(call());
    return -1;
  }
};

} // namespace

Expected<const Api *> Api::get(StringRef library) {
  static Api api;
  if (api.table)
    return &api;
  void *handle = dlopen(library.str().c_str(), RTLD_NOW | RTLD_LOCAL);
  void *base = handle ? dlsym(handle, "OrtGetApiBase") : nullptr;
  if (!base)
    return createStringError(dlerror());
  const auto *apiBase = reinterpret_cast<const ApiBase *(*)()>(base)();
  api.version = apiBase->getVersion();
  api.table = apiBase->getApi(apiVersion);
  if (!api.table)
    return createStringError("this ONNX Runtime lacks version 16 of its "
                             "interface");
  if (Error error =
          api.call(Slot::CreateEnv, logErrors, "bench", &api.environment))
    return std::move(error);
  if (Error error = api.call(Slot::CreateCpuMemoryInfo, arenaAllocator,
                             defaultMemory, &api.memory))
    return std::move(error);
  return &api;
}

/// Values over memory of our own, as an I/O binding would use them.
Error Session::bind(const std::vector<TensorSpec> &specs,
                    std::vector<const char *> &names,
                    std::vector<void *> &values) {
  for (const TensorSpec &spec : specs) {
    // ONNXTensorElementDataType: 1 float, 2 u8, 3 i8.
    int type = spec.type == "f32" ? 1 : spec.type == "u8" ? 2 : 3;
    buffers.emplace_back(spec);
    void *value = nullptr;
    if (Error error =
            api->call(Slot::CreateTensorWithDataAsOrtValue, api->memory,
                      buffers.back().get(), spec.getByteSize(),
                      spec.shape.data(), spec.shape.size(), type, &value))
      return error;
    names.push_back(spec.name.c_str());
    values.push_back(value);
  }
  return Error::success();
}

Error Session::call() {
  return api->call(Slot::Run, session, static_cast<void *>(nullptr),
                   inputNames.data(), inputValues.data(), inputValues.size(),
                   outputNames.data(), outputNames.size(), outputValues.data());
}

/// {"file": an ONNX file, "library", "threads", "inputs", "outputs"}
Expected<std::unique_ptr<Subject>>
quanta::bench::loadOnnxRuntime(const json::Object &workload) {
  Expected<const Api *> api =
      Api::get(workload.getString("library").value_or(""));
  if (!api)
    return api.takeError();
  auto subject = std::make_unique<Session>();
  subject->api = *api;
  Expected<std::vector<TensorSpec>> inputs = readTensors(workload, "inputs");
  if (!inputs)
    return inputs.takeError();
  Expected<std::vector<TensorSpec>> outputs = readTensors(workload, "outputs");
  if (!outputs)
    return outputs.takeError();
  subject->inputs = std::move(*inputs);
  subject->outputs = std::move(*outputs);
  void *options = nullptr;
  int threads = workload.getInteger("threads").value_or(1);
  std::string file = workload.getString("file").value_or("").str();
  auto prepare = [&]() -> Error {
    if (Error error = (*api)->call(Slot::CreateSessionOptions, &options))
      return error;
    if (Error error = (*api)->call(Slot::SetSessionGraphOptimizationLevel,
                                   options, optimizeAll))
      return error;
    if (Error error =
            (*api)->call(Slot::SetIntraOpNumThreads, options, threads))
      return error;
    if (Error error = (*api)->call(Slot::SetInterOpNumThreads, options, 1))
      return error;
    if (Error error = (*api)->call(Slot::CreateSession, (*api)->environment,
                                   file.c_str(), options, &subject->session))
      return error;
    if (Error error = subject->bind(subject->inputs, subject->inputNames,
                                    subject->inputValues))
      return error;
    if (Error error = subject->bind(subject->outputs, subject->outputNames,
                                    subject->outputValues))
      return error;
    return subject->call();
  };
  if (Error error = prepare())
    return std::move(error);
  subject->note = (*api)->version;
  return std::unique_ptr<Subject>(std::move(subject));
}
