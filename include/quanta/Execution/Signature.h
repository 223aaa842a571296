//===- Signature.h - Types of a compiled function ---------------*- C++ -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_EXECUTION_SIGNATURE_H
#define QUANTA_EXECUTION_SIGNATURE_H

#include "quanta/Execution/Tensor.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinTypes.h"

#include <vector>

namespace quanta {

/// The type of one argument or result as the caller sees it.
struct ValueType {
  ElementKind kind = ElementKind::F32;
  /// `dynamicSize` where any size will do. Empty for scalars.
  HostTensor::Sizes shape;
  /// Passed by value, not as a tensor of rank 0.
  bool isScalar = false;
  /// The element type is a signless integer: both signs are accepted.
  bool isSignless = false;
  /// The MLIR type, for messages and documentation.
  std::string text;

  /// Whether a tensor of this kind can be passed. Integers of fewer than 8 bits
  /// can come as bytes, whose values must fit.
  bool accepts(ElementKind other) const;

  /// From a ranked tensor, or a scalar, of integers, floats or uniform
  /// quantized values (which are passed as their storage).
  static llvm::Expected<ValueType> get(mlir::Type type);
};

/// A function's interface on tensors, which the LLVM dialect no longer shows.
struct Signature {
  std::string name;
  std::vector<ValueType> inputs;
  std::vector<ValueType> results;

  static llvm::Expected<Signature> get(llvm::StringRef name,
                                       mlir::FunctionType type);

  /// Reads the attribute `quanta.signature`; an error if the function has none.
  static llvm::Expected<Signature> get(mlir::LLVM::LLVMFuncOp function);

  /// Whether the C interface writes its results where its first argument
  /// points, and does not return them.
  bool returnsThroughPointer() const {
    return results.size() > 1 ||
           (results.size() == 1 && !results.front().isScalar);
  }

  /// "(tensor<?x784xf32>) -> tensor<?x10xf32>"
  std::string str() const;
};

/// "argument 0 of 'main' (x.npy)": the argument and where it came from, if that
/// is known.
std::string describeArgument(const Signature &signature, size_t index,
                             const HostTensor &argument);

/// The name of the C interface wrapper of function `name`.
std::string getInterfaceName(llvm::StringRef name);

/// Names of the functions that can be called from outside: those for which a C
/// interface wrapper is defined, in program order.
std::vector<std::string> getEntryNames(mlir::ModuleOp module);

/// Signatures of the functions named by `getEntryNames`; an error if one has
/// none.
llvm::Expected<std::vector<Signature>> getSignatures(mlir::ModuleOp module);

} // namespace quanta

#endif // QUANTA_EXECUTION_SIGNATURE_H
