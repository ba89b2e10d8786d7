#include "parallel/all_reduce.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "core/random.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "parallel/shard_fold.h"
#include "parallel/testing/shard_values.h"
#include "parallel/thread_communicator.h"
#include "proto/optimizer.pb.h"

namespace espalier {
namespace {

using ::testing::ContainsRegex;

constexpr const char* kMomentum = "sgd { momentum: 0.9 weight_decay: 1e-3 }";
// The backward pass of the network below does not finish gradients in the arena's order.
const std::vector<int> kReadyOrder = {4, 2, 3, 1, 0};

Graph SmallNetwork() {
  Graph graph;
  int index = 0;
  for (int64_t elements : {700, 33, 6000, 1, 513}) {
    Parameter parameter;
    parameter.name = absl::StrCat("w", index++);
    parameter.shape = {elements};
    parameter.initial = {InitialValue::Kind::kNormal, 0, 1};
    graph.AddParameter(parameter);
  }
  graph.AddState("mean", {37}, 0.5f);
  graph.AddState("variance", {37}, 1);
  return graph;
}

std::unique_ptr<ParameterOptimizer> MakeOptimizer(const std::string& text, const ParameterLayout& layout) {
  Optimizer config;
  CHECK(google::protobuf::TextFormat::ParseFromString(text, &config)) << text;
  auto optimizer = ParameterOptimizer::Create(config, layout);
  CHECK(optimizer.ok()) << optimizer.status();
  return std::move(*optimizer);
}

// All that a worker holds between two steps.
std::vector<float> Everything(const ParameterStore& store, const ParameterOptimizer& optimizer) {
  std::vector<float> all(store.weights(), store.weights() + store.layout().arena_elements());
  for (const auto& [name, state] : store.states()) {
    all.insert(all.end(), state.data<float>(), state.data<float>() + state.elements());
  }
  for (int slot = 0; slot < optimizer.slot_count(); ++slot) {
    all.insert(all.end(), optimizer.slot(slot), optimizer.slot(slot) + store.layout().arena_elements());
  }
  return all;
}

// What one shard brings to a step: zero between parameters, as in an arena.
std::vector<float> Arena(const ParameterStore& store, uint64_t step, int shard) {
  std::vector<float> values = ShardValues(step, shard, store.exchange_elements());
  std::vector<float> arena(values.size());
  const auto copy = [&](int64_t begin, int64_t end) {
    std::copy(values.begin() + begin, values.begin() + end, arena.begin() + begin);
  };
  for (const Parameter& parameter : store.layout().parameters()) {
    copy(parameter.offset, parameter.offset + parameter.elements());
  }
  copy(store.layout().arena_elements(), store.exchange_elements());
  return arena;
}

std::vector<float> ArenaSum(const ParameterStore& store, uint64_t step, int begin, int end) {
  if (end - begin == 1) return Arena(store, step, begin);
  const int middle = ShardMiddle(begin, end);
  std::vector<float> sum = ArenaSum(store, step, begin, middle);
  const std::vector<float> second = ArenaSum(store, step, middle, end);
  for (size_t i = 0; i < sum.size(); ++i) sum[i] += second[i];
  return sum;
}

ShardFigures Figures(uint64_t step, int shard) {
  Random random(step, "figures", 0, shard);
  return {random.Uniform(), 1.0 + shard, random.Uniform(), random.Uniform()};
}

double LossSum(uint64_t step, int begin, int end) {
  if (end - begin == 1) return Figures(step, begin).loss;
  const int middle = ShardMiddle(begin, end);
  return LossSum(step, begin, middle) + LossSum(step, middle, end);
}

// One rank of a training whose gradients are made up.
class Worker {
 public:
  // Starts from other weights on every rank, and takes worker 0's.
  Worker(Communicator* communicator, AllReduceOptions options, const std::string& rule)
      : communicator_(communicator),
        shards_(options.shards),
        store_(SmallNetwork(), 10 + communicator->rank()),
        optimizer_(MakeOptimizer(rule, store_.layout())) {
    for (int slot = 0; slot < optimizer_->slot_count(); ++slot) {
      std::fill_n(optimizer_->slot(slot), 700, 0.25f * static_cast<float>(communicator->rank() + 1));
    }
    for (const auto& [name, state] : store_.states())
      state.data<float>()[5] += static_cast<float>(communicator->rank());
    options.bucket_bytes = 2048;
    options.ready_order = kReadyOrder;
    method_ = std::make_unique<AllReduce>(communicator, &store_, std::move(options));
    EXPECT_TRUE(method_->Load(Optimizer(), optimizer_.get()).ok());
  }

  // `change` may alter a shard's arena.
  StepOutput Step(
      uint64_t step, StepInput input = {},
      const std::function<void(int shard, std::vector<float>*)>& change = [](int, std::vector<float>*) {}) {
    const int begin = ShardBegin(shards_, communicator_->rank(), communicator_->size());
    const int end = ShardBegin(shards_, communicator_->rank() + 1, communicator_->size());
    ShardFold fold(shards_, store_.exchange_elements(), store_.gradients());
    for (int shard = begin; shard < end; ++shard) {
      std::vector<float> arena = Arena(store_, step, shard);
      change(shard, &arena);
      if (shards_ == communicator_->size()) {
        RunBackward(step, arena);
        input.partial_sums = {{shard, shard + 1, store_.gradients()}};
      } else {
        fold.Add(shard, shard + 1, arena.data());
        input.partial_sums = fold.sums();
      }
      input.figures.push_back(figures(step, shard));
    }
    input.learning_rate = 0.125;
    absl::StatusOr<StepOutput> output = method_->FinishStep(input);
    EXPECT_TRUE(output.ok());
    return *output;
  }

  std::vector<float> all() const { return Everything(store_, *optimizer_); }
  ParameterStore& store() { return store_; }
  ParameterOptimizer& optimizer() { return *optimizer_; }
  AllReduce& method() { return *method_; }

  std::function<ShardFigures(uint64_t step, int shard)> figures = Figures;

 private:
  // Writes a gradient only when it is to be ready.
  void RunBackward(uint64_t step, const std::vector<float>& arena) {
    Random random(step, "pace", 0, communicator_->rank());
    for (int parameter : kReadyOrder) {
      const int64_t offset = store_.layout()[parameter].offset;
      std::copy_n(arena.begin() + offset, store_.layout()[parameter].elements(), store_.gradients() + offset);
      method_->OnGradientReady(parameter);
      for (uint32_t looks = random.Below(20); looks > 0; --looks) method_->Progress();
    }
    std::copy(arena.begin() + store_.layout().arena_elements(), arena.end(),
              store_.gradients() + store_.layout().arena_elements());
  }

  Communicator* const communicator_;
  const int shards_;
  ParameterStore store_;
  std::unique_ptr<ParameterOptimizer> optimizer_;
  std::unique_ptr<AllReduce> method_;
};

AllReduceOptions Shards(int shards, DType wire = DType::kF32) {
  AllReduceOptions options;
  options.shards = shards;
  options.wire = wire;
  return options;
}

// The same training in one place: what all workers must hold after `steps` steps.
std::vector<float> PlainTraining(int shards, int steps, const std::string& rule) {
  ParameterStore store(SmallNetwork(), 10);
  const auto optimizer = MakeOptimizer(rule, store.layout());
  for (int slot = 0; slot < optimizer->slot_count(); ++slot) std::fill_n(optimizer->slot(slot), 700, 0.25f);
  for (int step = 1; step <= steps; ++step) {
    const std::vector<float> sum = ArenaSum(store, step, 0, shards);
    std::copy(sum.begin(), sum.end(), store.gradients());
    store.UnpackStates();
    GradientNorm norm;
    if (optimizer->clips()) norm = optimizer->MeasureGradients(store.gradients());
    optimizer->Step(store.weights(), store.gradients(), {0.125, optimizer->GradientScale(norm), step});
  }
  return Everything(store, *optimizer);
}

// (workers, shards)
class AllReduceTest : public ::testing::TestWithParam<std::tuple<int, int>> {};

TEST_P(AllReduceTest, EqualsPlainTrainingBitForBit) {
  const auto [workers, shards] = GetParam();
  for (const char* rule : {kMomentum, "adam {} clip_norm: 0.5"}) {
    const std::vector<float> expected = PlainTraining(shards, 3, rule);
    RunRanks(workers, {15, 5}, [&, shards = shards](Communicator& communicator) {
      Worker worker(&communicator, Shards(shards), rule);
      for (int step = 1; step <= 3; ++step) {
        StepInput input;
        input.optimizer_step = step;
        const StepOutput output = worker.Step(step, input);
        EXPECT_EQ(output.figures.loss, LossSum(step, 0, shards));
        EXPECT_EQ(output.figures.samples, 0.5 * shards * (shards + 1));
        EXPECT_TRUE(output.finite);
        EXPECT_FALSE(output.stop);
      }
      EXPECT_TRUE(worker.all() == expected) << rule;
    });
  }
}

INSTANTIATE_TEST_SUITE_P(All, AllReduceTest,
                         ::testing::Values(std::make_tuple(1, 1), std::make_tuple(2, 2), std::make_tuple(3, 3),
                                           std::make_tuple(5, 5), std::make_tuple(8, 8), std::make_tuple(1, 16),
                                           std::make_tuple(2, 16), std::make_tuple(3, 16), std::make_tuple(5, 16),
                                           std::make_tuple(8, 16), std::make_tuple(16, 16)),
                         [](const auto& info) {
                           return absl::StrCat(std::get<0>(info.param), "Workers", std::get<1>(info.param), "Shards");
                         });

TEST(AllReduceStepTest, LoadTakesOverWhatWorkerZeroHas) {
  std::vector<std::vector<float>> loaded(3);
  RunRanks(3, {15, 1}, [&](Communicator& communicator) {
    loaded[communicator.rank()] = Worker(&communicator, Shards(3), kMomentum).all();
  });
  EXPECT_TRUE(loaded[0] == PlainTraining(3, 0, kMomentum));
  EXPECT_TRUE(loaded[1] == loaded[0] && loaded[2] == loaded[0]);
}

TEST(AllReduceStepTest, NarrowWiresKeepAllWorkersEqualAndStatisticsExact) {
  const std::vector<float> exact = PlainTraining(3, 1, kMomentum);
  for (DType wire : {DType::kBF16, DType::kF16}) {
    std::vector<std::vector<float>> ends(3);
    RunRanks(3, {15, 2}, [&](Communicator& communicator) {
      Worker worker(&communicator, Shards(3, wire), kMomentum);
      worker.Step(1);
      ends[communicator.rank()] = worker.all();
    });
    EXPECT_TRUE(ends[1] == ends[0] && ends[2] == ends[0]);
    EXPECT_TRUE(ends[0] != exact);
    const ParameterStore store(SmallNetwork(), 1);
    // Gradients are below 3 * 4, rounded four times, times the learning rate.
    for (int64_t i = 0; i < store.layout().arena_elements(); ++i)
      EXPECT_NEAR(ends[0][i], exact[i], 0.125 * 24 * 0x1p-8);
    const int64_t states = store.layout().arena_elements();
    EXPECT_TRUE(std::equal(exact.begin() + states, exact.begin() + states + 74, ends[0].begin() + states));
  }
}

TEST(AllReduceStepTest, AllSkipAStepThatOverflowsOnOne) {
  for (const auto& [workers, shards] : {std::make_tuple(1, 1), std::make_tuple(3, 3), std::make_tuple(2, 8)}) {
    RunRanks(workers, {15, 3}, [shards = shards](Communicator& communicator) {
      Worker worker(&communicator, Shards(shards), kMomentum);
      StepInput input;
      input.scaled = true;
      input.loss_scale = 4;
      EXPECT_TRUE(worker.Step(1, input).finite);
      const std::vector<float> before = worker.all();
      const StepOutput output = worker.Step(2, input, [&](int shard, std::vector<float>* arena) {
        if (shard == shards - 1) (*arena)[800] = std::numeric_limits<float>::infinity();
      });
      EXPECT_FALSE(output.finite);
      const int64_t weights = worker.store().layout().arena_elements();
      const std::vector<float> after = worker.all();
      EXPECT_TRUE(std::equal(before.begin(), before.begin() + weights, after.begin()));
      EXPECT_TRUE(std::equal(before.end() - weights, before.end(), after.end() - weights)) << "the slot";
      EXPECT_TRUE(worker.Step(3, input).finite);
      EXPECT_TRUE(worker.all() != after);
    });
  }
}

TEST(AllReduceStepTest, TheLossScaleIsDividedOut) {
  RunRanks(2, {15, 3}, [](Communicator& communicator) {
    Worker plain(&communicator, Shards(2), kMomentum), scaled(&communicator, Shards(2), kMomentum);
    plain.Step(1);
    StepInput input;
    input.loss_scale = 1024;
    input.scaled = true;
    scaled.Step(1, input, [&](int, std::vector<float>* arena) {
      for (int64_t i = 0; i < scaled.store().layout().arena_elements(); ++i) (*arena)[i] *= 1024;
    });
    EXPECT_TRUE(plain.all() == scaled.all());
  });
}

TEST(AllReduceStepTest, ALossThatIsNotFiniteChangesNoWeight) {
  RunRanks(3, {15, 3}, [](Communicator& communicator) {
    Worker worker(&communicator, Shards(3), "sgd {}");
    const std::vector<float> before = worker.all();
    worker.figures = [](uint64_t, int shard) { return ShardFigures{shard == 1 ? NAN : 1.0, 1, 0, 0}; };
    const StepOutput output = worker.Step(1);
    EXPECT_TRUE(std::isnan(output.figures.loss));
    const int64_t weights = worker.store().layout().arena_elements();
    const std::vector<float> after = worker.all();
    EXPECT_TRUE(std::equal(before.begin(), before.begin() + weights, after.begin()));
  });
}

TEST(AllReduceStepTest, OneWorkersWishToStopIsKnownToAllInTheSameStep) {
  for (const auto& [workers, shards] : {std::make_tuple(1, 1), std::make_tuple(3, 3), std::make_tuple(3, 8)}) {
    RunRanks(workers, {15, 3}, [workers = workers, shards = shards](Communicator& communicator) {
      Worker worker(&communicator, Shards(shards), kMomentum);
      for (int step = 1; step <= 4; ++step) {
        StepInput input;
        input.stop_requested = step == 3 && communicator.rank() == workers - 1;
        EXPECT_EQ(worker.Step(step, input).stop, step == 3);
      }
    });
  }
}

TEST(AllReduceStepTest, ReportsAndTraces) {
  RunRanks(2, {15, 3}, [](Communicator& communicator) {
    Trace trace(1000);
    Activity activity;
    AllReduceOptions options = Shards(2);
    options.trace = &trace;
    options.activity = &activity;
    Worker worker(&communicator, options, kMomentum);
    EXPECT_EQ(worker.method().Report(), "");
    for (int step = 1; step <= 3; ++step) worker.Step(step);
    EXPECT_THAT(worker.method().Report(),
                ContainsRegex("^all-reduce: 0\\.03 MB sent a step; [0-9.]+ ms under way, [0-9]+ % of it behind the "
                              "backward pass, [0-9.]+ ms exposed\n$"));
    // In each step a flight for every bucket (three of gradients, one of statistics), one wait, one update.
    EXPECT_EQ(trace.size(), 3 * (4 + 2));
    EXPECT_GT(activity.beats.load(), 0);
    EXPECT_EQ(activity.operation.load(), nullptr);
  });
}

TEST(GradientBucketsTest, CoverTheArenaInTheOrderOfReadiness) {
  const Graph graph = SmallNetwork();
  const ParameterLayout& layout = graph.parameters();
  AllReduceOptions options;
  options.wire = DType::kBF16;
  for (int64_t bytes : {1, 2048, 10000, 1 << 30}) {
    options.bucket_bytes = bytes;
    options.ready_order = kReadyOrder;
    std::vector<ReductionRange> ranges = GradientBuckets(layout, options);
    std::vector<int> ready;
    for (const ReductionRange& range : ranges) {
      EXPECT_EQ(range.wire, DType::kBF16);
      int last = -1;
      for (int place = 0; place < layout.size(); ++place) {
        const int64_t offset = layout[kReadyOrder[place]].offset;
        if (offset >= range.begin && offset < range.end) last = place;
      }
      ready.push_back(last);
    }
    EXPECT_TRUE(std::is_sorted(ready.begin(), ready.end())) << bytes;
    std::sort(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
    EXPECT_EQ(ranges.front().begin, 0);
    EXPECT_EQ(ranges.back().end, layout.arena_elements());
    for (size_t i = 1; i < ranges.size(); ++i) EXPECT_EQ(ranges[i].begin, ranges[i - 1].end);
    for (size_t i = 1; i < ranges.size(); ++i)
      EXPECT_GE((ranges[i].end - ranges[i].begin) * 4, std::min<int64_t>(bytes, 65536));
    if (bytes == 1) EXPECT_EQ(ranges.size(), 5u);
  }
}

}  // namespace
}  // namespace espalier
