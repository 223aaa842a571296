//===- OneDnn.cpp - oneDNN's primitives -----------------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Subject.h"

using namespace llvm;
using namespace quanta::bench;

#ifdef QUANTA_BENCH_ONEDNN

#include "oneapi/dnnl/dnnl.hpp"

#include <chrono>
#include <unordered_map>

using Tag = dnnl::memory::format_tag;
using Type = dnnl::memory::data_type;
using Dims = dnnl::memory::dims;

namespace {

/// Primitives one after the other.
class Chain : public Subject {
public:
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  std::vector<std::pair<dnnl::primitive, std::unordered_map<int, dnnl::memory>>>
      steps;

  double run() override {
    for (auto &[primitive, arguments] : steps)
      primitive.execute(stream, arguments);
    stream.wait();
    return -1;
  }

  /// Memory with the benchmark's values; weights go from there to the layout
  /// that the primitive wants, outside of what is measured.
  dnnl::memory make(const dnnl::memory::desc &desc) {
    dnnl::memory memory(desc, engine);
    fill(memory.get_data_handle(), desc.get_size(),
         desc.data_type() == Type::f32 ? "f32" : "u8");
    return memory;
  }

  void add(const dnnl::primitive &primitive,
           std::unordered_map<int, dnnl::memory> arguments, StringRef info) {
    steps.emplace_back(primitive, std::move(arguments));
    note += (note.empty() ? "" : ", ") + info.str();
  }
};

struct Types {
  Type source, weights, bias, result;
};

struct Size {
  int64_t m, n, k;
};

} // namespace

/// Scales for each of the `channels`, where the result is requantized.
static dnnl::primitive_attr attributesFor(const Types &types, int64_t channels,
                                          bool relu) {
  dnnl::primitive_attr attributes;
  if (types.source != Type::f32)
    attributes.set_output_scales(1 << 1,
                                 std::vector<float>(channels, 1.0f / 4096));
  if (relu) {
    dnnl::post_ops operations;
    operations.append_eltwise(1.0f, dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
    attributes.set_post_ops(operations);
  }
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::library);
  return attributes;
}

static void addInnerProduct(Chain &chain, Size size, const Types &types,
                            bool relu, dnnl::memory source,
                            dnnl::memory result) {
  dnnl::inner_product_forward::desc desc(
      dnnl::prop_kind::forward_inference, source.get_desc(),
      {{size.n, size.k}, types.weights, Tag::any},
      {{size.n}, types.bias, Tag::a}, result.get_desc());
  dnnl::inner_product_forward::primitive_desc primitive(
      desc, attributesFor(types, size.n, relu), chain.engine);
  chain.add(dnnl::inner_product_forward(primitive),
            {{DNNL_ARG_SRC, source},
             {DNNL_ARG_WEIGHTS, chain.make(primitive.weights_desc())},
             {DNNL_ARG_BIAS, chain.make(primitive.bias_desc())},
             {DNNL_ARG_DST, result}},
            primitive.impl_info_str());
}

static void addMatmul(Chain &chain, Size size, const Types &types,
                      dnnl::memory source, dnnl::memory result) {
  dnnl::matmul::desc desc(
      source.get_desc(), {{size.k, size.n}, types.weights, Tag::any},
      {{1, size.n}, types.bias, Tag::ab}, result.get_desc());
  dnnl::matmul::primitive_desc primitive(
      desc, attributesFor(types, size.n, /*relu=*/false), chain.engine);
  chain.add(dnnl::matmul(primitive),
            {{DNNL_ARG_SRC, source},
             {DNNL_ARG_WEIGHTS, chain.make(primitive.weights_desc())},
             {DNNL_ARG_BIAS, chain.make(primitive.bias_desc())},
             {DNNL_ARG_DST, result}},
            primitive.impl_info_str());
}

static double timeOf(Chain &chain) {
  double best = 1e9;
  for (int i = 0; i < 12; ++i) {
    auto start = std::chrono::steady_clock::now();
    chain.run();
    std::chrono::duration<double> time =
        std::chrono::steady_clock::now() - start;
    best = std::min(best, time.count());
  }
  return best;
}

/// The faster of the two primitives that can do it.
static std::unique_ptr<Chain> makeMatmul(Size size, const Types &types) {
  std::unique_ptr<Chain> best;
  for (bool innerProduct : {true, false}) {
    auto chain = std::make_unique<Chain>();
    dnnl::memory source =
        chain->make({{size.m, size.k}, types.source, Tag::ab});
    dnnl::memory result =
        chain->make({{size.m, size.n}, types.result, Tag::ab});
    try {
      if (innerProduct)
        addInnerProduct(*chain, size, types, false, source, result);
      else
        addMatmul(*chain, size, types, source, result);
    } catch (const dnnl::error &) {
      continue;
    }
    if (!best || timeOf(*chain) < timeOf(*best))
      best = std::move(chain);
  }
  return best;
}

static void addConvolution(Chain &chain, const json::Object &layer,
                           const Types &types, dnnl::memory &data) {
  auto get = [&](StringRef key) { return layer.getInteger(key).value_or(1); };
  int64_t height = get("h"), in = get("ic"), out = get("oc"), groups = get("g");
  int64_t kernel = get("kernel"), stride = get("stride");
  int64_t pad = layer.getInteger("pad").value_or(0);
  int64_t result = (height + 2 * pad - kernel) / stride + 1;
  // Float primitives choose their blocked layouts, as in a whole network.
  Tag layout = types.source == Type::f32 ? Tag::any : Tag::nhwc;
  dnnl::memory::desc source({1, in, height, height}, types.source, layout);
  if (data)
    source = data.get_desc();
  Dims weights = {out / groups, in / groups, kernel, kernel};
  if (groups > 1)
    weights.insert(weights.begin(), groups);
  dnnl::convolution_forward::desc desc(
      dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct,
      source, {weights, types.weights, Tag::any}, {{out}, types.bias, Tag::a},
      {{1, out, result, result}, types.result, layout}, {stride, stride},
      {pad, pad}, {pad, pad});
  dnnl::convolution_forward::primitive_desc primitive(
      desc, attributesFor(types, out, /*relu=*/true), chain.engine);
  if (!data)
    data = chain.make(primitive.src_desc());
  dnnl::memory target = chain.make(primitive.dst_desc());
  chain.add(dnnl::convolution_forward(primitive),
            {{DNNL_ARG_SRC, data},
             {DNNL_ARG_WEIGHTS, chain.make(primitive.weights_desc())},
             {DNNL_ARG_BIAS, chain.make(primitive.bias_desc())},
             {DNNL_ARG_DST, target}},
            primitive.impl_info_str());
  data = target;
}

static std::unique_ptr<Chain> makeConvolutions(const json::Object &workload,
                                               const Types &types) {
  auto chain = std::make_unique<Chain>();
  dnnl::memory data;
  if (const json::Array *layers = workload.getArray("layers"))
    for (const json::Value &layer : *layers)
      if (const json::Object *object = layer.getAsObject())
        addConvolution(*chain, *object, types, data);
  return chain->steps.empty() ? nullptr : std::move(chain);
}

/// 784-256-10, floats in and out.
static std::unique_ptr<Chain> makePerceptron(int64_t batch, bool quantized) {
  auto chain = std::make_unique<Chain>();
  Type inner = quantized ? Type::u8 : Type::f32;
  Type bias = quantized ? Type::s32 : Type::f32;
  Type weights = quantized ? Type::s8 : Type::f32;
  dnnl::memory input = chain->make({{batch, 784}, Type::f32, Tag::ab});
  dnnl::memory source = input;
  if (quantized) {
    source = chain->make({{batch, 784}, inner, Tag::ab});
    dnnl::primitive_attr attributes;
    attributes.set_output_scales(0, {255.0f});
    dnnl::reorder::primitive_desc quantize(input, source, attributes);
    chain->add(dnnl::reorder(quantize),
               {{DNNL_ARG_FROM, input}, {DNNL_ARG_TO, source}},
               quantize.impl_info_str());
  }
  dnnl::memory hidden = chain->make({{batch, 256}, inner, Tag::ab});
  dnnl::memory result = chain->make({{batch, 10}, Type::f32, Tag::ab});
  addInnerProduct(*chain, {batch, 256, 784}, {inner, weights, bias, inner},
                  true, source, hidden);
  addInnerProduct(*chain, {batch, 10, 256}, {inner, weights, bias, Type::f32},
                  false, hidden, result);
  return chain;
}

/// {"op": "matmul" with "m", "n", "k"; "convs" with "layers", each of "h",
/// "ic", "oc", "kernel", "stride", "pad" and "g"; or "mlp" with "m", "int8":
/// whether quantized}
Expected<std::unique_ptr<Subject>>
quanta::bench::loadOneDnn(const json::Object &workload) {
  bool quantized = workload.getBoolean("int8").value_or(true);
  Types types = {Type::f32, Type::f32, Type::f32, Type::f32};
  if (quantized)
    types = {Type::u8, Type::s8, Type::s32, Type::u8};
  StringRef operation = workload.getString("op").value_or("");
  auto get = [&](StringRef key) {
    return workload.getInteger(key).value_or(1);
  };
  std::unique_ptr<Subject> subject;
  try {
    if (operation == "matmul")
      subject = makeMatmul({get("m"), get("n"), get("k")}, types);
    else if (operation == "convs")
      subject = makeConvolutions(workload, types);
    else if (operation == "mlp")
      subject = makePerceptron(get("m"), quantized);
    if (!subject)
      return createStringError("oneDNN has no primitive for '" + operation +
                               "'");
    subject->run();
  } catch (const dnnl::error &error) {
    return createStringError(error.message);
  }
  if (subject->note.find("ref") != std::string::npos)
    return createStringError("oneDNN runs its reference code: " +
                             subject->note);
  return subject;
}

#else

Expected<std::unique_ptr<Subject>>
quanta::bench::loadOneDnn(const json::Object &) {
  return createStringError("built without oneDNN's headers (libdnnl-dev)");
}

#endif
