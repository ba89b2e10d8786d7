// A job that goes on from the weights of another: it begins with exactly them, and later phases prune them.
#include "trainer/initial_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "absl/strings/str_cat.h"
#include "core/random.h"
#include "tests/testing/tiny_job.h"
#include "tests/testing/tiny_run.h"
#include "trainer/exit_code.h"

namespace espalier {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kFile[] = "/trained.safetensors";

// The tiny job with weights that no update changes: what they were at first shows at the end.
std::vector<std::string> Frozen(const std::vector<std::string>& more = {}) {
  std::vector<std::string> overrides = {absl::StrCat("initial_weights=", kFile)};
  for (const int layer : {0, 1, 5}) {
    overrides.push_back(absl::StrCat("model.layer[", layer, "].learning_rate_multiplier=0"));
  }
  overrides.insert(overrides.end(), more.begin(), more.end());
  return overrides;
}

class InitialWeightsTest : public TinyRunTest {
 protected:
  InitialWeightsTest() {
    const std::vector<std::pair<std::string, Shape>> shapes = {
        {"conv/weight", {4, 1, 5, 5}}, {"conv/bias", {4}},  {"norm/scale", {4}},
        {"norm/shift", {4}},           {"norm/mean", {4}},  {"norm/variance", {4}},
        {"dense/weight", {10, 144}},   {"dense/bias", {10}}};
    for (const auto& [name, shape] : shapes) {
      Tensor tensor(DType::kF32, shape);
      Random random(5, name, 0, 0);
      for (float& value : tensor.span<float>()) value = random.Uniform(0.1f, 0.9f);
      tensors_.push_back({name, tensor});
    }
    WriteTensors();
  }

  void WriteTensors() {
    auto file = files_.OpenForWriting(kFile);
    CHECK(file.ok());
    CHECK(WriteSafetensors(tensors_, {}, file->get()).ok());
  }

  static std::vector<float> Values(const Tensor& tensor) {
    return {tensor.span<float>().begin(), tensor.span<float>().end()};
  }

  // The weights of the last checkpoint.
  std::map<std::string, std::vector<float>> Weights() {
    std::map<std::string, std::vector<float>> weights;
    const Checkpoint last = CheckpointStore(&files_, JoinPath(kOutput, "checkpoints")).LoadLatest().value();
    for (const auto& [name, tensor] : WeightsOf(last)) weights[name] = Values(tensor);
    return weights;
  }

  std::vector<NamedTensor> tensors_;
};

TEST_F(InitialWeightsTest, TrainingBeginsWithThem) {
  const auto result = Train(Frozen());
  ASSERT_TRUE(result.ok()) << result.status();
  const auto weights = Weights();
  for (const NamedTensor& named : tensors_) {
    if (named.name == "norm/mean" || named.name == "norm/variance") continue;  // they follow the data
    EXPECT_EQ(weights.at(named.name), Values(named.tensor)) << named.name;
  }
}

TEST_F(InitialWeightsTest, RunningStatisticsAreRead) {
  const auto job = PrepareTinyJob(Frozen());
  ASSERT_TRUE(ReadInitialWeights(&files_, job.get()).ok());
  int states = 0;
  for (const NamedTensor& named : tensors_) {
    const auto state = job->network->parameters().states().find(named.name);
    if (state == job->network->parameters().states().end()) continue;
    EXPECT_EQ(Values(state->second), Values(named.tensor));
    ++states;
  }
  EXPECT_EQ(states, 2);
}

// And they do train where nothing holds them.
TEST_F(InitialWeightsTest, TrainingGoesOn) {
  ASSERT_TRUE(Train({absl::StrCat("initial_weights=", kFile)}).ok());
  EXPECT_NE(Weights().at("dense/weight"), Values(tensors_[6].tensor));
}

TEST_F(InitialWeightsTest, ALaterPhasePrunesTheirSmallest) {
  const auto result = Train(Frozen({"phase[1].prune={sparsity: 0.5 first_layer: true}"}));
  ASSERT_TRUE(result.ok()) << result.status();
  const auto weights = Weights();
  for (const int index : {0, 6}) {
    const std::vector<float> before = Values(tensors_[index].tensor), &after = weights.at(tensors_[index].name);
    std::vector<float> sorted = before;
    std::sort(sorted.begin(), sorted.end());
    const float median = sorted[sorted.size() / 2];
    for (size_t i = 0; i < before.size(); ++i) EXPECT_EQ(after[i], before[i] < median ? 0 : before[i]);
  }
}

// Weights that PyTorch has pruned by a mask are -0 where they were negative.
TEST_F(InitialWeightsTest, NegativeZerosAreSharedAsZeros) {
  for (const int index : {0, 6}) {
    const absl::Span<float> values = tensors_[index].tensor.span<float>();
    for (size_t i = 0; i < values.size(); i += 3) values[i] = -0.0f;
  }
  WriteTensors();
  const auto result = Train(Frozen({"phase[0].share_weights={bits: 3}"}));
  ASSERT_TRUE(result.ok()) << result.status();
  for (const int index : {0, 6}) {
    const std::vector<float> after = Weights().at(tensors_[index].name);
    for (size_t i = 0; i < after.size(); i += 3) {
      EXPECT_EQ(after[i], 0);
      EXPECT_FALSE(std::signbit(after[i]));
    }
  }
}

TEST_F(InitialWeightsTest, NumbersThatAreNotFiniteAreRefused) {
  tensors_[6].tensor.data<float>()[17] = std::numeric_limits<float>::quiet_NaN();
  WriteTensors();
  const absl::Status status = Train(Frozen()).status();
  EXPECT_EQ(ExitCodeOf(status), kBadInput);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("/trained.safetensors: dense/weight: element 17: expected a finite number, found nan"));
}

TEST_F(InitialWeightsTest, AResumedRunDoesNotNeedTheFile) {
  const auto stop = [this] { return files_.Exists(absl::StrCat(kOutput, "/checkpoints/step-3")); };
  ASSERT_TRUE(Train(Frozen(), StartMode::kNew, stop)->stopped);
  ASSERT_TRUE(files_.RemoveFile(kFile).ok());
  const auto result = Train(Frozen(), StartMode::kResume);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(Weights().at("dense/weight"), Values(tensors_[6].tensor));
}

TEST_F(InitialWeightsTest, ErrorsCiteTheJobAndListEverything) {
  tensors_[0].tensor = Tensor(DType::kF32, {4, 1, 3, 3});
  tensors_[1].name = "conv/bais";
  WriteTensors();
  const absl::Status status = Train(Frozen()).status();
  EXPECT_EQ(ExitCodeOf(status), kBadInput);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("initial_weights: /trained.safetensors: does not fit this model"),
                    HasSubstr("conv/weight: expected f32 [4, 1, 5, 5], found f32 [4, 1, 3, 3]"),
                    HasSubstr("unexpected conv/bais"), HasSubstr("missing conv/bias")));
  EXPECT_FALSE(files_.Exists(kOutput));
  ASSERT_TRUE(files_.RemoveFile(kFile).ok());
  EXPECT_THAT(std::string(Train(Frozen()).status().message()), HasSubstr("trained.safetensors"));
}

}  // namespace
}  // namespace espalier
