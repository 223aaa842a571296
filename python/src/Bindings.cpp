//===- Bindings.cpp - The Python extension module -------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A thin layer over the C++ API. What needs no C++ is in the Python files.
//
//===----------------------------------------------------------------------===//

#include "Numpy.h"

#include "quanta/API/Auto.h"
#include "quanta/API/Compile.h"
#include "quanta/API/Program.h"
#include "quanta/API/Quantize.h"
#include "quanta/Calibration/Recipe.h"
#include "quanta/Execution/Batch.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/JSON.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <chrono>
#include <limits>
#include <optional>

namespace nb = nanobind;
using namespace nb::literals;

namespace quanta::python {

namespace {
/// Becomes `quanta.Error`; the text is that of the diagnostics.
struct PythonError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A compiled program and the function of it that a call runs.
struct BoundExecutable {
  std::unique_ptr<Executable> executable;
  const Executable::Entry *entry;
};
} // namespace

static nb::handle errorType;

static void check(llvm::Error error) {
  // Python's strings hold nothing but Unicode.
  if (error)
    throw PythonError(llvm::json::fixUTF8(llvm::toString(std::move(error))));
}

template <typename T> static T check(llvm::Expected<T> value) {
  check(value.takeError());
  return std::move(*value);
}

//===----------------------------------------------------------------------===//
// Programs
//===----------------------------------------------------------------------===//

/// The names of each function's arguments.
static nb::dict getInputNames(const Program &program) {
  nb::dict result;
  for (const auto &[function, names] : program.getArgumentNames())
    result[function.str().c_str()] = nb::cast(names);
  return result;
}

/// The program with its locations, which reports call its operations by.
static std::string toText(const Program &program) {
  std::string text;
  llvm::raw_string_ostream os(text);
  program.getModule()->print(os, mlir::OpPrintingFlags().enableDebugInfo());
  return text;
}

static void bindProgram(nb::module_ &module) {
  nb::class_<Program>(module, "Program")
      .def_static(
          "parse",
          [](const std::string &text, const std::string &name) {
            return check(Program::parse(text, name));
          },
          "text"_a, "name"_a)
      .def_static(
          "parse_file",
          [](const std::string &path) {
            return check(Program::parseFile(path));
          },
          "path"_a)
      .def("clone", &Program::clone)
      .def("__str__", &Program::str)
      .def("str_with_locations", &toText)
      .def("__getstate__", &toText)
      .def("__setstate__",
           [](Program &self, const std::string &text) {
             new (&self) Program(check(Program::parse(text, "pickle")));
           })
      .def("run",
           [](Program &self, const std::string &pipeline) {
             check(self.run(pipeline));
           })
      .def(
          "insert_observers",
          [](Program &self, const std::string &observer,
             const std::string &recipe) {
            check(insertObservers(self, observer, recipe,
                                  /*keepExisting=*/false));
          },
          "observer"_a, "recipe"_a)
      .def(
          "quantize",
          [](Program &self, const std::string &statistics,
             const std::string &recipe, const std::string &report,
             bool strict) {
            check(quantize(self, {statistics, recipe, report, strict}));
          },
          "statistics"_a, "recipe"_a, "report"_a, "strict"_a)
      .def("take_remarks",
           [](Program &self) {
             std::vector<std::string> remarks = self.takeRemarks();
             for (std::string &remark : remarks)
               remark = llvm::json::fixUTF8(remark);
             return remarks;
           })
      .def_prop_ro("input_names", &getInputNames)
      .def_prop_ro("stage", [](const Program &self) {
        return stringifyStage(self.getStage()).str();
      });
}

//===----------------------------------------------------------------------===//
// Statistics
//===----------------------------------------------------------------------===//

static void bindStatistics(nb::module_ &module) {
  nb::class_<Statistics>(module, "Statistics")
      .def_static(
          "load",
          [](const std::string &path) { return check(Statistics::load(path)); },
          "path"_a)
      .def(
          "save",
          [](const Statistics &self, const std::string &path) {
            check(self.save(path));
          },
          "path"_a)
      .def(
          "merge",
          [](Statistics &self, const Statistics &other) {
            check(self.merge(other));
          },
          "other"_a)
      .def("copy", [](const Statistics &self) { return Statistics(self); })
      .def("__str__", &Statistics::str)
      .def("__getstate__", &Statistics::str)
      .def("__setstate__",
           [](Statistics &self, const std::string &text) {
             new (&self) Statistics(check(Statistics::parse(text, "pickle")));
           })
      .def_rw("model", &Statistics::model)
      .def_rw("data", &Statistics::data)
      .def_ro("fingerprint", &Statistics::fingerprint);
}

//===----------------------------------------------------------------------===//
// Analysis
//===----------------------------------------------------------------------===//

/// Calls as tuples of arrays; `owners` keeps their memory.
static std::vector<Arguments> toCalls(const nb::list &data,
                                      std::vector<nb::object> &owners) {
  std::vector<Arguments> calls;
  // The arrays are of the types that the program takes already.
  ValueType any;
  for (nb::handle sample : data) {
    Arguments arguments;
    for (nb::handle array : sample) {
      nb::object owner;
      arguments.push_back(check(toTensor(array, any, owner)));
      owners.push_back(owner);
    }
    calls.push_back(std::move(arguments));
  }
  return calls;
}

static std::string toJson(const Analysis &analysis) {
  std::string text;
  llvm::raw_string_ostream os(text);
  analysis.printJson(os);
  return text;
}

static std::string toTable(const Analysis &analysis) {
  std::string text;
  llvm::raw_string_ostream os(text);
  analysis.print(os);
  return text;
}

/// Does long work beside which other Python threads run, until a signal's
/// handler raises an exception, as that of Ctrl-C does.
template <typename Options, typename Work>
static auto withOthers(Options &options, Work work) {
  using Clock = std::chrono::steady_clock;
  // A lock that others hold takes longer than a short call.
  constexpr auto interval = std::chrono::milliseconds(50);
  Clock::time_point next = Clock::now();
  std::optional<nb::python_error> raised;
  options.isInterrupted = [&] {
    if (Clock::time_point now = Clock::now(); now >= next) {
      next = now + interval;
      nb::gil_scoped_acquire lock;
      if (PyErr_CheckSignals() != 0)
        raised.emplace();
    }
    return raised.has_value();
  };
  auto result = [&] {
    nb::gil_scoped_release others;
    return work();
  }();
  if (raised) {
    llvm::consumeError(result.takeError());
    throw nb::python_error(std::move(*raised));
  }
  return check(std::move(result));
}

static void bindAnalysis(nb::module_ &module) {
  module.def(
      "analyze",
      [](const Program &program, const nb::list &data,
         const std::string &statistics, const std::string &recipe,
         const std::string &entry) {
        std::vector<nb::object> owners;
        std::vector<Arguments> calls = toCalls(data, owners);
        AnalyzeOptions options;
        options.compile = getCompileOptionsFromEnvironment();
        options.entry = entry;
        Analysis analysis =
            withOthers(options, [&]() -> llvm::Expected<Analysis> {
              llvm::Expected<Analyzer> analyzer =
                  Analyzer::create(program, options);
              if (!analyzer)
                return analyzer.takeError();
              return analyzer->run(calls, statistics, recipe);
            });
        return nb::make_tuple(toJson(analysis), toTable(analysis));
      },
      "program"_a, "data"_a, "statistics"_a, "recipe"_a, "entry"_a);
  module.def(
      "choose_recipe",
      [](const Program &program, const Statistics &statistics,
         const nb::list &data, double maxLoss, bool staticOnly,
         const std::string &entry) {
        std::vector<nb::object> owners;
        std::vector<Arguments> calls = toCalls(data, owners);
        AutoOptions options;
        options.compile = getCompileOptionsFromEnvironment();
        options.maxLoss = maxLoss;
        options.staticOnly = staticOnly;
        options.entry = entry;
        AutoResult result = withOthers(options, [&] {
          return chooseRecipeOnCalls(program, statistics, calls, options);
        });
        return nb::make_tuple(result.recipe, toJson(result.analysis),
                              toTable(result.analysis), result.holds,
                              result.excess);
      },
      "program"_a, "statistics"_a, "data"_a, "max_loss"_a, "static_only"_a,
      "entry"_a);
}

//===----------------------------------------------------------------------===//
// Executables
//===----------------------------------------------------------------------===//

/// Tensors over the arguments of a call; `owners` keeps their memory.
static llvm::SmallVector<HostTensor, 4>
toTensors(const Executable::Entry &entry, PyObject *arguments,
          llvm::SmallVectorImpl<nb::object> &owners) {
  const auto &inputs = entry.getSignature().inputs;
  owners.resize(PyTuple_GET_SIZE(arguments));
  llvm::SmallVector<HostTensor, 4> tensors;
  // Too many or too few are refused by the call.
  ValueType any;
  for (auto [i, owner] : llvm::enumerate(owners)) {
    llvm::Expected<HostTensor> tensor =
        toTensor(PyTuple_GET_ITEM(arguments, i),
                 i < inputs.size() ? inputs[i] : any, owner);
    if (!tensor)
      throw PythonError("argument " + std::to_string(i) + " of '" +
                        entry.getName() +
                        "': " + llvm::toString(tensor.takeError()));
    tensors.push_back(std::move(*tensor));
  }
  return tensors;
}

/// The arguments of each call that takes a batch of `arguments`.
static nb::list cutIntoBatches(const BoundExecutable &self,
                               const nb::args &arguments) {
  llvm::SmallVector<nb::object, 4> arrays;
  llvm::SmallVector<HostTensor, 4> tensors =
      toTensors(*self.entry, arguments.ptr(), arrays);
  BatchedArguments batches =
      check(BatchedArguments::create(self.entry->getSignature(), tensors));
  nb::list result;
  for (int64_t batch = 0; batch < batches.getNumBatches(); ++batch) {
    nb::list parts;
    for (auto [part, tensor, array] :
         llvm::zip_equal(batches.getBatch(batch), tensors, arrays)) {
      if (part.getShape() == tensor.getShape()) {
        parts.append(array);
        continue;
      }
      int64_t rows = part.getShape().front();
      parts.append(array[nb::slice(batch * rows, (batch + 1) * rows)]);
    }
    result.append(nb::tuple(parts));
  }
  return result;
}

static nb::object call(const BoundExecutable &self, PyObject *arguments) {
  const Executable::Entry &entry = *self.entry;
  llvm::SmallVector<nb::object, 4> owners;
  llvm::SmallVector<HostTensor, 4> tensors =
      toTensors(entry, arguments, owners);
  llvm::SmallVector<HostTensor, 4> results;
  {
    nb::gil_scoped_release release;
    check(self.executable->call(entry, tensors, results));
  }
  if (results.size() == 1)
    return toArray(std::move(results.front()));
  if (results.empty())
    return nb::none();
  nb::object tuple = nb::steal(PyTuple_New(results.size()));
  if (!tuple)
    throw nb::python_error();
  for (size_t i = 0, e = results.size(); i < e; ++i)
    PyTuple_SET_ITEM(tuple.ptr(), i,
                     toArray(std::move(results[i])).release().ptr());
  return tuple;
}

/// The slot behind `executable(...)`. A bound method would cost as much as the
/// rest of the call.
static PyObject *callSlot(PyObject *self, PyObject *arguments,
                          PyObject *keywords) noexcept {
  if (keywords && PyDict_GET_SIZE(keywords)) {
    PyErr_SetString(PyExc_TypeError, "executables take no keyword arguments");
    return nullptr;
  }
  if (!nb::inst_ready(self)) {
    PyErr_SetString(PyExc_TypeError, "executables are made by quanta.compile");
    return nullptr;
  }
  try {
    const auto *executable = nb::inst_ptr<BoundExecutable>(self);
    return call(*executable, arguments).release().ptr();
  } catch (nb::python_error &error) {
    error.restore();
  } catch (const std::bad_alloc &) {
    return PyErr_NoMemory();
  } catch (const std::exception &error) {
    PyErr_SetString(errorType.ptr(), error.what());
  }
  return nullptr;
}

static nb::list describe(const std::vector<ValueType> &types) {
  nb::list result;
  for (const ValueType &type : types) {
    nb::list shape;
    for (int64_t size : type.shape)
      shape.append(size == dynamicSize ? nb::none() : nb::cast(size));
    result.append(
        nb::make_tuple(getDtypeName(type.kind), nb::tuple(shape), type.text));
  }
  return result;
}

static BoundExecutable compileProgram(const Program &program,
                                      const std::string &cpu,
                                      const std::string &entry,
                                      int64_t threads) {
  // What fits no unsigned number; the pass that uses it checks the rest.
  if (threads < 0 || threads > std::numeric_limits<unsigned>::max())
    throw PythonError("a program needs between 1 and 1024 threads, got " +
                      std::to_string(threads));
  CompileOptions options = getCompileOptionsFromEnvironment();
  options.cpu = cpu;
  options.threads = threads;
  options.entry = entry;
  BoundExecutable result;
  result.executable = check(quanta::compile(program, options));
  result.entry = check(result.executable->getEntry(entry));
  return result;
}

static constexpr const char *executableDoc =
    R"(A program compiled to machine code. Made by `quanta.compile`.

    result = executable(x, y)

Takes one NumPy array for each input, of exactly its element type and with sizes
that fit its shape, and returns the results as new arrays: one alone, several as a
tuple. Neither arguments nor results are copied, with one exception: an argument
that is not C-contiguous, aligned and in native byte order is copied once, as is
whatever is no array. The interpreter's lock is released while the program runs,
so several threads may call it.

Raises:
  quanta.Error: the arguments do not fit; the text names the argument, what was
    expected and what came.)";

static void bindExecutable(nb::module_ &module) {
  static PyType_Slot slots[] = {
      {Py_tp_call, reinterpret_cast<void *>(callSlot)}, {0, nullptr}};
  nb::class_<BoundExecutable>(module, "Executable", nb::type_slots(slots),
                              executableDoc)
      .def_prop_ro(
          "isa",
          [](const BoundExecutable &self) { return self.executable->getISA(); },
          "The instruction set of the integer kernels, \"avx512-vnni\" for "
          "example; empty if there are none.")
      .def_prop_ro(
          "entry",
          [](const BoundExecutable &self) { return self.entry->getName(); },
          "Name of the function that a call runs.")
      .def_prop_ro(
          "inputs",
          [](const BoundExecutable &self) {
            return describe(self.entry->getSignature().inputs);
          },
          "For each argument: NumPy's name of its element type, its shape with "
          "None for open sizes, and its MLIR type.")
      .def_prop_ro(
          "outputs",
          [](const BoundExecutable &self) {
            return describe(self.entry->getSignature().results);
          },
          "The same for each result.")
      .def(
          "_statistics",
          [](const BoundExecutable &self) {
            return check(readStatistics(*self.executable));
          },
          "What the observers of an observed program learned so far.")
      .def("_batches", &cutIntoBatches,
           "The arguments as those of several calls, where the program takes a "
           "fixed number of rows and they have a multiple of it.");
  module.attr("Executable").attr("__module__") = "quanta";
  module.def("compile", &compileProgram, "program"_a, "cpu"_a = "native",
             "entry"_a = "", "threads"_a = 1);
}

} // namespace quanta::python

NB_MODULE(_quanta, module) {
  using namespace quanta::python;
  importNumpy();
  errorType = nb::exception<PythonError>(module, "Error");
  errorType.attr("__doc__") =
      "What went wrong, in the words of the MLIR diagnostic.";
  errorType.attr("__module__") = "quanta";
  bindProgram(module);
  bindStatistics(module);
  bindAnalysis(module);
  bindExecutable(module);
  module.def(
      "check_recipe",
      [](const std::string &path) { check(quanta::Recipe::load(path)); },
      "path"_a);
}
