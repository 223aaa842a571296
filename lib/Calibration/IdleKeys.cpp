//===- IdleKeys.cpp - What a recipe says in vain --------------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "IdleKeys.h"

#include "llvm/ADT/STLExtras.h"

using namespace llvm;

namespace quanta {

namespace {

using SchemeSet = unsigned;

constexpr SchemeSet setOf(Scheme scheme) {
  return 1u << static_cast<unsigned>(scheme);
}

constexpr SchemeSet ofStatic = setOf(Scheme::Static);
constexpr SchemeSet ofDynamic = setOf(Scheme::Dynamic);
constexpr SchemeSet ofWeights =
    ofStatic | ofDynamic | setOf(Scheme::WeightOnly);

/// A key, and the schemes that read it. An observer is not one of them: with
/// any scheme, a recipe may say how to collect statistics.
struct Key {
  StringRef name;
  bool (*isGiven)(const RecipeFields &);
  SchemeSet readers;
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

/// Whether any rule, or the defaults, say `value` of `field`.
template <typename T>
bool says(const Recipe &recipe, std::optional<T> RecipeFields::*field,
          T value) {
  return recipe.*field == value ||
         any_of(recipe.rules,
                [&](const RecipeRule &rule) { return rule.*field == value; });
}

template <typename T>
bool gives(const Recipe &recipe, std::optional<T> RecipeFields::*field) {
  return (recipe.*field).has_value() ||
         any_of(recipe.rules, [&](const RecipeRule &rule) {
           return (rule.*field).has_value();
         });
}

/// Whether `rule` applies wherever `other` does.
bool covers(const RecipeRule &rule, const RecipeRule &other) {
  auto isIn = [](const std::string &pattern, const std::string &inner) {
    return pattern.empty() || pattern == "*" || pattern == inner;
  };
  return isIn(rule.name, other.name) && isIn(rule.op, other.op) &&
         isIn(rule.location, other.location);
}

/// What operands of a rule may have: the first rule that says it of one decides
/// on the scheme, but not on the rest.
SchemeSet getPossible(const Recipe &recipe, size_t number) {
  const RecipeRule &rule = recipe.rules[number];
  SchemeSet possible = 0;
  for (const RecipeRule &other :
       ArrayRef(recipe.rules).take_front(number + 1)) {
    if (!other.scheme)
      continue;
    possible |= setOf(*other.scheme);
    if (covers(other, rule))
      return possible;
  }
  for (const RecipeRule &other : ArrayRef(recipe.rules).drop_front(number + 1))
    if (other.scheme)
      possible |= setOf(*other.scheme);
  return possible | setOf(recipe.scheme.value_or(Scheme::Static));
}

} // namespace

std::optional<std::string> findIdleKey(const Recipe &recipe) {
  SchemeSet schemes = setOf(recipe.scheme.value_or(Scheme::Static));
  for (const RecipeRule &rule : recipe.rules)
    if (rule.scheme)
      schemes |= setOf(*rule.scheme);
  for (const Key &key : keys)
    if (key.isGiven(recipe) && !(key.readers & schemes))
      return ("'" + key.name + "' is for the scheme " + key.readerNames +
              ", which nothing has")
          .str();
  for (const auto &[number, rule] : enumerate(recipe.rules)) {
    SchemeSet possible = getPossible(recipe, number);
    for (const Key &key : keys)
      if (key.isGiven(rule) && !(key.readers & possible))
        return ("a rule gives '" + key.name + "', which is for the scheme " +
                key.readerNames + ": what the rule applies to has another")
            .str();
  }
  if (gives(recipe, &RecipeFields::percentile) &&
      !says(recipe, &RecipeFields::rangeSelection, RangeSelection::Percentile))
    return "it gives a percentile, but nothing says 'range_selection: "
           "percentile'";
  if (gives(recipe, &RecipeFields::blockSize) &&
      !says(recipe, &RecipeFields::weight, WeightGranularity::PerBlock))
    return "it gives a block_size, but nothing says 'weight: per_block'";
  return std::nullopt;
}

} // namespace quanta
