//===- OpenVino.cpp - OpenVINO through its C interface --------------------===//
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

/// `ov_profiling_info_t` of `openvino/c/ov_infer_request.h`.
struct ProfilingInfo {
  int status;
  int64_t realTime;
  int64_t cpuTime;
  const char *nodeName;
  const char *execType;
  const char *nodeType;
};
constexpr int executed = 2;

struct ProfilingInfoList {
  ProfilingInfo *infos;
  size_t size;
};

/// The library, opened where the Python package has it.
class Api {
public:
  static Expected<const Api *> get(StringRef library);

  /// Calls a function that returns a status.
  template <typename... Args> Error call(const char *name, Args... args) const {
    void *symbol = dlsym(handle, name);
    if (!symbol)
      return createStringError(dlerror());
    if (int status = reinterpret_cast<int (*)(Args...)>(symbol)(args...)) {
      std::string reason;
      if (void *last = dlsym(handle, "ov_get_last_err_msg"))
        if (const char *text = reinterpret_cast<const char *(*)()>(last)())
          reason = std::string(": ") + text;
      return createStringError(std::string(name) + " failed with status " +
                               std::to_string(status) + reason);
    }
    return Error::success();
  }

  void *lookup(const char *name) const { return dlsym(handle, name); }

  void *core = nullptr;

private:
  void *handle = nullptr;
};

class InferRequest : public Subject {
public:
  const Api *api = nullptr;
  void *model = nullptr, *compiled = nullptr, *request = nullptr;
  int (*infer)(void *) = nullptr;
  /// If not empty, only nodes whose type ends so count: a "GroupConvolution" is
  /// a "Convolution" too.
  std::string node;

  ~InferRequest() override {
    release("ov_infer_request_free", request);
    release("ov_compiled_model_free", compiled);
    release("ov_model_free", model);
  }

  double run() override {
    if (infer(request))
      report_fatal_error("OpenVINO failed on a request that worked before");
    return node.empty() ? -1 : nodeTime();
  }

private:
  void release(const char *name, void *object) {
    if (object)
      reinterpret_cast<void (*)(void *)>(api->lookup(name))(object);
  }

  double nodeTime() {
    ProfilingInfoList list{nullptr, 0};
    cantFail(api->call("ov_infer_request_get_profiling_info", request, &list));
    double time = 0;
    for (const ProfilingInfo &info : ArrayRef(list.infos, list.size))
      if (info.status == executed && StringRef(info.nodeType).ends_with(node))
        time += info.realTime;
    release("ov_profiling_info_list_free", &list);
    return time;
  }
};

} // namespace

Expected<const Api *> Api::get(StringRef library) {
  static Api api;
  if (api.core)
    return &api;
  api.handle = dlopen(library.str().c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!api.handle)
    return createStringError(dlerror());
  if (Error error = api.call("ov_core_create", &api.core))
    return std::move(error);
  return &api;
}

/// {"file": an ONNX or XML file, "library", "threads", "inputs", "node": end
/// of the types of the nodes to time, or nothing}
Expected<std::unique_ptr<Subject>>
quanta::bench::loadOpenVino(const json::Object &workload) {
  Expected<const Api *> api =
      Api::get(workload.getString("library").value_or(""));
  if (!api)
    return api.takeError();
  Expected<std::vector<TensorSpec>> inputs = readTensors(workload, "inputs");
  if (!inputs)
    return inputs.takeError();
  auto subject = std::make_unique<InferRequest>();
  subject->api = *api;
  subject->node = workload.getString("node").value_or("").str();
  std::string file = workload.getString("file").value_or("").str();
  std::string threads =
      std::to_string(workload.getInteger("threads").value_or(1));
  auto prepare = [&]() -> Error {
    if (Error error =
            (*api)->call("ov_core_read_model", (*api)->core, file.c_str(),
                         static_cast<const char *>(nullptr), &subject->model))
      return error;
    // The properties are variadic arguments.
    auto *compile =
        reinterpret_cast<int (*)(void *, void *, const char *, size_t, void **,
                                 ...)>((*api)->lookup("ov_core_compile_model"));
    size_t numProperties = subject->node.empty() ? 8 : 10;
    if (int status = compile(
            (*api)->core, subject->model, "CPU", numProperties,
            &subject->compiled, "INFERENCE_NUM_THREADS", threads.c_str(),
            "NUM_STREAMS", "1", "PERFORMANCE_HINT", "LATENCY",
            "INFERENCE_PRECISION_HINT", "f32", "PERF_COUNT", "YES"))
      return createStringError("OpenVINO cannot compile the model: status " +
                               std::to_string(status));
    if (Error error = (*api)->call("ov_compiled_model_create_infer_request",
                                   subject->compiled, &subject->request))
      return error;
    for (size_t i = 0, e = inputs->size(); i < e; ++i) {
      void *tensor = nullptr, *data = nullptr;
      size_t bytes = 0;
      if (Error error =
              (*api)->call("ov_infer_request_get_input_tensor_by_index",
                           subject->request, i, &tensor))
        return error;
      if (Error error = (*api)->call("ov_tensor_get_byte_size", tensor, &bytes))
        return error;
      if (bytes != (*inputs)[i].getByteSize())
        return createStringError("OpenVINO's input has another size");
      if (Error error = (*api)->call("ov_tensor_data", tensor, &data))
        return error;
      fill(data, bytes, (*inputs)[i].type);
    }
    return (*api)->call("ov_infer_request_infer", subject->request);
  };
  if (Error error = prepare())
    return std::move(error);
  subject->infer = reinterpret_cast<int (*)(void *)>(
      (*api)->lookup("ov_infer_request_infer"));
  return std::unique_ptr<Subject>(std::move(subject));
}
