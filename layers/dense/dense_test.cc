#include "layers/dense/dense.h"

#include <cmath>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "layers/testing.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;

TEST(DenseLayerTest, FlattensItsInput) {
  const TestModel model =
      BuildText(R"(input { name: "x" dims: [2, 3, 4] } layer { name: "fc" dense { channels: 5 } })");
  EXPECT_THAT(model.kinds(), ElementsAre("reshape", "matmul"));
  EXPECT_EQ(model.output_shape(), Shape({2, 5}));
  EXPECT_EQ(model.graph.parameters()[0].shape, Shape({5, 24}));
  EXPECT_EQ(model.graph.parameters()[0].role, ParameterRole::kWeight);
  EXPECT_EQ(model.graph.parameters()[1].role, ParameterRole::kBias);
}

TEST(DenseLayerTest, MultipliesRowsByWeightsAndAddsTheBias) {
  const TestModel model = BuildText(R"(input { name: "x" dims: 2 } layer { name: "fc" dense { channels: 3 } })");
  EXPECT_THAT(model.kinds(), ElementsAre("matmul"));
  EXPECT_THAT(RunReference(model.graph, model.built.output, {{"x", Ramp({2, 2}, 1, 1)}},
                           {{"fc/weight", {1, 0, 0, 1, 1, 1}}, {"fc/bias", {0, 10, 20}}}),
              ElementsAre(1, 12, 23, 3, 14, 27));
}

TEST(DenseLayerTest, Initializers) {
  const auto initial = [](const std::string& text) {
    return BuildText(R"(input { name: "x" dims: 50 } layer { dense { channels: 30 )" + text + " } }")
        .graph.parameters()[0]
        .initial;
  };
  EXPECT_FLOAT_EQ(initial("").b, std::sqrt(2.0f / 50));
  EXPECT_FLOAT_EQ(initial("weight_init { variance_scaling { fan: FAN_OUT gain: 1 } }").b, std::sqrt(1.0f / 30));
  const InitialValue glorot = initial("weight_init { variance_scaling { fan: FAN_AVERAGE gain: 1 uniform: true } }");
  EXPECT_EQ(glorot.kind, InitialValue::Kind::kUniform);
  EXPECT_FLOAT_EQ(glorot.b, std::sqrt(6.0f / (50 + 30)));
  EXPECT_EQ(glorot.a, -glorot.b);
  EXPECT_EQ(initial("weight_init { constant: 3 }").a, 3);
  EXPECT_EQ(initial("weight_init { normal { mean: 1 stddev: 2 } }").b, 2);
  EXPECT_EQ(initial("weight_init { uniform { low: -1 high: 2 } }").b, 2);
}

}  // namespace
}  // namespace espalier
