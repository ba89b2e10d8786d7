#include "core/reference_interpreter.h"

#include "core/ops/batch_norm.h"
#include "core/ops/elementwise.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;

TEST(ReferenceInterpreterTest, RunsNodesInOrderFromInputsAndParameters) {
  Graph graph;
  const ValueId x = graph.AddInput("x", {DType::kF32, {2}});
  Parameter weight{"weight", {2}};
  weight.initial.a = 3;
  const ValueId w = graph.AddParameter(weight);
  const ValueId product = graph.Add1(std::make_shared<MultiplyOp>(), {x, w}).value();
  graph.SetOutput("y", graph.Add1(std::make_shared<ActivationOp>(Activation::kRelu), {product}).value());
  ReferenceInterpreter interpreter(graph, 1);
  interpreter.Set(x, Tensor::Of<float>({2}, {2, -1}));
  interpreter.Run({});
  EXPECT_THAT(interpreter.value(product).span<float>(), ElementsAre(6, -3));
  EXPECT_THAT(interpreter.Output("y").span<float>(), ElementsAre(6, 0));
}

TEST(ReferenceInterpreterTest, KeepsStatesBetweenSteps) {
  Graph graph;
  const ValueId batch = graph.AddInput("batch", {DType::kF32, {1}});
  const ValueId running = graph.AddState("running", {1}, 8);
  graph.SetStateUpdate(running, graph.Add1(std::make_shared<MovingAverageOp>(0.5f, 1.0f), {running, batch}).value());
  ReferenceInterpreter interpreter(graph, 1);
  interpreter.Run({});
  EXPECT_THAT(interpreter.value(running).span<float>(), ElementsAre(4));
  interpreter.Run({});
  EXPECT_THAT(interpreter.value(running).span<float>(), ElementsAre(2));
}

}  // namespace
}  // namespace espalier
