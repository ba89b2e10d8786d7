#include "parallel/testing/arithmetic_job.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "absl/strings/str_cat.h"
#include "core/random.h"
#include "glog/logging.h"
#include "parallel/shard_fold.h"
#include "parallel/shard_tree.h"

namespace espalier {
namespace {

Parameter Named(const std::string& name, Shape shape, ParameterRole role) {
  Parameter parameter;
  parameter.name = name;
  parameter.shape = shape;
  parameter.role = role;
  parameter.initial = {InitialValue::Kind::kNormal, 0, 1};
  return parameter;
}

bool SameBits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

std::vector<float> SumAlong(const std::vector<std::vector<float>>& shards, int begin, int end) {
  if (end - begin == 1) return shards[begin];
  const int middle = ShardMiddle(begin, end);
  std::vector<float> sum = SumAlong(shards, begin, middle);
  const std::vector<float> right = SumAlong(shards, middle, end);
  for (size_t i = 0; i < sum.size(); ++i) sum[i] += right[i];
  return sum;
}

ShardFigures SumAlong(const std::vector<ShardFigures>& shards, int begin, int end) {
  if (end - begin == 1) return shards[begin];
  const int middle = ShardMiddle(begin, end);
  const ShardFigures left = SumAlong(shards, begin, middle), right = SumAlong(shards, middle, end);
  return {left.loss + right.loss, left.samples + right.samples, left.top1 + right.top1, left.top5 + right.top5};
}

}  // namespace

std::unique_ptr<ParameterStore> MakeArithmeticStore(uint64_t seed) {
  Graph graph;
  graph.AddParameter(Named("a/weight", {60, 50}, ParameterRole::kWeight));
  graph.AddParameter(Named("a/bias", {10}, ParameterRole::kBias));
  Parameter frozen = Named("b/weight", {700}, ParameterRole::kWeight);
  frozen.learning_rate_multiplier = 0;
  graph.AddParameter(frozen);
  graph.AddParameter(Named("c/weight", {9001}, ParameterRole::kWeight));
  graph.AddParameter(Named("d/weight", {33}, ParameterRole::kWeight));
  Parameter slow = Named("e/scale", {130}, ParameterRole::kNorm);
  slow.learning_rate_multiplier = 0.5;
  graph.AddParameter(slow);
  graph.AddState("n/mean", {5}, 0);
  graph.AddState("n/variance", {5}, 1);
  return std::make_unique<ParameterStore>(graph, seed);
}

Optimizer ParseOptimizer(const std::string& text) {
  Optimizer config;
  CHECK(google::protobuf::TextFormat::ParseFromString(text, &config)) << text;
  return config;
}

std::unique_ptr<ParameterOptimizer> MakeOptimizer(const std::string& text, const ParameterStore& store) {
  return *ParameterOptimizer::Create(ParseOptimizer(text), store.layout());
}

void ArithmeticJob::Values(const ParameterStore& store, int step, int shard, float* arena) const {
  std::fill_n(arena, store.exchange_elements(), 0.0f);
  for (const Parameter& parameter : store.layout().parameters()) {
    Random random(7, parameter.name, step, shard);
    for (int64_t i = 0; i < parameter.elements(); ++i) arena[parameter.offset + i] = loss_scale * random.Normal();
  }
  Random random(7, "states", step, shard);
  for (int64_t i = store.layout().arena_elements(); i < store.exchange_elements(); ++i) arena[i] = random.Normal();
  if (step == overflow_step && shard == shards / 2) {
    arena[store.layout()[3].offset + 17] = std::numeric_limits<float>::infinity();
  }
}

ShardFigures ArithmeticJob::Figures(int step, int shard) const {
  Random random(7, "figures", step, shard);
  ShardFigures figures = {random.Uniform(), 3.0 + shard, 0.0 + random.Below(4), 0.0 + random.Below(7)};
  if (step == broken_loss_step && shard == shards - 1) figures.loss = std::numeric_limits<double>::quiet_NaN();
  return figures;
}

ArithmeticResult ResultOf(ParameterStore* store, const ParameterOptimizer& optimizer, std::vector<StepOutput> outputs) {
  const int64_t count = store->layout().arena_elements();
  ArithmeticResult result;
  result.weights.assign(store->weights(), store->weights() + count);
  for (int i = 0; i < optimizer.slot_count(); ++i) {
    result.slots.emplace_back(optimizer.slot(i), optimizer.slot(i) + count);
  }
  store->PackStates(1);
  result.states.assign(store->gradients() + count, store->gradients() + store->exchange_elements());
  result.outputs = std::move(outputs);
  return result;
}

void ExpectEqualBits(const ArithmeticResult& found, const ArithmeticResult& expected, const std::string& where) {
  EXPECT_TRUE(SameBits(found.weights, expected.weights)) << where << ": weights";
  EXPECT_TRUE(SameBits(found.states, expected.states)) << where << ": states";
  ASSERT_EQ(found.slots.size(), expected.slots.size());
  for (size_t i = 0; i < found.slots.size(); ++i) {
    EXPECT_TRUE(SameBits(found.slots[i], expected.slots[i])) << where << ": slot " << i;
  }
  ASSERT_EQ(found.outputs.size(), expected.outputs.size());
  for (size_t i = 0; i < found.outputs.size(); ++i) {
    const StepOutput &a = found.outputs[i], &b = expected.outputs[i];
    EXPECT_EQ(std::memcmp(&a.figures, &b.figures, sizeof(ShardFigures)), 0) << where << ": figures of step " << i;
    EXPECT_EQ(a.finite, b.finite) << where << ": step " << i;
    EXPECT_EQ(a.stop, b.stop) << where << ": step " << i;
  }
}

ArithmeticResult RunSerially(const ArithmeticJob& job) {
  const std::unique_ptr<ParameterStore> store = MakeArithmeticStore(1);
  const std::unique_ptr<ParameterOptimizer> optimizer = MakeOptimizer(job.optimizer, *store);
  std::vector<StepOutput> outputs;
  int64_t optimizer_step = 0;
  for (int step = 0; step < job.steps; ++step) {
    std::vector<std::vector<float>> values(job.shards, std::vector<float>(store->exchange_elements()));
    std::vector<ShardFigures> figures;
    for (int shard = 0; shard < job.shards; ++shard) {
      job.Values(*store, step, shard, values[shard].data());
      figures.push_back(job.Figures(step, shard));
    }
    const std::vector<float> sum = SumAlong(values, 0, job.shards);
    std::copy(sum.begin(), sum.end(), store->gradients());
    store->UnpackStates();
    StepOutput output;
    output.figures = SumAlong(figures, 0, job.shards);
    GradientNorm norm;
    if (job.scaled || optimizer->clips()) norm = optimizer->MeasureGradients(sum.data());
    output.finite = !job.scaled || norm.finite();
    if (output.finite && (job.scaled || std::isfinite(output.figures.loss))) {
      optimizer->Step(store->weights(), sum.data(),
                      {job.learning_rate, optimizer->GradientScale(norm, job.loss_scale), optimizer_step + 1});
      ++optimizer_step;
    }
    outputs.push_back(output);
  }
  return ResultOf(store.get(), *optimizer, outputs);
}

StepInput MakeStepInput(const ArithmeticJob& job, int step, int64_t optimizer_step, int rank, int ranks,
                        ParameterStore* store, std::vector<std::vector<float>>* arenas) {
  StepInput input;
  input.learning_rate = job.learning_rate;
  input.loss_scale = job.loss_scale;
  input.scaled = job.scaled;
  input.optimizer_step = optimizer_step;
  ShardFold fold(job.shards, store->exchange_elements(), store->gradients());
  std::vector<float> values(store->exchange_elements());
  for (int shard = ShardBegin(job.shards, rank, ranks); shard < ShardBegin(job.shards, rank + 1, ranks); ++shard) {
    job.Values(*store, step, shard, values.data());
    fold.Add(shard, shard + 1, values.data());
    input.figures.push_back(job.Figures(step, shard));
  }
  arenas->assign(fold.sums().size(), {});
  for (size_t i = 0; i < fold.sums().size(); ++i) {
    PartialSum sum = fold.sums()[i];
    if (i > 0) {
      (*arenas)[i].assign(sum.values, sum.values + store->exchange_elements());
      sum.values = (*arenas)[i].data();
    }
    input.partial_sums.push_back(sum);
  }
  return input;
}

}  // namespace espalier
