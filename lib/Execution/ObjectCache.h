//===- ObjectCache.h - Object files kept between compilations -*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_LIB_EXECUTION_OBJECTCACHE_H
#define QUANTA_LIB_EXECUTION_OBJECTCACHE_H

#include "quanta/Execution/ObjectEmission.h"

#include "llvm/ADT/STLFunctionalExtras.h"

namespace quanta {

using ObjectBytes = llvm::SmallVector<char, 0>;

/// The object file of `lowered`, which is not optimized yet: from `directory`
/// if it was compiled before, else what `compile` makes, which is then kept
/// there. A directory that cannot be used costs time and no result.
llvm::Expected<ObjectBytes>
getCachedObject(const LoweredModule &lowered, unsigned optLevel,
                llvm::StringRef directory,
                llvm::function_ref<llvm::Expected<ObjectBytes>()> compile);

} // namespace quanta

#endif // QUANTA_LIB_EXECUTION_OBJECTCACHE_H
