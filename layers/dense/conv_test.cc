#include "layers/dense/conv.h"

#include <cmath>

#include "core/ops/convolution.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "layers/testing.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ConvLayerTest, ShapesAndParameters) {
  const TestModel model = BuildText(R"(
      input { name: "x" dims: [4, 9, 8] }
      layer { name: "c" conv { channels: 6 kernel_h: 3 kernel_w: 5 stride: 2 pad_h: 1 pad_w: 2 groups: 2 } })");
  EXPECT_EQ(model.output_shape(), Shape({2, 6, 5, 4}));
  const ParameterLayout& parameters = model.graph.parameters();
  ASSERT_EQ(parameters.size(), 2);
  EXPECT_EQ(parameters[0].name, "c/weight");
  EXPECT_EQ(parameters[0].shape, Shape({6, 2, 3, 5}));
  EXPECT_EQ(parameters[0].role, ParameterRole::kWeight);
  EXPECT_EQ(parameters[1].name, "c/bias");
  EXPECT_EQ(parameters[1].shape, Shape({6}));
  EXPECT_EQ(parameters[1].role, ParameterRole::kBias);
}

TEST(ConvLayerTest, AttributesReachTheOperator) {
  const TestModel model = BuildText(R"(
      input { name: "x" dims: [4, 9, 8] }
      layer { conv { channels: 4 kernel: 3 stride_h: 2 stride_w: 3 pad: 1 dilation: 2 groups: 4 bias: false } })");
  const auto& op = dynamic_cast<const ConvolutionOp&>(*model.graph.node(0).op);
  const ConvolutionAttributes expected = {2, 3, 1, 1, 2, 2, 4};
  EXPECT_TRUE(op.attributes() == expected) << op.attributes().ToString();
  EXPECT_FALSE(op.relu());
  EXPECT_EQ(model.graph.node(0).inputs.size(), 2u);
}

TEST(ConvLayerTest, DefaultWeightsAreHeNormalAndBiasesZero) {
  const TestModel model = BuildText(R"(input { name: "x" dims: [8, 5, 5] } layer { conv { channels: 6 kernel: 3 } })");
  const InitialValue weight = model.graph.parameters()[0].initial;
  EXPECT_EQ(weight.kind, InitialValue::Kind::kNormal);
  EXPECT_FLOAT_EQ(weight.b, std::sqrt(2.0f / (8 * 3 * 3)));
  EXPECT_EQ(model.graph.parameters()[1].initial.kind, InitialValue::Kind::kConstant);
  EXPECT_EQ(model.graph.parameters()[1].initial.a, 0);
}

TEST(ConvLayerTest, CorrelatesAndAddsTheBias) {
  const TestModel model = BuildText(R"(
      input { name: "x" dims: [1, 2, 3] } layer { name: "c" conv { channels: 1 kernel_h: 2 kernel_w: 2 } })",
                                    1);
  // x = 0 1 2 / 3 4 5, weights 1 2 / 3 4, bias 10.
  EXPECT_THAT(RunReference(model.graph, model.built.output, {{"x", Ramp({1, 1, 2, 3}, 0, 1)}},
                           {{"c/weight", {1, 2, 3, 4}}, {"c/bias", {10}}}),
              ElementsAre(0 + 2 + 9 + 16 + 10, 1 + 4 + 12 + 20 + 10));
}

TEST(ConvLayerTest, Errors) {
  const auto errors = [](const std::string& conv) {
    return BuildErrors(R"(input { name: "x" dims: [4, 5, 5] } layer { conv { )" + conv + " } }");
  };
  EXPECT_THAT(errors("channels: 6 kernel: 3 groups: 3"),
              HasSubstr("conv.groups: layer \"conv1\": expected a divisor of the input's 4 channels, found 3"));
  EXPECT_THAT(errors("channels: 4 kernel: 7"), HasSubstr("[1, 4, 5, 5]"));
  EXPECT_THAT(BuildErrors(R"(input { name: "x" dims: [4] } layer { conv { channels: 4 kernel: 3 } })"),
              HasSubstr("expected an input of 4 dimensions, batch included, found [1, 4]"));
}

}  // namespace
}  // namespace espalier
