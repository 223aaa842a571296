//===- IdleKeys.cpp - What a recipe says in vain --------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "IdleKeys.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/GlobPattern.h"

using namespace llvm;

namespace quanta {

namespace {

/// Values of an enumeration.
using ValueSet = unsigned;

template <typename Enum> constexpr ValueSet setOf(Enum value) {
  return 1u << static_cast<unsigned>(value);
}

constexpr ValueSet ofStatic = setOf(Scheme::Static);
constexpr ValueSet ofDynamic = setOf(Scheme::Dynamic);
constexpr ValueSet ofWeights = ofStatic | ofDynamic | setOf(Scheme::WeightOnly);

/// A key, and the schemes that read it. An observer is not one of them: with
/// any scheme, a recipe may say how to collect statistics.
struct Key {
  StringRef name;
  bool (*isGiven)(const RecipeFields &);
  ValueSet readers;
  StringRef readerNames;
};

template <auto field> bool isGiven(const RecipeFields &fields) {
  return (fields.*field).has_value();
}

constexpr StringRef staticName = "static";
constexpr StringRef activationNames = "static or dynamic";
constexpr StringRef weightNames = "static, dynamic or weight_only";

constexpr Key keys[] = {
    {"activation", isGiven<&RecipeFields::activation>, ofStatic | ofDynamic,
     activationNames},
    {"symmetry", isGiven<&RecipeFields::symmetry>, ofStatic | ofDynamic,
     activationNames},
    {"granularity", isGiven<&RecipeFields::granularity>, ofDynamic, "dynamic"},
    {"residual", isGiven<&RecipeFields::residual>, ofStatic, staticName},
    {"smooth", isGiven<&RecipeFields::smooth>, ofStatic | ofDynamic,
     activationNames},
    {"range_selection", isGiven<&RecipeFields::rangeSelection>, ofStatic,
     staticName},
    {"percentile", isGiven<&RecipeFields::percentile>, ofStatic, staticName},
    {"min", isGiven<&RecipeFields::min>, ofStatic, staticName},
    {"weight", isGiven<&RecipeFields::weight>, ofWeights, weightNames},
    {"weight_range_selection", isGiven<&RecipeFields::weightRangeSelection>,
     ofWeights, weightNames},
    {"weight_storage", isGiven<&RecipeFields::weightStorage>, ofWeights,
     weightNames},
    {"weight_symmetry", isGiven<&RecipeFields::weightSymmetry>, ofWeights,
     weightNames},
    {"block_size", isGiven<&RecipeFields::blockSize>, setOf(Scheme::WeightOnly),
     "weight_only"}};

/// Whether `rule` applies wherever `other` does.
bool covers(const RecipeRule &rule, const RecipeRule &other) {
  auto isIn = [](const std::string &pattern, const std::string &inner) {
    return pattern.empty() || pattern == "*" || pattern == inner;
  };
  return isIn(rule.name, other.name) && isIn(rule.op, other.op) &&
         isIn(rule.location, other.location);
}

/// Whether `rule` applies nowhere where `other` does, as far as can be told: of
/// two patterns that are no plain words it cannot.
bool isApart(const RecipeRule &rule, const RecipeRule &other) {
  auto isWord = [](StringRef text) {
    return text.find_first_of("*?[]{}\\") == StringRef::npos;
  };
  auto excludes = [&](StringRef pattern, StringRef word) {
    if (pattern.empty() || word.empty() || !isWord(word))
      return false;
    Expected<GlobPattern> glob = GlobPattern::create(pattern);
    if (glob)
      return !glob->match(word);
    consumeError(glob.takeError());
    return false;
  };
  auto differs = [&](StringRef one, StringRef two) {
    return excludes(one, two) || excludes(two, one);
  };
  return differs(rule.name, other.name) || differs(rule.op, other.op) ||
         differs(rule.location, other.location);
}

/// What operands of a rule may have: the first rule that says it of one decides
/// on that field, but not on the rest.
template <typename Enum>
ValueSet getPossible(const Recipe &recipe, const RecipeRule &rule,
                     std::optional<Enum> RecipeFields::*field, Enum byDefault) {
  ValueSet possible = 0;
  for (const RecipeRule &other : recipe.rules) {
    if (!(other.*field) || isApart(other, rule))
      continue;
    possible |= setOf(*(other.*field));
    if (covers(other, rule))
      return possible;
  }
  return possible | setOf((recipe.*field).value_or(byDefault));
}

/// A key that is read where another has one value.
template <typename T, typename Enum> struct Pair {
  StringRef name;
  std::optional<T> RecipeFields::*field;
  std::optional<Enum> RecipeFields::*other;
  Enum value, byDefault;
  StringRef wanted;

  std::optional<std::string> findIdle(const Recipe &recipe) const {
    for (const RecipeRule &rule : recipe.rules)
      if (rule.*field &&
          !(getPossible(recipe, rule, other, byDefault) & setOf(value)))
        return complain("a rule");
    if (recipe.*field && !isRead(recipe))
      return complain("it");
    return std::nullopt;
  }

private:
  std::string complain(StringRef who) const {
    return (who + " gives '" + name +
            "', but nothing that it applies to says '" + wanted + "'")
        .str();
  }
  /// Whether something may have the value, and no rule of its own for the key.
  bool isRead(const Recipe &recipe) const {
    auto isOpen = [&](const RecipeRule &place) {
      return none_of(recipe.rules, [&](const RecipeRule &rule) {
        return (rule.*field).has_value() && covers(rule, place);
      });
    };
    RecipeRule everything;
    return ((recipe.*other).value_or(byDefault) == value &&
            isOpen(everything)) ||
           any_of(recipe.rules, [&](const RecipeRule &rule) {
             return rule.*other == value && isOpen(rule);
           });
  }
};

constexpr Pair<double, RangeSelection> percentilePair = {
    "percentile",
    &RecipeFields::percentile,
    &RecipeFields::rangeSelection,
    RangeSelection::Percentile,
    RangeSelection::Max,
    "range_selection: percentile"};

constexpr Pair<int64_t, WeightGranularity> blockPair = {
    "block_size",
    &RecipeFields::blockSize,
    &RecipeFields::weight,
    WeightGranularity::PerBlock,
    WeightGranularity::PerChannel,
    "weight: per_block"};

} // namespace

std::optional<std::string> findIdleKey(const Recipe &recipe) {
  ValueSet schemes = setOf(recipe.scheme.value_or(Scheme::Static));
  for (const RecipeRule &rule : recipe.rules)
    if (rule.scheme)
      schemes |= setOf(*rule.scheme);
  for (const Key &key : keys)
    if (key.isGiven(recipe) && !(key.readers & schemes))
      return ("'" + key.name + "' is for the scheme " + key.readerNames +
              ", which nothing has")
          .str();
  for (const RecipeRule &rule : recipe.rules) {
    ValueSet possible =
        getPossible(recipe, rule, &RecipeFields::scheme, Scheme::Static);
    for (const Key &key : keys)
      if (key.isGiven(rule) && !(key.readers & possible))
        return ("a rule gives '" + key.name + "', which is for the scheme " +
                key.readerNames + ": what the rule applies to has another")
            .str();
  }
  if (std::optional<std::string> idle = percentilePair.findIdle(recipe))
    return idle;
  return blockPair.findIdle(recipe);
}

} // namespace quanta
