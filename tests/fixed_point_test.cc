// Prune, then round to fixed point: after every step of a phase in fixed point the network's weights are integers of
// the asked bits times a power of two, pruned ones are zero, and what trains moves by less than a unit at a time,
// whatever the optimizer and the precision, through checkpoint and resume.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "absl/strings/str_cat.h"
#include "compression/package/make_package.h"
#include "tests/testing/tiny_job.h"
#include "tests/testing/tiny_run.h"

namespace espalier {
namespace {

using ::testing::HasSubstr;

// 8 steps are an epoch.
constexpr int kPruneSteps = 4, kRoundSteps = 8, kSteps = 14;

std::vector<std::string> Phases() {
  return {"optimizer={sgd {momentum: 0.9 nesterov: true weight_decay: 0.01}}",
          "phase[0]={name: \"prune\" epochs: 0.5 learning_rate { constant: 0.02 } prune { sparsity: 0.5 first_layer: "
          "true }}",
          "phase[1]={name: \"round\" epochs: 1 learning_rate { constant: 0.002 } "
          "fixed_point { bits: 16 layer { pattern: \"conv\" bits: 4 } }}",
          "phase[2]={name: \"dense\" epochs: 0.25 learning_rate { constant: 0.002 } restore_dense {}}",
          "output={checkpoint_steps: 1 keep_checkpoints: 100 metrics_steps: 1 histograms: false}"};
}

class FixedPointTest : public TinyRunTest {
 protected:
  Tensor Weight(int64_t step, const std::string& name) { return WeightsOf(Load(step)).at(name); }
};

// The smallest number of bits, with a sign, of integers that stand for the values with a power of two as their unit.
int BitsOf(const Tensor& tensor) {
  int lowest = 1000, highest = -1000;
  for (float value : tensor.span<float>()) {
    if (value == 0) continue;
    int exponent;
    // 24 bits of a float; its lowest that is set.
    auto mantissa = static_cast<int64_t>(std::ldexp(std::frexp(std::abs(value), &exponent), 24));
    highest = std::max(highest, exponent);
    for (exponent -= 24; mantissa % 2 == 0; mantissa /= 2) ++exponent;
    lowest = std::min(lowest, exponent);
  }
  return highest - lowest + 1;
}

struct Variant {
  const char* name;
  std::vector<std::string> overrides;
};

class EveryRuleTest : public FixedPointTest, public ::testing::WithParamInterface<Variant> {};

TEST_P(EveryRuleTest, KeepsWeightsOnTheirGrid) {
  std::vector<std::string> overrides = Phases();
  overrides.insert(overrides.end(), GetParam().overrides.begin(), GetParam().overrides.end());
  const auto result = Train(overrides, StartMode::kNew);
  ASSERT_TRUE(result.ok()) << result.status();
  const std::map<std::string, int> bits = {{"conv/weight", 4}, {"dense/weight", 16}};
  for (const auto& [name, most] : bits) {
    EXPECT_GT(BitsOf(Weight(kPruneSteps, name)), 16) << name << ": was on a grid before";
    const Tensor pruned = Weight(kPruneSteps, name);
    bool moved = false;
    for (int64_t step = kPruneSteps + 1; step <= kPruneSteps + kRoundSteps; ++step) {
      const Tensor weights = Weight(step, name);
      EXPECT_LE(BitsOf(weights), most) << name << " after step " << step;
      for (int64_t i = 0; i < weights.elements(); ++i) {
        if (pruned.data<float>()[i] == 0) ASSERT_EQ(weights.data<float>()[i], 0) << name << "[" << i << "]";
      }
      moved = moved || weights.span<float>() != Weight(step - 1, name).span<float>();
    }
    EXPECT_TRUE(moved) << name << " did not train";
    EXPECT_GT(BitsOf(Weight(kSteps, name)), 16) << name << ": does not train in float again";
  }
}

INSTANTIATE_TEST_SUITE_P(Rules, EveryRuleTest,
                         ::testing::Values(Variant{"NesterovDecay", {}},
                                           Variant{"Adam", {"phase[1].optimizer={adam {weight_decay: 0.01}}"}},
                                           Variant{"AdamW", {"optimizer={adamw {weight_decay: 0.1}}"}},
                                           Variant{"BF16", {"precision.compute=BF16"}},
                                           Variant{"F16", {"precision.compute=F16"}},
                                           Variant{"GradualPruning",
                                                   {"phase[1].prune={sparsity: 0.7 first_layer: true gradual { "
                                                    "initial_sparsity: 0.5 epochs: 0.5 every_steps: 2 }}"}},
                                           Variant{"Reproducible", {"parallel.reproducible.shards=2"}}),
                         [](const auto& info) { return std::string(info.param.name); });

// Steps of a thousandth of the unit leave the rounded weights where they are until enough of them have added up.
TEST_F(FixedPointTest, SmallStepsAddUp) {
  std::vector<std::string> overrides = Phases();
  overrides.push_back("phase[1].learning_rate={constant: 0.0005}");
  overrides.push_back("phase[1].epochs=6");
  overrides.push_back("phase[2]={name: \"on\" epochs: 0.25 learning_rate { constant: 0.0005 }}");
  ASSERT_TRUE(Train(overrides, StartMode::kNew).ok());
  const auto at = [this](int64_t step) { return Weight(step, "conv/weight"); };
  EXPECT_EQ(at(kPruneSteps + 1).span<float>(), at(kPruneSteps + 2).span<float>());
  EXPECT_NE(at(kPruneSteps + 1).span<float>(), at(kPruneSteps + 48).span<float>());
  EXPECT_LE(BitsOf(at(kPruneSteps + 50)), 4) << "holds in the phases after";
}

TEST_F(FixedPointTest, ResumesWithTheSameBits) {
  std::vector<std::string> overrides = Phases();
  overrides.push_back("output.checkpoint_steps=3");
  ExpectSameResultsAfterEachStop(overrides);
}

TEST_F(FixedPointTest, IsPackedAsIntegers) {
  ASSERT_TRUE(Train(Phases(), StartMode::kNew).ok());
  const std::map<std::string, Tensor> weights = WeightsOf(Load(kPruneSteps + kRoundSteps));
  std::vector<NamedTensor> tensors;
  for (const auto& [name, tensor] : weights) tensors.push_back({name, tensor});
  PackageInfo info;
  *info.mutable_model() = PrepareTinyJob(Phases())->job().model();
  const auto package = MakePackage(std::move(info), tensors);
  ASSERT_TRUE(package.ok()) << package.status();
  for (const PackedTensor& tensor : package->tensors) {
    if (tensor.name != "dense/weight") continue;
    const auto* integers = std::get_if<IntegerValues>(&tensor.values);
    ASSERT_NE(integers, nullptr);
    EXPECT_EQ(integers->bits, 16);
    std::vector<float> values(tensor.shape.elements());
    EffectiveValues(tensor, values.data());
    EXPECT_EQ(absl::MakeConstSpan(values), weights.at(tensor.name).span<float>());
    return;
  }
  FAIL() << "no dense/weight";
}

TEST_F(FixedPointTest, IsDescribed) {
  EXPECT_THAT(DescribeJob(*PrepareTinyJob(Phases())), HasSubstr(" weights in fixed point of 4 to 16 bits"));
}

}  // namespace
}  // namespace espalier
