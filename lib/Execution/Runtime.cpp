//===- Runtime.cpp - Functions that compiled code calls -------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Runtime.h"

#include "Assertion.h"

#include "BufferRuntime.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/APInt.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/DynamicLibrary.h"

using namespace llvm;

namespace quanta {

/// A bf16 number is returned in the low bits of the register that an f32 number
/// is returned in; not every compiler has a type for it.
static float returnBFloat(APFloat value) {
  bool losesInfo;
  value.convert(APFloat::BFloat(), APFloat::rmNearestTiesToEven, &losesInfo);
  return bit_cast<float>(
      static_cast<uint32_t>(value.bitcastToAPInt().getZExtValue()));
}

static float truncateFloat(float value) { return returnBFloat(APFloat(value)); }
static float truncateDouble(double value) {
  return returnBFloat(APFloat(value));
}

Error loadOpenMP() {
  // Under the name that LLVM's packages give it, or that the linker looks for.
  std::string reason;
  for (const char *name : {"libomp.so.5", "libomp.so"})
    if (!sys::DynamicLibrary::LoadLibraryPermanently(name, &reason))
      return Error::success();
  return createStringError("a program for several threads needs OpenMP's "
                           "library, libomp (Debian: libomp5-22): " +
                           reason);
}

Error defineRuntime(orc::LLJIT &jit) {
  // The compiler's own library, which converts f16: what loaded this code may
  // have kept it to itself, as Python does with its modules.
  sys::DynamicLibrary::LoadLibraryPermanently("libgcc_s.so.1");
  auto symbol = [](auto *function) {
    return orc::ExecutorSymbolDef(orc::ExecutorAddr::fromPtr(function),
                                  JITSymbolFlags::Exported |
                                      JITSymbolFlags::Callable);
  };
  orc::MangleAndInterner mangle(jit.getExecutionSession(), jit.getDataLayout());
  return jit.getMainJITDylib().define(orc::absoluteSymbols(
      {{mangle("__truncsfbf2"), symbol(truncateFloat)},
       {mangle("__truncdfbf2"), symbol(truncateDouble)},
       {mangle("puts"), symbol(putAssertion)},
       {mangle("abort"), symbol(abortCall)},
       {mangle("malloc"), symbol(allocate)},
       {mangle(acquireBufferName), symbol(acquireBuffer)},
       {mangle(releaseBufferName), symbol(releaseBuffer)}}));
}

} // namespace quanta
