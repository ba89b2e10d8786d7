#include "optim/optimizer.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "proto/optimizer.pb.h"

namespace espalier {
namespace {

Optimizer Parse(const std::string& text) {
  Optimizer config;
  CHECK(google::protobuf::TextFormat::ParseFromString(text, &config)) << text;
  return config;
}

// One weight, updated twice with gradients 0.5 and 0.25 at rate 0.1, from 1.
TEST(ParameterOptimizer, MomentumMatchesHandComputation) {
  ParameterLayout layout;
  layout.Add({"w", {1}});
  auto optimizer = *ParameterOptimizer::Create(Parse("sgd { momentum: 0.5 }"), layout);
  std::vector<float> weights(layout.arena_elements()), gradients(layout.arena_elements());
  weights[0] = 1;
  gradients[0] = 0.5f;
  optimizer->Step(weights.data(), gradients.data(), {0.1, 1, 1});
  EXPECT_FLOAT_EQ(weights[0], 0.95f);
  gradients[0] = 0.25f;
  optimizer->Step(weights.data(), gradients.data(), {0.1, 1, 2});
  EXPECT_FLOAT_EQ(weights[0], 0.95f - 0.1f * 0.5f);
  EXPECT_EQ(optimizer->slot(0)[0], 0.5f);
}

TEST(ParameterOptimizer, NamesTheWrongField) {
  auto result = ParameterOptimizer::Create(Parse("sgd { momentum: 1.5 }"), ParameterLayout());
  EXPECT_EQ(result.status().message(), "optimizer.sgd.momentum: expected 0 <= momentum < 1, found 1.5");
}

}  // namespace
}  // namespace espalier
