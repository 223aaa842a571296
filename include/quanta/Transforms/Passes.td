//===- Passes.td - Passes of Quanta ------------------------*- tablegen -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_TRANSFORMS_PASSES_TD
#define QUANTA_TRANSFORMS_PASSES_TD

// In the order of the stages.
include "quanta/Transforms/CalibrationPasses.td"
include "quanta/Transforms/QuantizationPasses.td"
include "quanta/Transforms/KernelPasses.td"
include "quanta/Transforms/LoopPasses.td"
// Beside them.
include "quanta/Transforms/ConversionPasses.td"

#endif // QUANTA_TRANSFORMS_PASSES_TD
