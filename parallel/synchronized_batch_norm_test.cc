#include "parallel/synchronized_batch_norm.h"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "core/append_gradients.h"
#include "core/executor.h"
#include "core/fusion.h"
#include "core/ops/batch_norm.h"
#include "core/precision.h"
#include "core/random.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "layers/testing.h"
#include "layers/training_graph.h"
#include "parallel/channel_reducer.h"
#include "parallel/thread_communicator.h"

namespace espalier {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Batch norm with ReLU, with a residual and ReLU, alone, on vectors (by its reference kernel); channels that fill no
// block.
constexpr char kModel[] = R"(
  input { name: "image" dims: [3, 6, 6] }
  layer { conv { channels: 20 kernel: 3 pad: 1 bias: false } }
  layer { batch_norm { momentum: 0.5 } } layer { relu {} }
  layer { residual { body { layer { conv { channels: 20 kernel: 3 pad: 1 bias: false } } layer { batch_norm {} } } } }
  layer { relu {} }
  layer { conv { channels: 16 kernel: 3 stride: 2 bias: false } }
  layer { batch_norm {} } layer { tanh {} }
  layer { dense { channels: 12 bias: false } }
  layer { batch_norm {} } layer { relu {} }
  layer { dense { channels: 5 } })";
constexpr int64_t kClasses = 5;

struct Trial {
  std::vector<int64_t> rows;  // of each rank
  bool fuse = true;
  bool reference_only = false;
  PrecisionOptions precision;
  bool synchronize = true;

  int64_t global_rows() const { return std::accumulate(rows.begin(), rows.end(), int64_t{0}); }
};

// The training graph of a rank with `own_rows`; it also has the image's gradient.
Graph TrainingGraph(const Trial& trial, int64_t own_rows) {
  Graph graph;
  BuildOptions build;
  build.batch_size = own_rows;
  build.training = true;
  const auto built = BuildLossGraph(ParseModel(kModel), Loss(), build, &graph);
  CHECK(built.ok()) << built.status();
  graph = *ApplyPrecision(graph, trial.precision);
  if (trial.fuse) graph = *FuseOperators(graph);
  if (trial.synchronize && trial.rows.size() > 1) {
    absl::StatusOr<Graph> synchronized = SynchronizeBatchNorms(graph, own_rows, trial.global_rows());
    CHECK(synchronized.ok()) << synchronized.status();
    graph = *std::move(synchronized);
  }
  const ValueId seed = graph.AddInput("seed", {DType::kF32, {}});
  CHECK(AppendParameterGradients(&graph, graph.output("loss"), seed).ok());
  const auto to_image = AppendGradients(&graph, graph.output("loss"), seed, {graph.input("image")});
  CHECK(to_image.ok()) << to_image.status();
  graph.SetOutput("image_gradient", to_image->at(0));
  return graph;
}

// By name; rows and gradients of all ranks together.
using Results = std::map<std::string, std::vector<float>>;

void Append(absl::Span<const float> values, std::vector<float>* all) {
  all->insert(all->end(), values.begin(), values.end());
}

// Two steps of one rank on `own` rows from `begin` on of a batch that is a function of its size alone.
Results RunRank(const Trial& trial, int64_t begin, int64_t own, ChannelReducer* reducer) {
  const int64_t total = trial.global_rows();
  Tensor image(DType::kF32, {total, 3, 6, 6}), label(DType::kS32, {total}), seed(DType::kF32, {});
  Random random(7, "images", 0, total);
  // Each sample has a brightness of its own: the slices' statistics are far apart.
  for (int64_t n = 0; n < total; ++n) {
    for (float& value : image.Slice(n, 1).span<float>()) value = random.Uniform() + 0.4f * static_cast<float>(n);
    label.data<int32_t>()[n] = static_cast<int32_t>(n % kClasses);
  }
  *seed.data<float>() = 1.0f / static_cast<float>(total);
  Graph graph = TrainingGraph(trial, own);
  const auto store = std::make_shared<ParameterStore>(graph, /*seed=*/3);
  PlanOptions plan;
  plan.reference_only = trial.reference_only;
  auto executor = Executor::Create(std::move(graph), plan, store, std::make_shared<Workspace>());
  CHECK(executor.ok()) << executor.status();
  (*executor)->SetInput("image", image.Slice(begin, own));
  (*executor)->SetInput("label", label.Slice(begin, own));
  (*executor)->SetInput("seed", seed);
  StepContext step;
  step.channel_reducer = reducer;
  for (int i = 0; i < 2; ++i) (*executor)->Run(step);
  Results results;
  for (const char* name : {"logits", "image_gradient"}) Append((*executor)->Output(name).span<float>(), &results[name]);
  for (int i = 0; i < static_cast<int>(store->layout().parameters().size()); ++i) {
    Append(store->gradient(i).span<float>(), &results["gradient of " + store->layout()[i].name]);
  }
  for (const auto& [name, tensor] : store->states()) Append(tensor.span<float>(), &results["state " + name]);
  return results;
}

// Rows in the order of the ranks, sums of gradients; states must be the same on all trial.
Results RunAll(const Trial& trial) {
  const int ranks = static_cast<int>(trial.rows.size());
  std::vector<Results> of_rank(ranks);
  ThreadRankOptions options;
  options.maximum_delay = 3;
  RunRanks(ranks, options, [&](Communicator& communicator) {
    omp_set_num_threads(1);
    const int rank = communicator.rank();
    const int64_t begin = std::accumulate(trial.rows.begin(), trial.rows.begin() + rank, int64_t{0});
    CommunicatorChannelReducer reducer(&communicator, nullptr);
    of_rank[rank] = RunRank(trial, begin, trial.rows[rank], &reducer);
  });
  Results all = of_rank[0];
  for (int rank = 1; rank < ranks; ++rank) {
    for (const auto& [name, values] : of_rank[rank]) {
      std::vector<float>& result = all[name];
      if (name == "logits" || name == "image_gradient") {
        Append(values, &result);
      } else if (name.find("gradient") == 0) {
        for (size_t i = 0; i < values.size(); ++i) result[i] += values[i];
      } else if (trial.synchronize) {
        EXPECT_EQ(values, result) << name << " of rank " << rank;
      }
    }
  }
  return all;
}

// The largest difference relative to the largest value of the same tensor, and where.
std::pair<double, std::string> Distance(const Results& actual, const Results& expected) {
  std::pair<double, std::string> worst{0, ""};
  for (const auto& [name, values] : expected) {
    const std::vector<float>& others = actual.at(name);
    CHECK_EQ(others.size(), values.size()) << name;
    double largest = 0, difference = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      largest = std::max(largest, std::abs(double{values[i]}));
      difference = std::max(difference, std::abs(double{others[i]} - values[i]));
    }
    if (!(difference <= worst.first * largest)) worst = {difference / largest, name};
  }
  return worst;
}

void ExpectTheWholeBatch(const Trial& trial, double tolerance) {
  Trial whole = trial, apart = trial;
  whole.rows = {trial.global_rows()};
  apart.synchronize = false;
  const Results expected = RunAll(whole);
  const auto [distance, where] = Distance(RunAll(trial), expected);
  EXPECT_LT(distance, tolerance) << where;
  // What each rank would find by itself is something else altogether.
  EXPECT_GT(Distance(RunAll(apart), expected).first, 10 * tolerance);
}

// f32: sums of a few hundred terms in another order, through four batch norms: 100 units of rounding, 6e-8 each.
constexpr double kF32Tolerance = 1e-5;

TEST(SynchronizedBatchNormTest, EvenRows) { ExpectTheWholeBatch({{4, 4}}, kF32Tolerance); }

TEST(SynchronizedBatchNormTest, UnevenRows) { ExpectTheWholeBatch({{1, 5, 3}}, kF32Tolerance); }

TEST(SynchronizedBatchNormTest, Unfused) {
  Trial trial{{5, 3}};
  trial.fuse = false;
  ExpectTheWholeBatch(trial, kF32Tolerance);
}

TEST(SynchronizedBatchNormTest, ReferenceKernels) {
  Trial trial{{2, 3}};
  trial.reference_only = true;
  ExpectTheWholeBatch(trial, kF32Tolerance);
}

// Activations lie in bf16, whose rounding step is 2^-8: a sum's last bit can move each of them by one step.
TEST(SynchronizedBatchNormTest, BFloat16) {
  Trial trial{{1, 5, 3}};
  trial.precision = {ComputePrecision::kBF16, /*native=*/false};
  ASSERT_THAT(TrainingGraph(trial, 5).ToString(), HasSubstr("bf16[5, 20, 6, 6]"));
  ExpectTheWholeBatch(trial, 0.03);
}

TEST(SynchronizedBatchNormTest, WithoutAReducerARankIsAlone) {
  // The same graph as with one rank but for the correction of variances.
  Trial two{{4, 4}};
  const Results synchronized = RunRank(two, 0, 4, nullptr);
  two.synchronize = false;
  EXPECT_EQ(synchronized.at("logits"), RunRank(two, 0, 4, nullptr).at("logits"));
}

TEST(SynchronizedBatchNormTest, CorrectsForAllRows) {
  Trial trial{{2, 3}};
  const std::string text = TrainingGraph(trial, 2).ToString();
  EXPECT_THAT(text, HasSubstr("relu residual synchronized"));
  EXPECT_THAT(text, HasSubstr("correction 1.00559"));       // 5 * 36 / (5 * 36 - 1)
  EXPECT_THAT(text, HasSubstr("correction 1.25"));          // 5 / 4, after the dense layer
  EXPECT_THAT(text, Not(HasSubstr("correction 1.01408")));  // 2 * 36 / (2 * 36 - 1)
  EXPECT_THAT(TrainingGraph({{2}}, 2).ToString(), Not(HasSubstr("synchronized")));
}

}  // namespace
}  // namespace espalier
