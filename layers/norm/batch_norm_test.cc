#include "layers/norm/batch_norm.h"

#include <cmath>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "layers/testing.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::Pointwise;

constexpr char kModel[] = R"(
    input { name: "x" dims: [2, 1, 2] }
    layer { name: "bn" batch_norm { epsilon: 0.25 momentum: 0.75 scale_init: 2 } })";

TEST(BatchNormLayerTest, ParametersAndStates) {
  const TestModel model = BuildText(kModel);
  EXPECT_THAT(model.parameter_names(), ElementsAre("bn/scale", "bn/shift"));
  EXPECT_EQ(model.graph.parameters()[0].role, ParameterRole::kNorm);
  EXPECT_EQ(model.graph.parameters()[0].initial.a, 2);
  EXPECT_EQ(model.graph.parameters()[1].initial.a, 0);
  ASSERT_EQ(model.graph.states().size(), 2u);
  EXPECT_EQ(model.graph.states()[0].name, "bn/mean");
  EXPECT_EQ(model.graph.states()[0].initial, 0);
  EXPECT_EQ(model.graph.states()[1].name, "bn/variance");
  EXPECT_EQ(model.graph.states()[1].initial, 1);
}

TEST(BatchNormLayerTest, InferenceUsesTheStates) {
  const TestModel model = BuildText(kModel, 1);
  EXPECT_THAT(model.kinds(), ElementsAre("batch_norm_inference"));
  const float factor = 2 / std::sqrt(1.25f);  // mean 0, variance 1
  EXPECT_THAT(RunReference(model.graph, model.built.output, {{"x", Ramp({1, 2, 1, 2}, 0, 1)}}),
              Pointwise(FloatNear(1e-6), {0.0f, factor, 2 * factor, 3 * factor}));
}

TEST(BatchNormLayerTest, TrainingUsesTheBatchAndMovesTheStates) {
  const TestModel model = BuildText(kModel, 1, /*training=*/true);
  EXPECT_THAT(model.kinds(), ElementsAre("batch_norm_train", "moving_average", "moving_average"));
  const std::map<std::string, Tensor> inputs = {{"x", Ramp({1, 2, 1, 2}, 0, 2)}};
  // Channels (0, 2) and (4, 6): means 1 and 5, biased variance 1.
  const float value = 2 / std::sqrt(1.25f);
  EXPECT_THAT(RunReference(model.graph, model.built.output, inputs),
              Pointwise(FloatNear(1e-6), {-value, value, -value, value}));
  EXPECT_THAT(RunReference(model.graph, model.graph.states()[0].update, inputs),
              Pointwise(FloatNear(1e-6), {0.25f, 1.25f}));
  // The unbiased variance is 2: 0.75 * 1 + 0.25 * 2.
  EXPECT_THAT(RunReference(model.graph, model.graph.states()[1].update, inputs),
              Pointwise(FloatNear(1e-6), {1.25f, 1.25f}));
}

}  // namespace
}  // namespace espalier
