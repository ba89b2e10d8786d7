#include "core/executor.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/append_gradients.h"
#include "core/fusion.h"
#include "core/ops/batch_norm.h"
#include "core/ops/convolution.h"
#include "core/ops/elementwise.h"
#include "core/ops/loss.h"
#include "core/ops/matmul.h"
#include "core/ops/pool.h"
#include "core/ops/structure.h"
#include "core/precision.h"
#include "core/random.h"
#include "core/recompute.h"

namespace espalier {
namespace {

constexpr int64_t kBatch = 4, kChannels = 20, kClasses = 10;

// A small network with everything that layouts trip over: channels that fill no whole block, a residual sum of two
// batch norms, pooling with an argmax, a view, running statistics, a weight that two nodes read.
Graph BuildNetwork(bool fuse, const PrecisionOptions& precision = {}) {
  Graph graph;
  const auto add = [&](OperatorPtr op, std::vector<ValueId> inputs) {
    auto outputs = graph.Add(std::move(op), std::move(inputs));
    CHECK(outputs.ok()) << outputs.status();
    return *outputs;
  };
  const auto weight = [&](std::string name, Shape shape, float scale) {
    Parameter parameter;
    parameter.name = std::move(name);
    parameter.shape = shape;
    parameter.initial = {InitialValue::Kind::kNormal, 0, scale};
    return graph.AddParameter(parameter);
  };
  const auto norm = [&](const std::string& name, ValueId x) {
    graph.SetLayer(name);
    Parameter scale{name + "/scale", {kChannels}, ParameterRole::kNorm};
    scale.initial = {InitialValue::Kind::kUniform, 0.5f, 1.5f};
    const ValueId s = graph.AddParameter(scale), b = weight(name + "/shift", {kChannels}, 0.1f);
    const ValueId running = graph.AddState(name + "/mean", {kChannels}, 0);
    const auto outputs = add(std::make_shared<BatchNormTrainOp>(1e-5f, false), {x, s, b});
    const auto update = add(std::make_shared<MovingAverageOp>(0.9f, 1.0f), {running, outputs[1]});
    graph.SetStateUpdate(running, update[0]);
    return outputs[0];
  };
  ConvolutionAttributes same;
  same.pad_h = same.pad_w = 1;
  const ValueId image = graph.AddInput("image", {DType::kF32, {kBatch, 3, 12, 12}});
  const ValueId label = graph.AddInput("label", {DType::kS32, {kBatch}});
  const ValueId w1 = weight("w1", {kChannels, 3, 3, 3}, 0.2f), b1 = weight("b1", {kChannels}, 0.1f);
  const ValueId w2 = weight("w2", {kChannels, kChannels, 3, 3}, 0.1f);
  graph.SetLayer("conv1");
  ValueId x = add(std::make_shared<ConvolutionOp>(same), {image, w1, b1})[0];
  x = add(std::make_shared<ActivationOp>(Activation::kRelu), {x})[0];
  graph.SetLayer("conv2");
  const ValueId body = norm("norm1", add(std::make_shared<ConvolutionOp>(same), {x, w2})[0]);
  const ValueId shortcut = norm("norm2", add(std::make_shared<ConvolutionOp>(same), {body, w2})[0]);
  graph.SetLayer("sum");
  x = add(std::make_shared<AddOp>(), {body, shortcut})[0];
  x = add(std::make_shared<ActivationOp>(Activation::kRelu), {x})[0];
  graph.SetLayer("pool");
  x = add(std::make_shared<PoolOp>(PoolAttributes(), true), {x})[0];
  x = add(std::make_shared<ReshapeOp>(Shape{kBatch, kChannels * 36}), {x})[0];
  graph.SetLayer("dense");
  const ValueId w3 = weight("w3", {kClasses, kChannels * 36}, 0.05f), b3 = weight("b3", {kClasses}, 0.1f);
  x = add(std::make_shared<MatMulOp>(false, true), {x, w3, b3})[0];
  graph.SetLayer("loss");
  const auto loss = add(std::make_shared<SoftmaxCrossEntropyOp>(0.0f), {x, label});
  graph.SetOutput("loss", loss[0]);
  graph.SetOutput("logits", x);
  graph = *ApplyPrecision(graph, precision);
  if (fuse) graph = *FuseOperators(graph);
  const ValueId seed = graph.AddInput("seed", {DType::kF32, {}});
  CHECK(AppendParameterGradients(&graph, graph.output("loss"), seed).ok());
  if (fuse) graph = *RecomputeCasts(graph);
  return graph;
}

struct Result {
  float loss = 0;
  std::vector<float> gradients, mean;
  std::string plan;
};

Result RunSteps(Graph graph, bool reference_only, int steps = 1) {
  auto store = std::make_shared<ParameterStore>(graph, 1);
  PlanOptions options;
  options.reference_only = reference_only;
  auto executor = Executor::Create(std::move(graph), options, store, std::make_shared<Workspace>());
  CHECK(executor.ok()) << executor.status();
  Tensor image(DType::kF32, {kBatch, 3, 12, 12}), label(DType::kS32, {kBatch}), seed(DType::kF32, {});
  Random random(3, "test", 0, 0);
  for (float& value : image.span<float>()) value = random.Normal();
  for (int32_t& value : label.span<int32_t>()) value = static_cast<int32_t>(random.Below(kClasses));
  *seed.data<float>() = 1.0f / kBatch;
  (*executor)->SetInput("image", image);
  (*executor)->SetInput("label", label);
  (*executor)->SetInput("seed", seed);
  for (int i = 0; i < steps; ++i) (*executor)->Run({});
  Result result;
  result.loss = *(*executor)->Output("loss").data<float>();
  result.gradients.assign(store->gradients(), store->gradients() + store->layout().arena_elements());
  const Tensor mean = store->states().at("norm1/mean");
  result.mean.assign(mean.data<float>(), mean.data<float>() + mean.elements());
  result.plan = (*executor)->plan().ToString((*executor)->graph());
  return result;
}

// Relative to the largest element: gradients of one arena differ by orders of magnitude.
double Distance(const std::vector<float>& a, const std::vector<float>& b) {
  CHECK_EQ(a.size(), b.size());
  double largest = 0, difference = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    largest = std::max<double>(largest, std::abs(a[i]));
    difference = std::max<double>(difference, std::abs(a[i] - b[i]));
  }
  CHECK_GT(largest, 0);
  return difference / largest;
}

TEST(Executor, FastPlanEqualsReferencePlan) {
  const Result reference = RunSteps(BuildNetwork(false), true);
  for (bool fuse : {false, true}) {
    const Result fast = RunSteps(BuildNetwork(fuse), false);
    EXPECT_NEAR(fast.loss, reference.loss, 1e-4 * std::abs(reference.loss));
    EXPECT_LT(Distance(fast.gradients, reference.gradients), 1e-4) << fast.plan;
    EXPECT_LT(Distance(fast.mean, reference.mean), 1e-4);
  }
}

TEST(Executor, FusionRemovesTheNodesInBetween) {
  const Graph plain = BuildNetwork(false), fused = BuildNetwork(true);
  int adds = 0, relus = 0;
  for (const Node& node : fused.nodes()) {
    adds += !node.backward && node.op->kind() == "add";
    relus += !node.backward && node.op->kind() == "relu";
  }
  EXPECT_EQ(adds, 0);
  EXPECT_EQ(relus, 0);
  EXPECT_LT(fused.nodes().size(), plain.nodes().size());
}

TEST(Executor, StatesAdvanceEveryStep) {
  const Result one = RunSteps(BuildNetwork(true), false, 1), three = RunSteps(BuildNetwork(true), false, 3);
  // From zero, the moving average of a constant m is m (1 - 0.9^n).
  for (size_t i = 0; i < one.mean.size(); ++i) {
    EXPECT_NEAR(three.mean[i], one.mean[i] * (1 - 0.729) / 0.1, 1e-5);
  }
}

TEST(Executor, SixteenBitStorageFollowsItsReference) {
  for (ComputePrecision compute : {ComputePrecision::kBF16, ComputePrecision::kF16}) {
    for (bool native : {false, true}) {
      if (native && compute == ComputePrecision::kF16) continue;
      const Result reference = RunSteps(BuildNetwork(false, {compute, native}), true);
      const Result fast = RunSteps(BuildNetwork(true, {compute, native}), false);
      // One rounding more or less per activation (2^-8 or 2^-11), a handful of layers deep.
      const double unit = compute == ComputePrecision::kBF16 ? 0x1p-8 : 0x1p-11;
      EXPECT_NEAR(fast.loss, reference.loss, 8 * unit * std::abs(reference.loss));
      EXPECT_LT(Distance(fast.gradients, reference.gradients), 16 * unit);
    }
  }
}

TEST(Executor, RecomputedCastsAreNotKept) {
  const Graph graph = BuildNetwork(true, {ComputePrecision::kBF16, false});
  for (const Node& node : graph.nodes()) {
    if (!node.backward) continue;
    for (ValueId id : node.inputs) {
      const int producer = graph.value(id).producer;
      if (producer < 0 || graph.node(producer).backward) continue;
      EXPECT_NE(graph.node(producer).op->kind(), "round") << node.layer;
      if (graph.node(producer).op->kind() == "cast") EXPECT_EQ(graph.type(id).dtype, DType::kBF16) << node.layer;
    }
  }
}

TEST(Executor, FindsTheFirstLayerWithANonFiniteOutput) {
  Graph graph = BuildNetwork(true);
  auto store = std::make_shared<ParameterStore>(graph, 1);
  auto executor = Executor::Create(std::move(graph), {}, store, std::make_shared<Workspace>());
  ASSERT_TRUE(executor.ok()) << executor.status();
  Tensor image(DType::kF32, {kBatch, 3, 12, 12}), label(DType::kS32, {kBatch}), seed(DType::kF32, {});
  (*executor)->SetInput("image", image);
  (*executor)->SetInput("label", label);
  (*executor)->SetInput("seed", seed);
  EXPECT_EQ((*executor)->FindNonFinite({}), -1);
  store->weight(3).data<float>()[0] = std::nanf("");  // norm1/scale
  const int step = (*executor)->FindNonFinite({});
  ASSERT_GE(step, 0);
  EXPECT_EQ((*executor)->plan().steps[step].layer, "norm1");
}

TEST(ParameterStore, StatesTravelBehindTheGradients) {
  const Graph graph = BuildNetwork(true);
  ParameterStore store(graph, 1);
  ASSERT_FALSE(store.states().empty());
  float next = 1;
  for (const auto& [name, tensor] : store.states()) {
    for (float& value : tensor.span<float>()) value = next++;
  }
  EXPECT_GT(store.exchange_elements(), store.layout().arena_elements());
  store.PackStates(2);
  store.UnpackStates();
  next = 1;
  for (const auto& [name, tensor] : store.states()) {
    for (const float value : tensor.span<float>()) EXPECT_EQ(value, 2 * next++) << name;
  }
  for (int64_t i = 0; i < store.layout().arena_elements(); ++i) ASSERT_EQ(store.gradients()[i], 0);
}

TEST(ParameterStore, SharedWeightsHaveGradientsAndStatesOfTheirOwn) {
  const Graph graph = BuildNetwork(true);
  ParameterStore store(graph, 1);
  const std::shared_ptr<ParameterStore> other = store.ShareWeights();
  EXPECT_EQ(other->weights(), store.weights());
  EXPECT_EQ(other->exchange_elements(), store.exchange_elements());
  EXPECT_NE(other->gradients(), store.gradients());
  const auto& [name, state] = *store.states().begin();
  const Tensor& copy = other->states().at(name);
  EXPECT_EQ(copy.data<float>()[0], state.data<float>()[0]);
  copy.data<float>()[0] += 1;
  EXPECT_NE(copy.data<float>()[0], state.data<float>()[0]);
}

TEST(PlaceBuffers, NeverOverlapsWhatLivesTogether) {
  Random random(1, "buffers", 0, 0);
  std::vector<PlanBuffer> buffers(300);
  size_t alive_most = 0;
  for (PlanBuffer& buffer : buffers) {
    buffer.bytes = 1 + random.Below(5000);
    buffer.first_step = static_cast<int>(random.Below(100));
    buffer.last_step = buffer.first_step + static_cast<int>(random.Below(20));
  }
  const size_t arena = PlaceBuffers(&buffers);
  for (int step = 0; step < 120; ++step) {
    size_t alive = 0;
    for (const PlanBuffer& buffer : buffers) {
      if (buffer.first_step <= step && step <= buffer.last_step) alive += buffer.bytes;
    }
    alive_most = std::max(alive_most, alive);
  }
  for (size_t i = 0; i < buffers.size(); ++i) {
    EXPECT_EQ(buffers[i].offset % kAlignment, 0u);
    EXPECT_LE(buffers[i].offset + buffers[i].bytes, arena);
    for (size_t j = 0; j < i; ++j) {
      const PlanBuffer &a = buffers[i], &b = buffers[j];
      if (a.last_step < b.first_step || b.last_step < a.first_step) continue;
      EXPECT_TRUE(a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset);
    }
  }
  EXPECT_LT(arena, alive_most * 13 / 10);
}

}  // namespace
}  // namespace espalier
