// Prune, share, retrain: after every step of a phase that shares values, weights of one code are equal, pruned ones are
// zero, and there are at most 2^bits values, whatever the optimizer and the precision, through checkpoint and resume.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "tests/testing/tiny_job.h"
#include "tests/testing/tiny_run.h"

namespace espalier {
namespace {

using ::testing::HasSubstr;

// 8 steps are an epoch.
constexpr int kPruneSteps = 4, kShareSteps = 8, kSteps = 14;

std::vector<std::string> Phases() {
  return {"optimizer={sgd {momentum: 0.9 nesterov: true weight_decay: 0.01}}",
          "phase[0]={name: \"prune\" epochs: 0.5 learning_rate { constant: 0.02 } "
          "prune { sparsity: 0.5 layer { pattern: \"conv\" deviations: 0.5 } }}",
          "phase[1]={name: \"share\" epochs: 1 learning_rate { constant: 0.002 } "
          "share_weights { bits: 3 layer { pattern: \"conv\" bits: 4 } bias_bits: 2 }}",
          "phase[2]={name: \"dense\" epochs: 0.25 learning_rate { constant: 0.002 } restore_dense {}}",
          "output={checkpoint_steps: 1 keep_checkpoints: 100 metrics_steps: 1 histograms: false}"};
}

class SharingTest : public TinyRunTest {
 protected:
  std::map<std::string, Tensor> Weights(int64_t step) { return WeightsOf(Load(step)); }
};

// For each position of a tensor the first position with the same value: which weights share one.
std::vector<int64_t> Groups(const Tensor& tensor) {
  std::map<float, int64_t> first;
  std::vector<int64_t> groups;
  const auto values = tensor.span<float>();
  for (size_t i = 0; i < values.size(); ++i) groups.push_back(first.emplace(values[i], i).first->second);
  return groups;
}

size_t CountDistinct(const Tensor& tensor) {
  const auto values = tensor.span<float>();
  return std::set<float>(values.begin(), values.end()).size();
}

struct Variant {
  const char* name;
  std::vector<std::string> overrides;
};

class EveryRuleTest : public SharingTest, public ::testing::WithParamInterface<Variant> {};

TEST_P(EveryRuleTest, KeepsSharedWeightsEqual) {
  std::vector<std::string> overrides = Phases();
  overrides.insert(overrides.end(), GetParam().overrides.begin(), GetParam().overrides.end());
  const auto result = Train(overrides, StartMode::kNew);
  ASSERT_TRUE(result.ok()) << result.status();
  const std::map<std::string, size_t> most = {{"conv/weight", 16}, {"dense/weight", 8}, {"dense/bias", 4}};
  for (const auto& [name, values] : most) {
    const Tensor first = Weights(kPruneSteps + 1).at(name);
    const std::vector<int64_t> groups = Groups(first);
    bool moved = false;
    for (int64_t step = kPruneSteps + 1; step <= kPruneSteps + kShareSteps; ++step) {
      const Tensor weights = Weights(step).at(name);
      EXPECT_LE(CountDistinct(weights), values) << name << " after step " << step;
      EXPECT_EQ(Groups(weights), groups) << name << " after step " << step;
      for (size_t i = 0; i < groups.size(); ++i) {
        if (first.data<float>()[i] == 0) ASSERT_EQ(weights.data<float>()[i], 0) << name << "[" << i << "]";
        moved = moved || weights.data<float>()[i] != first.data<float>()[i];
      }
    }
    EXPECT_TRUE(moved) << name << ": its shared values did not train";
    EXPECT_GT(CountDistinct(Weights(kSteps).at(name)), CountDistinct(first)) << name << ": does not train alone again";
  }
}

INSTANTIATE_TEST_SUITE_P(
    Rules, EveryRuleTest,
    ::testing::Values(Variant{"NesterovDecay", {}}, Variant{"Adam", {"phase[1].optimizer={adam {weight_decay: 0.01}}"}},
                      Variant{"AdamW", {"optimizer={adamw {weight_decay: 0.1}}"}},
                      Variant{"RmsPropMomentum", {"optimizer={rmsprop {momentum: 0.9 weight_decay: 0.01}}"}},
                      Variant{"Adagrad", {"optimizer={adagrad {initial_accumulator: 0.25}}"}},
                      Variant{"BF16", {"precision.compute=BF16"}}, Variant{"F16", {"precision.compute=F16"}},
                      Variant{"ClipNorm", {"optimizer.clip_norm=0.1"}},
                      Variant{"Optimal", {"phase[1].share_weights.start=OPTIMAL"}},
                      Variant{"Random", {"phase[1].share_weights.start=RANDOM"}}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_F(SharingTest, ResumesWithTheSameBits) {
  std::vector<std::string> overrides = Phases();
  overrides.push_back("output.checkpoint_steps=3");
  ExpectSameResultsAfterEachStop(overrides);
}

// The update before the phase that shares spoils the weights: no clusters of what is not finite.
TEST_F(SharingTest, DivergenceIsFoundBeforeWeightsShare) {
  std::vector<std::string> overrides = Phases();
  overrides.push_back("phase[0]={name: \"hot\" epochs: 0.125 learning_rate { constant: 3e38 }}");
  // No checkpoint, which would find it, too, comes between.
  overrides.push_back("output.checkpoint_steps=1000");
  overrides.push_back("output.keep_best=false");
  const absl::Status status = Train(overrides, StartMode::kNew).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("the training diverged: a weight after step 1 is not finite"));
}

TEST_F(SharingTest, IsDescribed) {
  EXPECT_THAT(DescribeJob(*PrepareTinyJob(Phases())), HasSubstr("shares the values of "));
}

}  // namespace
}  // namespace espalier
