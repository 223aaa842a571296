//===- QuantaSubject.cpp - Programs that this project compiled ------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Subject.h"

#include "quanta/API/Compile.h"

using namespace llvm;
using namespace quanta;
using namespace quanta::bench;

namespace {

class CompiledProgram : public Subject {
public:
  std::unique_ptr<Executable> executable;
  const Executable::Entry *entry = nullptr;
  std::vector<Buffer> buffers;
  std::vector<HostTensor> inputs;
  SmallVector<HostTensor, 2> results;

  double run() override {
    // The arguments were checked when the workload was loaded: this cannot
    // fail.
    cantFail(executable->call(*entry, inputs, results));
    return -1;
  }
};

} // namespace

/// {"file": MLIR of any stage, "threads"}; inputs are made as its signature
/// says.
Expected<std::unique_ptr<Subject>>
quanta::bench::loadQuanta(const json::Object &workload) {
  StringRef file = workload.getString("file").value_or("");
  Expected<Program> program = Program::parseFile(file);
  if (!program)
    return program.takeError();
  auto subject = std::make_unique<CompiledProgram>();
  CompileOptions options;
  options.threads = workload.getInteger("threads").value_or(1);
  Expected<std::unique_ptr<Executable>> executable = compile(*program, options);
  if (!executable)
    return executable.takeError();
  subject->executable = std::move(*executable);
  Expected<const Executable::Entry *> entry = subject->executable->getEntry("");
  if (!entry)
    return entry.takeError();
  subject->entry = *entry;
  for (const ValueType &type : (*entry)->getSignature().inputs) {
    TensorSpec spec;
    spec.type = type.kind == ElementKind::F32 ? "f32" : "u8";
    if (getElementSize(type.kind) != (spec.type == "f32" ? 4 : 1))
      return createStringError("an input of type " + type.text +
                               " cannot be made");
    for (int64_t size : type.shape)
      spec.shape.push_back(size == dynamicSize ? 1 : size);
    subject->buffers.emplace_back(spec);
    subject->inputs.push_back(HostTensor::borrow(
        type.kind, spec.shape, subject->buffers.back().get()));
  }
  if (Error error =
          subject->executable->checkArguments(**entry, subject->inputs))
    return std::move(error);
  subject->note = subject->executable->getISA();
  return std::unique_ptr<Subject>(std::move(subject));
}
