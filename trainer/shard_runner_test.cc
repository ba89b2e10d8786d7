#include "trainer/shard_runner.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "absl/strings/str_cat.h"
#include "trainer/divergence.h"

namespace espalier {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

constexpr char kModel[] = R"(
  input { name: "image" dims: [1, 28, 28] }
  layer { name: "conv" conv { channels: 4 kernel: 5 stride: 2 } }
  layer { name: "norm" batch_norm {} }
  layer { relu {} }
  layer { dropout { rate: 0.2 } }
  layer { name: "dense" dense { channels: 10 } }
)";
constexpr int64_t kEvaluationBatch = 8;
constexpr float kLossScale = 4;

Model TinyModel() {
  Model model;
  CHECK(google::protobuf::TextFormat::ParseFromString(kModel, &model));
  return model;
}

// The same digits for whoever asks; 20 of them make batches of 8, 8 and 4.
std::unique_ptr<Loader> OpenDigits(const LoaderOptions& options) {
  Dataset digits;
  digits.mutable_builtin_digits()->set_samples(options.training ? 48 : 20);
  absl::StatusOr<std::unique_ptr<Loader>> loader = Loader::Create(digits, options);
  CHECK(loader.ok()) << loader.status();
  return *std::move(loader);
}

// What a step leaves: the exchange arena, and the figures shard by shard.
struct Result {
  std::vector<float> arena;
  std::vector<ShardFigures> figures;
};

void ExpectEqualBits(const Result& found, const Result& expected) {
  ASSERT_EQ(found.arena.size(), expected.arena.size());
  EXPECT_EQ(std::memcmp(found.arena.data(), expected.arena.data(), found.arena.size() * sizeof(float)), 0);
  ASSERT_EQ(found.figures.size(), expected.figures.size());
  EXPECT_EQ(std::memcmp(found.figures.data(), expected.figures.data(), found.figures.size() * sizeof(ShardFigures)), 0);
}

// One worker with all that it needs, its networks' teams having one thread.
struct Worker {
  explicit Worker(const WorkShare& its_share) : share(its_share) {
    options.batch_size = share.RowBegin(share.first_shard() + 1) - share.row_begin();
    options.evaluation_batch_size = kEvaluationBatch;
    network = *Network::Create(TinyModel(), Loss(), options);
    runner = *ShardRunner::Create(TinyModel(), Loss(), options, share, network.get());
    LoaderOptions loading;
    loading.threads = 0;
    loading.batch_size = share.batch_size;
    loading.row_begin = share.row_begin();
    loading.row_end = share.row_end();
    data = OpenDigits(loading);
    loading = LoaderOptions();
    loading.threads = 0;
    loading.training = loading.shuffle = false;
    loading.batch_size = kEvaluationBatch;
    loading.first_batch = share.worker;
    loading.batch_stride = share.workers;
    validation_data = OpenDigits(loading);
  }

  // On the next batch.
  StepInput Run() {
    StepInput input;
    const absl::StatusOr<const Batch*> batch = data->Next();
    CHECK(batch.ok()) << batch.status();
    runner->Run(**batch, kLossScale, {1, (*batch)->epoch}, &input);
    return input;
  }
  std::vector<ShardFigures> Evaluate() {
    return **runner->Evaluate(*validation_data, 1, [] { return false; });
  }

  const WorkShare share;
  NetworkOptions options;
  std::unique_ptr<Network> network;
  std::unique_ptr<ShardRunner> runner;
  std::unique_ptr<Loader> data, validation_data;
};

class ShardRunnerTest : public ::testing::Test {
 protected:
  void SetUp() override { omp_set_num_threads(1); }

  static WorkShare Share(int worker, int workers, int lanes, int shards, int64_t batch_size) {
    WorkShare share;
    share.worker = worker;
    share.workers = workers;
    share.lanes = lanes;
    share.shards = shards;
    share.batch_size = batch_size;
    return share;
  }
  // Of a step on the second batch, summed over all workers.
  static Result RunAll(int workers, int lanes, int shards, int64_t batch_size) {
    Result result;
    std::unique_ptr<ShardFold> fold;
    for (int index = 0; index < workers; ++index) {
      Worker worker(Share(index, workers, lanes, shards, batch_size));
      CHECK(worker.data->Next().ok());
      const StepInput input = worker.Run();
      const int64_t elements = worker.network->parameters().exchange_elements();
      if (index == 0) fold = std::make_unique<ShardFold>(shards, elements);
      for (const PartialSum& sum : input.partial_sums) fold->Add(sum.begin, sum.end, sum.values);
      result.figures.insert(result.figures.end(), input.figures.begin(), input.figures.end());
      result.arena.resize(elements);
    }
    CHECK_EQ(fold->sums().size(), 1u);
    std::copy_n(fold->sums()[0].values, result.arena.size(), result.arena.begin());
    return result;
  }
};

// A network of one shard's rows, shard by shard, summed along the tree as one would write it down.
class PlainRun {
 public:
  explicit PlainRun(const WorkShare& share) : whole_(share) {
    for (int step = 0; step < 2; ++step) batch_ = *whole_.data->Next();
  }

  Result Run() {
    Result result;
    result.arena = Sum(0, whole_.share.shards, &result.figures);
    return result;
  }

 private:
  std::vector<float> Sum(int begin, int end, std::vector<ShardFigures>* figures) {
    if (end - begin == 1) return RunShard(begin, figures);
    const int middle = ShardMiddle(begin, end);
    std::vector<float> sum = Sum(begin, middle, figures);
    const std::vector<float> second = Sum(middle, end, figures);
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += second[i];
    return sum;
  }
  std::vector<float> RunShard(int shard, std::vector<ShardFigures>* figures) {
    const int64_t begin = whole_.share.RowBegin(shard), rows = whole_.share.RowBegin(shard + 1) - begin;
    NetworkOptions options = whole_.options;
    options.batch_size = rows;
    const std::unique_ptr<Network> network = *Network::Create(TinyModel(), Loss(), options);
    const float all_rows = static_cast<float>(whole_.share.batch_size);
    const double loss =
        network->TrainStep(batch_->images.Slice(begin, rows), batch_->labels.Slice(begin, rows),
                           batch_->sample_ids.Slice(begin, rows), kLossScale / all_rows, {1, batch_->epoch});
    const Network::Counts counts = network->LastCounts();
    figures->push_back({loss, counts.samples, counts.top1, counts.top5});
    network->parameters().PackStates(static_cast<float>(rows) / all_rows);
    const float* arena = network->parameters().gradients();
    return {arena, arena + network->parameters().exchange_elements()};
  }

  Worker whole_;
  const Batch* batch_ = nullptr;
};

TEST_F(ShardRunnerTest, AnyWorkersAndLanesGiveTheBitsOfPlainShards) {
  const Result expected = PlainRun(Share(0, 1, 1, 8, 16)).Run();
  for (const auto& [workers, lanes] : std::vector<std::pair<int, int>>{
           {1, 1}, {1, 3}, {1, 8}, {2, 1}, {2, 4}, {3, 1}, {3, 2}, {5, 1}, {5, 2}, {8, 1}}) {
    SCOPED_TRACE(absl::StrCat(workers, " workers, ", lanes, " lanes"));
    ExpectEqualBits(RunAll(workers, lanes, 8, 16), expected);
  }
}

TEST_F(ShardRunnerTest, ShardsOfUnevenRowsAreTheMeanOverTheGlobalBatch) {
  ExpectEqualBits(RunAll(4, 0, 4, 15), PlainRun(Share(0, 1, 1, 4, 15)).Run());
}

TEST_F(ShardRunnerTest, ASingleShardIsATrainingStepOfTheNetwork) {
  ExpectEqualBits(RunAll(1, 0, 1, 16), PlainRun(Share(0, 1, 0, 1, 16)).Run());
}

TEST_F(ShardRunnerTest, AsynchronouslyTheMeanIsThatOfOnesOwnRows) {
  WorkShare share = Share(1, 2, 0, 2, 15);
  Worker synchronous(share);
  share.asynchronous = true;
  Worker asynchronous(share);
  const StepInput mean_of_all = synchronous.Run(), mean_of_own = asynchronous.Run();
  // 8 of 15 rows.
  const ParameterStore& store = synchronous.network->parameters();
  int64_t nonzero = 0;
  for (int64_t i = 0; i < store.exchange_elements(); ++i) {
    const float expected = mean_of_all.partial_sums[0].values[i] * (15.0f / 8);
    EXPECT_NEAR(mean_of_own.partial_sums[0].values[i], expected, 1e-6f + 1e-4f * std::abs(expected)) << i;
    nonzero += expected != 0;
  }
  EXPECT_GT(nonzero, 1000);
  EXPECT_EQ(mean_of_own.figures[0].samples, 8);
}

// What is summed are transformed gradients: here without the first parameter's.
TEST_F(ShardRunnerTest, TransformsWhatTravels) {
  for (const int lanes : {0, 1, 2}) {
    SCOPED_TRACE(lanes);
    const WorkShare share = Share(0, 1, lanes, lanes == 0 ? 1 : 7, 14);
    Worker plain(share), transformed(share);
    const ParameterLayout& layout = plain.network->parameters().layout();
    const auto clear_first = [&](int parameter, float* arena) {
      if (parameter == 0) std::fill_n(arena + layout[0].offset, layout[0].elements(), 0.0f);
    };
    std::vector<int> ready;
    ShardRunnerHooks hooks;
    hooks.transform_gradient = clear_first;
    hooks.gradient_ready = [&](int parameter) {
      ready.push_back(parameter);
      const float* gradients = transformed.network->parameters().gradients();
      if (parameter == 0) EXPECT_EQ(gradients[layout[0].offset], 0);
    };
    int progress = 0;
    hooks.progress = [&] { ++progress; };
    transformed.runner->set_hooks(hooks);
    const StepInput expected = plain.Run(), found = transformed.Run();
    ASSERT_EQ(found.partial_sums.size(), expected.partial_sums.size());
    for (size_t i = 0; i < found.partial_sums.size(); ++i) {
      float* arena = expected.partial_sums[i].values;
      EXPECT_NE(arena[layout[0].offset], 0);
      clear_first(0, arena);
      EXPECT_EQ(std::memcmp(found.partial_sums[i].values, arena,
                            plain.network->parameters().exchange_elements() * sizeof(float)),
                0);
    }
    // Within the backward pass of a single shard alone.
    std::sort(ready.begin(), ready.end());
    std::vector<int> all(lanes == 0 ? layout.size() : 0);
    for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int>(i);
    EXPECT_THAT(ready, ElementsAreArray(all));
    EXPECT_EQ(progress > 0, lanes == 0);
  }
}

TEST_F(ShardRunnerTest, FindsTheShardWithAValueThatIsNotFinite) {
  for (const int lanes : {0, 1, 3}) {
    SCOPED_TRACE(lanes);
    Worker worker(Share(0, 1, lanes, lanes == 0 ? 1 : 8, 16));
    Batch batch = **worker.data->Next();
    StepInput input;
    worker.runner->Run(batch, kLossScale, {1, 0}, &input);
    EXPECT_EQ(worker.runner->LocateNonFinite(), kNotLocated);
    batch.images.data<float>()[11 * 28 * 28 + 400] = std::numeric_limits<float>::infinity();
    worker.runner->Run(batch, kLossScale, {1, 0}, &input);
    EXPECT_THAT(worker.runner->LocateNonFinite(), HasSubstr("layer \"conv\""));
  }
}

TEST_F(ShardRunnerTest, EvaluatesTheSameWithAnyWorkersAndLanes) {
  const auto change_weights = [](Worker* worker) {
    worker->network->parameters().weights()[3] += 0.25f;
    for (const auto& [name, state] : worker->network->parameters().states()) state.data<float>()[1] += 0.5f;
  };
  Worker whole(Share(0, 1, 0, 1, 16));
  const std::vector<ShardFigures> before = whole.Evaluate();
  change_weights(&whole);
  const std::vector<ShardFigures> expected = whole.Evaluate();
  ASSERT_EQ(expected.size(), 3u);
  EXPECT_EQ(expected[2].samples, 4);
  EXPECT_NE(expected[0].loss, before[0].loss);
  for (const auto& [workers, lanes] :
       std::vector<std::pair<int, int>>{{1, 1}, {1, 2}, {1, 5}, {2, 0}, {2, 2}, {4, 1}}) {
    SCOPED_TRACE(absl::StrCat(workers, " workers, ", lanes, " lanes"));
    for (int index = 0; index < workers; ++index) {
      Worker worker(Share(index, workers, lanes, 8, 16));
      change_weights(&worker);
      const std::vector<ShardFigures> found = worker.Evaluate();
      ASSERT_EQ(found.size(), static_cast<size_t>((3 - index + workers - 1) / workers));
      for (size_t i = 0; i < found.size(); ++i) {
        EXPECT_EQ(std::memcmp(&found[i], &expected[index + i * workers], sizeof(ShardFigures)), 0);
      }
    }
  }
}

TEST_F(ShardRunnerTest, StopsBetweenValidationBatches) {
  for (const int lanes : {0, 2}) {
    Worker worker(Share(0, 1, lanes, 8, 16));
    int batches = 0;
    worker.runner->set_on_batch([&] { ++batches; });
    const auto figures = worker.runner->Evaluate(*worker.validation_data, 1, [&] { return batches > 0; });
    ASSERT_TRUE(figures.ok()) << figures.status();
    EXPECT_FALSE(figures->has_value());
    EXPECT_EQ(batches, 1);
  }
}

}  // namespace
}  // namespace espalier
