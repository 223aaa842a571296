//===- EmitCode.cpp - Code in files ---------------------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Tasks.h"

#include "quanta/API/Compile.h"
#include "quanta/Calibration/FileOutput.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace quanta::tool {

static Expected<OutputKind> parseKind(StringRef text) {
  std::optional<OutputKind> kind = StringSwitch<std::optional<OutputKind>>(text)
                                       .Case("obj", OutputKind::Object)
                                       .Case("asm", OutputKind::Assembly)
                                       .Case("llvm-ir", OutputKind::LLVMIR)
                                       .Default(std::nullopt);
  if (!kind)
    return createStringError("--emit=" + text +
                             " does not exist: obj, asm and llvm-ir do");
  return *kind;
}

/// The options with the machine of `--target`.
static Expected<CompileOptions> getTargetOptions(const Options &options) {
  CompileOptions result = options.getCompileOptions();
  SmallVector<StringRef> parts;
  StringRef(options.target).split(parts, ',');
  if (options.target.getNumOccurrences() > 0 && is_contained(parts, ""))
    return createStringError("--target=" + options.target +
                             " has an empty part: it is a triple, or a triple "
                             "and CPUs, with commas between them");
  if (parts.size() > 1 && options.cpu.getNumOccurrences() > 0)
    return createStringError("--target=" + options.target +
                             " names the CPU, and so does --cpu");
  result.triple = parts[0].str();
  if (parts.size() > 1)
    result.cpu = parts[1].str();
  for (StringRef cpu :
       ArrayRef(parts).drop_front(std::min<size_t>(parts.size(), 2)))
    result.fallbackCpus.push_back(cpu.str());
  return result;
}

Error emitCode(const Options &options, const Program &program) {
  Expected<OutputKind> kind = parseKind(options.emit);
  if (!kind)
    return kind.takeError();
  if (options.file.empty())
    return createStringError("--emit needs a file to write: -o FILE");
  SmallString<128> header(options.file);
  sys::path::replace_extension(header, "h");
  if (*kind == OutputKind::Object && header == options.file)
    return createStringError(options.file +
                             " is where the C header goes: give the object "
                             "another name");
  Expected<CompileOptions> compileOptions = getTargetOptions(options);
  if (!compileOptions)
    return compileOptions.takeError();
  Expected<Program> lowered = lowerToLLVM(program, *compileOptions);
  if (!lowered)
    return lowered.takeError();
  // What is lowered has its target, and cannot be lowered for another CPU.
  CompileOptions emission;
  emission.optLevel = compileOptions->optLevel;
  emission.cacheDirectory = compileOptions->cacheDirectory;
  Expected<std::vector<char>> bytes =
      compileOptions->fallbackCpus.empty()
          ? quanta::emit(*lowered, *kind, emission)
          : quanta::emit(program, *kind, *compileOptions);
  if (!bytes)
    return bytes.takeError();
  std::string headerText;
  if (*kind == OutputKind::Object) {
    Expected<std::string> text =
        emitHeader(*lowered, sys::path::stem(options.file), emission);
    if (!text)
      return text.takeError();
    headerText = std::move(*text);
  }
  auto write = [&](raw_ostream &os) { os.write(bytes->data(), bytes->size()); };
  if (Error error = writeFile(options.file, write))
    return error;
  if (headerText.empty() || options.file == "-")
    return Error::success();
  return writeFile(header, [&](raw_ostream &os) { os << headerText; });
}

} // namespace quanta::tool
