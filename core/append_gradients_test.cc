#include "core/append_gradients.h"

#include "core/ops/elementwise.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> Kinds(const Graph& graph, int first) {
  std::vector<std::string> kinds;
  for (size_t i = first; i < graph.nodes().size(); ++i) kinds.emplace_back(graph.node(i).op->kind());
  return kinds;
}

TEST(AppendGradientsTest, SumsTheContributionsOfEveryUse) {
  Graph graph;
  const ValueId w = graph.AddParameter({"w", {}});
  const ValueId seed = graph.AddInput("seed", {DType::kF32, {}});
  graph.SetLayer("square");
  const ValueId square = graph.Add1(std::make_shared<MultiplyOp>(), {w, w}).value();
  const ValueId loss = graph.Add1(std::make_shared<AddOp>(), {square, w}).value();
  ASSERT_TRUE(AppendParameterGradients(&graph, loss, seed).ok());
  EXPECT_THAT(Kinds(graph, 2), ElementsAre("multiply", "multiply", "add", "add"));
  ASSERT_EQ(graph.gradients().size(), 1u);
  EXPECT_EQ(graph.type(graph.gradients()[0]), graph.type(w));
  EXPECT_EQ(graph.nodes().back().layer, "square");
  EXPECT_TRUE(graph.nodes().back().backward);
  EXPECT_FALSE(graph.node(1).backward);
}

TEST(AppendGradientsTest, CastsAContributionToTheTypeOfTheFirst) {
  Graph graph;
  const ValueId w = graph.AddParameter({"w", {}});
  const ValueId seed = graph.AddInput("seed", {DType::kF32, {}});
  const ValueId half = graph.Add1(std::make_shared<CastOp>(DType::kBF16), {w}).value();
  const ValueId wide = graph.Add1(std::make_shared<CastOp>(DType::kF32), {half}).value();
  const ValueId product = graph.Add1(std::make_shared<MultiplyOp>(), {half, half}).value();
  const ValueId wide_product = graph.Add1(std::make_shared<CastOp>(DType::kF32), {product}).value();
  const ValueId loss = graph.Add1(std::make_shared<AddOp>(), {wide, wide_product}).value();
  const auto gradients = AppendGradients(&graph, loss, seed, {w}).value();
  EXPECT_EQ(graph.type(gradients[0]).dtype, DType::kF32);
}

TEST(AppendGradientsTest, UnusedParametersHaveNoGradient) {
  Graph graph;
  const ValueId w = graph.AddParameter({"w", {}});
  graph.AddParameter({"unused", {3}});
  const ValueId seed = graph.AddInput("seed", {DType::kF32, {}});
  const ValueId loss = graph.Add1(std::make_shared<ActivationOp>(Activation::kTanh), {w}).value();
  ASSERT_TRUE(AppendParameterGradients(&graph, loss, seed).ok());
  EXPECT_NE(graph.gradients()[0], kNoValue);
  EXPECT_EQ(graph.gradients()[1], kNoValue);
}

TEST(AppendGradientsTest, EmitsNothingForBranchesWithoutTargets) {
  Graph graph;
  const ValueId x = graph.AddInput("x", {DType::kF32, {}});
  const ValueId w = graph.AddParameter({"w", {}});
  const ValueId seed = graph.AddInput("seed", {DType::kF32, {}});
  const ValueId y = graph.Add1(std::make_shared<ActivationOp>(Activation::kSigmoid), {x}).value();
  const ValueId loss = graph.Add1(std::make_shared<MultiplyOp>(), {y, w}).value();
  ASSERT_TRUE(AppendParameterGradients(&graph, loss, seed).ok());
  EXPECT_THAT(Kinds(graph, 2), ElementsAre("multiply"));
}

TEST(AppendGradientsTest, RefusesALossThatIsNoScalar) {
  Graph graph;
  const ValueId w = graph.AddParameter({"w", {3}});
  const ValueId seed = graph.AddInput("seed", {DType::kF32, {}});
  const absl::Status status = AppendParameterGradients(&graph, w, seed);
  EXPECT_THAT(std::string(status.message()), HasSubstr("f32[3] and f32[]"));
}

}  // namespace
}  // namespace espalier
