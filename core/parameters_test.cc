#include "core/parameters.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/tensor.h"

namespace espalier {
namespace {

Parameter Named(const std::string& name, Shape shape, InitialValue initial = {}) {
  Parameter parameter;
  parameter.name = name;
  parameter.shape = shape;
  parameter.initial = initial;
  return parameter;
}

std::vector<float> Initialized(const ParameterLayout& layout, uint64_t seed) {
  std::vector<float> arena(layout.arena_elements(), -1);
  InitializeParameters(layout, seed, arena.data());
  return arena;
}

TEST(ParameterLayout, AlignsEveryParameter) {
  ParameterLayout layout;
  EXPECT_EQ(layout.arena_elements(), 0);
  EXPECT_EQ(layout.Add(Named("scalar", {})), 0);
  EXPECT_EQ(layout.Add(Named("ragged", {3, 11})), 1);
  EXPECT_EQ(layout.Add(Named("even", {2, 16})), 2);
  EXPECT_EQ(layout[0].offset, 0);
  EXPECT_EQ(layout[1].offset, 16);
  EXPECT_EQ(layout[2].offset, 64);
  EXPECT_EQ(layout.arena_elements(), 96);
  EXPECT_EQ(layout.parameter_count(), 1 + 33 + 32);
  for (const Parameter& parameter : layout.parameters()) {
    EXPECT_EQ(parameter.offset * sizeof(float) % kAlignment, 0u) << parameter.name;
  }
}

TEST(InitializeParameters, FillsConstantsAndLeavesZerosBetween) {
  ParameterLayout layout;
  layout.Add(Named("a", {3}, {InitialValue::Kind::kConstant, 0.5f}));
  layout.Add(Named("b", {17}, {InitialValue::Kind::kConstant, -2}));
  const std::vector<float> arena = Initialized(layout, 1);
  for (int i = 0; i < layout.arena_elements(); ++i) {
    EXPECT_EQ(arena[i], i < 3 ? 0.5f : i >= 16 && i < 33 ? -2 : 0) << i;
  }
}

TEST(InitializeParameters, DrawsTheStatedDistributions) {
  constexpr int kCount = 100000;
  ParameterLayout layout;
  layout.Add(Named("normal", {kCount}, {InitialValue::Kind::kNormal, 1, 2}));
  layout.Add(Named("uniform", {kCount}, {InitialValue::Kind::kUniform, -3, 1}));
  const std::vector<float> arena = Initialized(layout, 1);
  const auto moments = [&](const Parameter& parameter) {
    const float* values = arena.data() + parameter.offset;
    double sum = 0, squares = 0;
    for (int i = 0; i < kCount; ++i) sum += values[i];
    for (int i = 0; i < kCount; ++i) squares += std::pow(values[i] - sum / kCount, 2);
    return std::make_pair(sum / kCount, std::sqrt(squares / kCount));
  };
  // Within five standard errors.
  EXPECT_NEAR(moments(layout[0]).first, 1, 5 * 2 / std::sqrt(kCount));
  EXPECT_NEAR(moments(layout[0]).second, 2, 5 * 2 / std::sqrt(2.0 * kCount));
  const double deviation = 4 / std::sqrt(12.0);
  EXPECT_NEAR(moments(layout[1]).first, -1, 5 * deviation / std::sqrt(kCount));
  EXPECT_NEAR(moments(layout[1]).second, deviation, 5 * deviation / std::sqrt(2.0 * kCount));
  const float* uniform = arena.data() + layout[1].offset;
  EXPECT_GE(*std::min_element(uniform, uniform + kCount), -3);
  EXPECT_LT(*std::max_element(uniform, uniform + kCount), 1);
}

// Values depend on seed, name and position, and on nothing else in the layout.
TEST(InitializeParameters, DependsOnSeedAndNameOnly) {
  const InitialValue normal = {InitialValue::Kind::kNormal, 0, 1};
  ParameterLayout alone, among;
  alone.Add(Named("w", {5000}, normal));
  among.Add(Named("other", {5000}, normal));
  among.Add(Named("w", {50, 100}, normal));
  const std::vector<float> a = Initialized(alone, 1), b = Initialized(among, 1);
  EXPECT_TRUE(std::equal(a.begin(), a.begin() + 5000, b.begin() + among[1].offset));
  EXPECT_FALSE(std::equal(a.begin(), a.begin() + 5000, b.begin()));
  EXPECT_NE(a, Initialized(alone, 2));
}

TEST(InitializeParameters, IsTheSameForEveryNumberOfThreads) {
  ParameterLayout layout;
  layout.Add(Named("w", {20001}, {InitialValue::Kind::kNormal, 0, 1}));
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  const std::vector<float> expected = Initialized(layout, 7);
  for (int count : {2, 3, 5}) {
    omp_set_num_threads(count);
    EXPECT_EQ(Initialized(layout, 7), expected) << count << " threads";
  }
  omp_set_num_threads(threads);
}

}  // namespace
}  // namespace espalier
