//===- DotAttrs.td - The instruction sets that are known ---*- tablegen -*-===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QUANTA_DOT_ATTRS_TD
#define QUANTA_DOT_ATTRS_TD

include "quanta/IR/QuantaDialect.td"
include "quanta/Targets/DotAttrInterface.td"
include "mlir/IR/AttrTypeBase.td"

class Quanta_DotAttr<string name, string mnemonic_,
                     list<string> overridden = []>
    : AttrDef<Quanta_Dialect, name,
              [DeclareAttrInterfaceMethods<DotAttrInterface, overridden>]> {
  let mnemonic = mnemonic_;
}

def Quanta_Avx512VnniAttr : Quanta_DotAttr<"Avx512Vnni", "avx512_vnni",
    ["getLookupLanes", "buildLookup", "buildInterleave", "buildRoundToBytes"]> {
  let summary = "vpdpbusd on zmm: 16 lanes, u8 x i8 in groups of 4";
  let description = [{
    With `vbmi`, tables of bytes are permutations: `vpermi2b`.
  }];
  let parameters = (ins DefaultValuedParameter<"bool", "false">:$vbmi);
  let assemblyFormat = "(`<` struct($vbmi)^ `>`)?";
}

def Quanta_AmxAttr : Quanta_DotAttr<"Amx", "amx",
    ["getLookupLanes", "buildLookup", "buildInterleave", "buildRoundToBytes",
     "buildMatrixProducts"]> {
  let summary = "tdpbusd on tiles of 16 rows, and vpdpbusd on zmm beside it";
  let description = [{
    Weights are packed as for `#quanta.avx512_vnni`: 64 bytes, four along K of 16
    columns, are a row of a tile. K, or each run of a convolution, is padded with
    zeros to whole tiles. Products of few rows, of a few elements along K, and of
    activations that are signed are those of `vpdpbusd`.
  }];
}

def Quanta_AvxVnniAttr : Quanta_DotAttr<"AvxVnni", "avx_vnni",
                                        ["buildInterleave"]> {
  let summary = "vpdpbusd on ymm: 8 lanes, u8 x i8 in groups of 4";
}

def Quanta_Avx512Attr : Quanta_DotAttr<"Avx512", "avx512",
    ["buildExtendWeights", "buildRoundToBytes"]> {
  let summary = "vpmaddwd on zmm: 16 lanes, both factors widened to i16";
}

def Quanta_Avx2Attr : Quanta_DotAttr<"Avx2", "avx2",
    ["buildExtendWeights", "buildInterleave"]> {
  let summary = "vpmaddwd on ymm: 8 lanes, both factors widened to i16";
  let description = [{
    `vpmaddubsw` would take bytes, but it saturates its i16 sums.
  }];
}

def Quanta_NeonDotAttr : Quanta_DotAttr<"NeonDot", "neon_dot",
    ["getLookupLanes", "buildLookup", "buildInterleave"]> {
  let summary = "AArch64 sdot: 4 lanes, i8 x i8 in groups of 4; tbl and tbx";
}

def Quanta_PortableAttr : Quanta_DotAttr<"Portable", "portable",
                                         ["buildExtendWeights"]> {
  let summary = "Plain integer vector arithmetic, for every other machine";
}

def Quanta_NarrowDotAttr : Quanta_DotAttr<"NarrowDot", "narrow_dot",
                                          ["buildRoundToBytes"]> {
  let summary = "another instruction's dot product, with weights of 4 or 2 bits";
  let description = [{
    The right factor is packed as for `dot`, in columns that are padded to
    `8 / bits` whole vectors, and as many vectors side by side share the bytes of
    one: the first has the lowest bits. What is stored is how far a weight lies
    above `low`; where `dot` extends bytes and a weight is any signed number of its
    bits, that number. In registers it becomes what `dot` takes.
  }];
  let parameters = (ins "::mlir::Attribute":$dot, "int64_t":$bits,
                        "int64_t":$low);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Vector number `part` of those that share the loaded bytes, in the form in
    /// which `buildDot` takes it.
    ::mlir::Value buildUnpack(::mlir::OpBuilder &builder, ::mlir::Location loc,
                              ::mlir::Value stored, int64_t part) const;
    DotAttrInterface getInner() const;
  }];
}

def Quanta_FmaAttr : Quanta_DotAttr<"Fma", "fma"> {
  let summary = "f32 products on vectors, fused where the machine fuses";
  let parameters = (ins "int64_t":$lanes, "int64_t":$vectors, "int64_t":$rows,
                        "bool":$fused);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Quanta_HalfFmaAttr : Quanta_DotAttr<"HalfFma", "half_fma",
                                        ["getPackedType"]> {
  let summary = "fused f32 products with weights stored as f16 or bf16";
  let description = [{
    The right factor is packed as for `#quanta.fma`, in elements of `type`, which
    become f32 in registers.
  }];
  let parameters = (ins "int64_t":$lanes, "int64_t":$vectors, "int64_t":$rows,
                        "::mlir::FloatType":$type);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Quanta_StoredFmaAttr : Quanta_DotAttr<"StoredFma", "stored_fma",
                                          ["getPackedType"]> {
  let summary = "fused f32 products with weights stored as integers";
  let description = [{
    The right factor is packed as bytes: blocks of columns one after the other,
    and in each of them, for every `block` elements along K, one f32 scale for
    each column, with `zero_points` one byte for each column, and the weights.
    Those of 8 bits lie column by column; of those of 4 bits, eight that follow
    each other along K fill the 32 bits of a column, the first in the lowest bits.
    What does not exist is zero. In registers a weight becomes
    `f32(q - zp) * scale`.
  }];
  let parameters = (ins "int64_t":$lanes, "int64_t":$vectors, "int64_t":$rows,
                        "int64_t":$bits, "bool":$is_signed, "int64_t":$block,
                        "bool":$zero_points);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Element `element`, along K, of each lane of loaded weights, as i32.
    ::mlir::Value buildUnpack(::mlir::OpBuilder &builder, ::mlir::Location loc,
                              ::mlir::Value stored, int64_t element) const;
  }];
}

#endif // QUANTA_DOT_ATTRS_TD
