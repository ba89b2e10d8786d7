#include "tools/sensitivity.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "checkpoint/checkpoint_files.h"
#include "compression/prune_plan.h"
#include "tools/chart_svg.h"
#include "tools/sensitivity_report.h"
#include "tools/sensitivity_scan.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr int64_t kPixels = 28 * 28, kClasses = 10, kBatch = 50;

// A layer that changes nothing, and a linear classifier.
constexpr char kJob[] = R"(
  name: "tiny"
  model {
    input { name: "image" dims: [1, 28, 28] }
    layer { name: "same" conv { channels: 1 kernel: 1 } }
    layer { name: "fc" dense { channels: 10 } }
  }
  data {
    train { builtin_digits { samples: 400 } augment { random_flip {} } }
    validation { builtin_digits { samples: 120 seed: 2 } }
    batch_size: 50
  }
  optimizer { sgd {} }
  phase { learning_rate { constant: 0.1 } }
)";

Job TinyJob() {
  Job job;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(kJob, &job));
  return job;
}

std::unique_ptr<Loader> OpenDigits(const Dataset& dataset) {
  LoaderOptions options;
  options.batch_size = kBatch;
  options.training = options.shuffle = false;
  return *Loader::Create(dataset, options);
}

// The classifier of the nearest class mean: logits are w x + b with w the mean m and b = -|m|^2 / 2. A trained network
// without training.
std::vector<NamedTensor> ClassMeans() {
  Dataset digits = TinyJob().data().train();
  digits.clear_augment();
  const std::unique_ptr<Loader> loader = OpenDigits(digits);
  Tensor weight(DType::kF32, {kClasses, kPixels}), bias(DType::kF32, {kClasses});
  std::vector<float> count(kClasses);
  for (int64_t i = 0; i < loader->batches_per_epoch(); ++i) {
    const Batch& batch = **loader->Next();
    for (int64_t row = 0; row < kBatch; ++row) {
      const int label = batch.labels.data<int32_t>()[row];
      ++count[label];
      for (int64_t p = 0; p < kPixels; ++p) {
        weight.data<float>()[label * kPixels + p] += batch.images.data<float>()[row * kPixels + p];
      }
    }
  }
  for (int64_t label = 0; label < kClasses; ++label) {
    for (int64_t p = 0; p < kPixels; ++p) {
      float& mean = weight.data<float>()[label * kPixels + p];
      mean /= count[label];
      bias.data<float>()[label] -= mean * mean / 2;
    }
  }
  Tensor same(DType::kF32, {1, 1, 1, 1}), none(DType::kF32, {1});
  *same.data<float>() = 1;
  return {{"fc/bias", bias}, {"fc/weight", weight}, {"same/bias", none}, {"same/weight", same}};
}

std::unique_ptr<SensitivityNetwork> Network(const std::vector<NamedTensor>& tensors) {
  auto network = SensitivityNetwork::Create(TinyJob(), nullptr, kBatch, tensors);
  EXPECT_TRUE(network.ok()) << network.status();
  return *std::move(network);
}

TEST(Sensitivity, EqualsNetworksPrunedBySorting) {
  const std::vector<NamedTensor> tensors = ClassMeans();
  const std::unique_ptr<Loader> loader = OpenDigits(TinyJob().data().validation());
  const std::unique_ptr<SensitivityNetwork> network = Network(tensors);
  const std::vector<double> sparsities = {0, 0.5, 0.9, 0.99};
  size_t heard = 0;
  const auto scan =
      ScanSensitivity(*network, *loader, sparsities, [&](size_t done, size_t all) { heard += done + all; });
  ASSERT_TRUE(scan.ok()) << scan.status();
  EXPECT_EQ(heard, 5u);
  EXPECT_EQ(scan->samples, 120);
  EXPECT_GT(scan->dense.top1, 0.5);
  ASSERT_EQ(scan->layers.size(), 2u);
  const LayerSensitivity& fc = scan->layers[1];
  EXPECT_EQ(fc.layer, "fc");
  EXPECT_EQ(fc.weights, kClasses * kPixels);
  EXPECT_EQ(fc.pruned[0].loss, scan->dense.loss);
  for (size_t i = 0; i < sparsities.size(); ++i) {
    std::vector<NamedTensor> pruned = tensors;
    pruned[1].tensor = tensors[1].tensor.Copy();
    const absl::Span<float> weights = pruned[1].tensor.span<float>();
    std::vector<int> order(weights.size());
    for (size_t k = 0; k < order.size(); ++k) order[k] = static_cast<int>(k);
    std::stable_sort(order.begin(), order.end(),
                     [&](int a, int b) { return std::fabs(weights[a]) < std::fabs(weights[b]); });
    const int64_t count = std::llround(sparsities[i] * static_cast<double>(weights.size()));
    for (int64_t k = 0; k < count; ++k) weights[order[k]] = 0;
    const auto expected = Network(pruned)->Evaluate(*loader);
    ASSERT_TRUE(expected.ok());
    EXPECT_EQ(fc.pruned[i].top1, expected->top1) << sparsities[i];
    EXPECT_EQ(fc.pruned[i].loss, expected->loss) << sparsities[i];
  }
  EXPECT_LT(fc.pruned[3].top1, scan->dense.top1);
  // All weights are back.
  EXPECT_EQ(network->Evaluate(*loader)->loss, scan->dense.loss);
}

TEST(Sensitivity, WeightsOfAnotherModelAreRefused) {
  std::vector<NamedTensor> tensors = ClassMeans();
  tensors[0].name = "fc/other";
  tensors[1].tensor = Tensor(DType::kF32, {kClasses, 3});
  const std::string error = SensitivityNetwork::Create(TinyJob(), nullptr, kBatch, tensors).status().ToString();
  EXPECT_THAT(error, HasSubstr("fc/other: expected no such tensor, found f32 [10]"));
  EXPECT_THAT(error, HasSubstr("fc/weight: expected f32 [10, 784], found f32 [10, 3]"));
  EXPECT_THAT(error, HasSubstr("fc/bias: expected [10], found no such tensor"));
}

Sensitivity TwoLayers() {
  Sensitivity scan;
  scan.dense = {0.98, 0.1};
  scan.sparsities = {0, 0.5, 0.9};
  scan.layers = {{"conv1", 500, {{0.98, 0.1}, {0.975, 0.12}, {0.5, 2}}},
                 {"fc*\"", 9000, {{0.98, 0.1}, {0.96, 0.2}, {0.979, 0.1}}}};
  return scan;
}

TEST(Sensitivity, SuggestsUpToTheFirstLoss) {
  EXPECT_THAT(SuggestedSparsities(TwoLayers(), 0.01), ElementsAre(0.5, 0));
  EXPECT_THAT(SuggestedSparsities(TwoLayers(), 0.03), ElementsAre(0.5, 0.9));
  EXPECT_THAT(SuggestedSparsities(TwoLayers(), 0.004), ElementsAre(0, 0));
  EXPECT_THAT(SuggestedSparsities(TwoLayers(), 0.5), ElementsAre(0.9, 0.9));
}

TEST(Sensitivity, AnyNameIsACell) {
  Sensitivity sensitivity;
  sensitivity.sparsities = {0.5};
  sensitivity.layers = {{"a, b", 4, {{0.75, 0.5}}}};
  EXPECT_EQ(SensitivityCsv(sensitivity), "layer,sparsity,top1,loss\n\"a, b\",0.5,0.75,0.5\n");
}

TEST(Sensitivity, TableCsvAndChart) {
  EXPECT_EQ(SensitivityTable(TwoLayers(), {0.5, 0.125}),
            "layer  weights     0%    50%    90%  suggested\n"
            "-----  -------  -----  -----  -----  ---------\n"
            "conv1      500  98.00  97.50  50.00        50%\n"
            "fc*\"     9,000  98.00  96.00  97.90      12.5%\n");
  EXPECT_THAT(SensitivityCsv(TwoLayers()),
              StartsWith("layer,sparsity,top1,loss\nconv1,0,0.98,0.1\nconv1,0.5,0.975,0.12\n"));
  const Chart chart = SensitivityChart(TwoLayers());
  ASSERT_EQ(chart.series.size(), 2u);
  EXPECT_EQ(chart.series[0].points[2].x, 90);
  EXPECT_THAT(SvgCharts({chart}), HasSubstr("conv1"));
}

class SensitivityVerbTest : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = JoinPath(::testing::TempDir(), "sensitivity");
    ASSERT_TRUE(RemoveTree(files_, directory_).ok());
    ASSERT_TRUE(CreateDirectories(files_, Path("checkpoint")).ok());
    ASSERT_TRUE(WriteFileAtomically(files_, Path("job.pbtxt"), kJob).ok());
    TrainingState training;
    training.state.set_global_step(7);
    training.state.set_job(kJob);
    training.weights = ClassMeans();
    const absl::Status status = WriteCheckpoint(files_, Path("checkpoint"), training);
    ASSERT_TRUE(status.ok()) << status;
  }
  std::string Path(const std::string& name) const { return JoinPath(directory_, name); }
  int Run(std::vector<std::string> flags) {
    std::vector<std::string> arguments = {"sensitivity", Path("job.pbtxt"), "--output", Path("out")};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    std::ostringstream out, err;
    const int code = RunVerbs({SensitivityVerb()}, arguments, out, err);
    out_ = out.str();
    err_ = err.str();
    return code;
  }

  FileSystem* const files_ = FileSystem::Posix();
  std::string directory_, out_, err_;
};

TEST_F(SensitivityVerbTest, ScansAndSuggests) {
  const std::vector<std::string> flags = {"--weights", Path("checkpoint"), "--sparsities=0,50,99"};
  ASSERT_EQ(Run(flags), kExitDone) << err_;
  const std::string first = out_;
  EXPECT_THAT(out_, HasSubstr("of 120 samples"));
  const std::string csv = ReadFile(files_, Path("out/sensitivity.csv"), 1 << 20).value();
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 7);
  EXPECT_TRUE(files_->Exists(Path("out/sensitivity.svg")));

  // What is printed can be pasted into a phase, and fits the network.
  const size_t begin = out_.find("prune {"), end = out_.find("\n}\n", begin);
  ASSERT_NE(end, std::string::npos);
  Job job = TinyJob();
  ASSERT_TRUE(google::protobuf::TextFormat::MergeFromString(
      absl::StrCat("phase { learning_rate { constant: 0.1 } ", out_.substr(begin, end + 2 - begin), "}"), &job));
  EXPECT_EQ(job.phase(1).prune().layer_size(), 2);
  std::vector<std::string> problems;
  const auto note = [&](const std::string& path, const std::string& problem) { problems.push_back(path + problem); };
  const std::unique_ptr<SensitivityNetwork> network = Network(ClassMeans());
  PrunePlanner(network->parameters().layout(), 8, note).Next(job.phase(1), "phase[1]");
  EXPECT_THAT(problems, ElementsAre());

  ASSERT_EQ(Run(flags), kExitDone);
  EXPECT_EQ(out_, first);
  EXPECT_EQ(ReadFile(files_, Path("out/sensitivity.csv"), 1 << 20).value(), csv);
}

TEST_F(SensitivityVerbTest, SamplesAndOverrides) {
  EXPECT_EQ(Run({"--weights", Path("checkpoint"), "--split=train", "--take=70", "--sparsities=50"}), kExitDone) << err_;
  EXPECT_THAT(out_, HasSubstr("of 70 samples"));
  EXPECT_EQ(Run({"--weights", Path("checkpoint"), "--set", "model.layer[1].dense.channels=12"}), kExitBadUsage);
  EXPECT_THAT(err_, HasSubstr("fc/bias: expected f32 [12], found f32 [10]"));
}

TEST_F(SensitivityVerbTest, BadUsage) {
  EXPECT_EQ(Run({}), kExitBadUsage);
  EXPECT_THAT(err_, HasSubstr("--weights: expected a checkpoint"));
  for (const char* list : {"50,40", "100", "x", "-1", "10,10", ""}) {
    EXPECT_EQ(Run({"--weights", Path("checkpoint"), absl::StrCat("--sparsities=", list)}), kExitBadUsage) << list;
    EXPECT_THAT(err_, HasSubstr("--sparsities: expected rising percentages")) << list;
  }
  EXPECT_EQ(Run({"--weights", Path("checkpoint"), "--split=test"}), kExitBadUsage);
  EXPECT_EQ(Run({"--weights", Path("nothing")}), kExitBadUsage);
  EXPECT_EQ(Run({"--weights", Path("checkpoint"), "--tolerance=0"}), kExitBadUsage);
  ASSERT_TRUE(WriteFileAtomically(files_, Path("file"), "x").ok());
  EXPECT_EQ(Run({"--weights", Path("checkpoint"), "--output", Path("file")}), kExitBadUsage);
  EXPECT_THAT(out_, IsEmpty());  // before the scan
}

}  // namespace
}  // namespace espalier
