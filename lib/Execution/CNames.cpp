//===- CNames.cpp - Names that C and C++ accept ---------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CNames.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/TargetParser/Triple.h"

using namespace llvm;

namespace quanta {

std::string toCIdentifier(StringRef text) {
  std::string result;
  for (char c : text)
    result += isAlnum(c) ? c : '_';
  return result;
}

static StringSet<> makeSet(StringRef words) {
  StringSet<> set;
  for (StringRef word : split(words, '\n'))
    for (StringRef name : split(word, ' '))
      set.insert(name);
  return set;
}

/// Of C23 and C++20.
static constexpr StringLiteral keywords = R"(
alignas alignof and and_eq asm auto bitand bitor bool break case catch char
char16_t char32_t char8_t class co_await co_return co_yield compl concept
const const_cast consteval constexpr constinit continue decltype default
delete do double dynamic_cast else enum explicit export extern false float
for friend goto if inline int long main mutable namespace new noexcept not
not_eq nullptr operator or or_eq private protected public register
reinterpret_cast requires restrict return short signed sizeof static
static_assert static_cast struct switch template this thread_local throw
true try typedef typeid typename typeof typeof_unqual union unsigned using
virtual void volatile wchar_t while xor xor_eq
)";

static bool isKeyword(StringRef name) {
  static const StringSet<> reserved = makeSet(keywords);
  return reserved.contains(name);
}

/// Names of the C library that LLVM knows no function of; the last three are
/// macros of GNU C.
static constexpr StringLiteral otherNames = R"(
BUFSIZ CLOCKS_PER_SEC EOF FILE HUGE_VAL HUGE_VALF I INFINITY NAN NULL
RAND_MAX SEEK_CUR SEEK_END SEEK_SET abort alarm asctime assert atexit
bsearch clock complex ctime daylight difftime div drem environ errno exit
fdim fpclassify gamma getdate gmtime imaginary index isfinite isinf isnan
isnormal j0 j1 jn kill ldiv lgamma lldiv llrint llround localeconv localtime
longjmp lrint lround mktime nan nice offsetof optarg optind pause pipe poll
program_invocation_name quick_exit raise rand rand_r random realpath rindex
scalb select setjmp setlocale signal signbit signgam significand sleep srand
stderr stdin stdout strerror strftime swab sync system time times timezone
tzname tzset usleep va_arg va_copy va_end va_list va_start wait y0 y1 yn
linux unix i386
)";

/// Whether the name of a function, type or macro of the C library: of a header
/// that a caller may include beside ours, or of <stdint.h>, which ours
/// includes.
static bool isInLibrary(StringRef name) {
  static const TargetLibraryInfoImpl library(
      Triple("x86_64-unknown-linux-gnu"));
  LibFunc function;
  if (library.getLibFunc(name, function))
    return true;
  if (name.ends_with("_t"))
    return true;
  for (StringRef prefix :
       {"INT", "UINT", "SIZE", "PTRDIFF", "WCHAR", "WINT", "SIG_ATOMIC"})
    for (StringRef suffix : {"_MAX", "_MIN", "_WIDTH", "_C"})
      if (name.starts_with(prefix) && name.ends_with(suffix))
        return true;
  if (name.starts_with("M_") || name.starts_with("SIG") ||
      name.starts_with("EXIT_") || name.starts_with("FP_"))
    return true;
  static const StringSet<> others = makeSet(otherNames);
  return others.contains(name);
}

static bool isUsable(StringRef name) {
  // What begins with an underscore belongs to the languages; the others may be
  // types and macros of the header.
  return !name.empty() && isAlpha(name.front()) && !isKeyword(name) &&
         !isInLibrary(name) && !name.starts_with("quanta_tensor_") &&
         !name.starts_with("QUANTA_") && !name.ends_with("_results");
}

std::vector<std::string> chooseCNames(ArrayRef<StringRef> symbols) {
  std::vector<std::string> names(symbols.size());
  StringSet<> used;
  for (auto [symbol, name] : llvm::zip_equal(symbols, names))
    if (toCIdentifier(symbol) == symbol && isUsable(symbol)) {
      name = symbol.str();
      used.insert(name);
    }
  for (auto [symbol, name] : llvm::zip_equal(symbols, names)) {
    if (!name.empty())
      continue;
    name = toCIdentifier(symbol);
    if (!isUsable(name))
      name = "quanta_" + name;
    while (!used.insert(name).second)
      name += "_";
  }
  return names;
}

} // namespace quanta
