#include "layers/training_graph.h"

#include <cmath>

#include "core/append_gradients.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "layers/layer.h"
#include "layers/testing.h"

namespace espalier {
namespace {

using ::testing::HasSubstr;

constexpr char kModel[] = R"(
    input { name: "image" dims: [1, 4, 4] }
    layer { name: "conv1" conv { channels: 2 kernel: 3 } } layer { relu {} }
    layer { dropout {} } layer { name: "fc" dense { channels: 3 } })";

absl::StatusOr<BuiltModel> Build(absl::string_view model, Graph* graph, bool training = true, const Loss& loss = {}) {
  BuildOptions options;
  options.batch_size = 2;
  options.training = training;
  return BuildLossGraph(ParseModel(model), loss, options, graph);
}

TEST(TrainingGraphTest, InputsAndOutputs) {
  Graph graph;
  ASSERT_TRUE(Build(kModel, &graph).ok());
  EXPECT_EQ(graph.type(graph.output("logits")), (TensorType{DType::kF32, {2, 3}}));
  EXPECT_EQ(graph.type(graph.output("loss")), (TensorType{DType::kF32, {}}));
  EXPECT_EQ(graph.type(graph.output("counts")), (TensorType{DType::kF32, {3}}));
  EXPECT_EQ(graph.type(graph.input(kLabel)), (TensorType{DType::kS32, {2}}));
  EXPECT_EQ(graph.type(graph.input(kSampleIds)), (TensorType{DType::kS32, {2}}));
  Graph evaluation;
  ASSERT_TRUE(Build(kModel, &evaluation, /*training=*/false).ok());
  EXPECT_EQ(evaluation.input(kSampleIds), kNoValue);
  EXPECT_NE(evaluation.output("loss"), kNoValue);
}

TEST(TrainingGraphTest, TheLossIsASumOverSamples) {
  Graph graph;
  ASSERT_TRUE(Build(kModel, &graph, /*training=*/false).ok());
  const std::map<std::string, Tensor> inputs = {{"image", Ramp({2, 1, 4, 4}, 0, 0)},
                                                {"label", Tensor::Of<int32_t>({2}, {0, 2})}};
  // A black picture gives zero logits: each sample loses log 3.
  EXPECT_NEAR(RunReference(graph, graph.output("loss"), inputs)[0], 2 * std::log(3.0f), 1e-6);
  EXPECT_THAT(RunReference(graph, graph.output("counts"), inputs), testing::ElementsAre(2, 1, 2));
}

TEST(TrainingGraphTest, LossesFollowTheJob) {
  Loss loss;
  loss.mutable_mean_squared_error();
  Graph graph;
  ASSERT_TRUE(Build(kModel, &graph, true, loss).ok());
  EXPECT_EQ(graph.node(graph.value(graph.output("loss")).producer).op->kind(), "mean_squared_error");
}

TEST(TrainingGraphTest, EveryParameterGetsAGradient) {
  Graph graph;
  ASSERT_TRUE(Build(kModel, &graph).ok());
  const ValueId seed = graph.AddInput("seed", {DType::kF32, {}});
  ASSERT_TRUE(AppendParameterGradients(&graph, graph.output("loss"), seed).ok());
  for (ValueId gradient : graph.gradients()) EXPECT_NE(gradient, kNoValue);
}

TEST(TrainingGraphTest, Errors) {
  Graph graph;
  EXPECT_THAT(
      Build(R"(input { name: "x" dims: [1, 4, 4] } layer { name: "c" conv { channels: 2 kernel: 3 } })", &graph)
          .status()
          .message(),
      HasSubstr("layer[0]: layer \"c\": expected the model's output to be [batch, classes], found [2, 2, 2, 2]"));
  Graph graph2;
  EXPECT_THAT(Build(R"(input { name: "x" dims: 4 } layer { softmax {} })", &graph2).status().message(),
              HasSubstr("found a softmax"));
  Graph graph3;
  EXPECT_THAT(Build(R"(input { name: "label" dims: 4 } layer { relu {} })", &graph3).status().message(),
              HasSubstr("label"));
}

}  // namespace
}  // namespace espalier
