// Dense, sparse, dense: a pruned weight is exactly zero after every step of the sparse phase, whatever the optimizer
// and the precision, through checkpoint and resume; then it trains again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/testing/tiny_job.h"
#include "tests/testing/tiny_run.h"

namespace espalier {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kSparse[] = "prune { sparsity: 0.5 first_layer: true }";
// 8 steps are an epoch.
constexpr int kDenseSteps = 4, kSparseSteps = 6, kSteps = 14;

// The tiny job's network and data in three phases; `sparse` and `redense` are what the later two say beside that.
std::vector<std::string> Phases(const std::string& sparse, const std::string& redense) {
  return {"optimizer={sgd {momentum: 0.9 nesterov: true weight_decay: 0.01}}",
          "phase[0]={name: \"dense\" epochs: 0.5 learning_rate { constant: 0.02 }}",
          absl::StrCat("phase[1]={name: \"sparse\" epochs: 0.75 learning_rate { constant: 0.02 } ", sparse, "}"),
          absl::StrCat("phase[2]={name: \"redense\" epochs: 0.5 learning_rate { constant: 0.01 } ", redense, "}"),
          "output={checkpoint_steps: 1 keep_checkpoints: 100 metrics_steps: 1 histograms: false}"};
}

class PruningTest : public TinyRunTest {
 protected:
  // Stops a run when its checkpoint of that step stands.
  std::function<bool()> After(int64_t step) {
    return [this, step] { return files_.Exists(absl::StrCat(kOutput, "/checkpoints/step-", step)); };
  }
  std::string Bytes(int64_t step, const std::string& file) {
    return Read(absl::StrCat("checkpoints/step-", step, "/", file));
  }
};

std::map<std::string, Tensor> SlotsOf(const Checkpoint& checkpoint) {
  std::vector<NamedTensor> tensors;
  for (const auto& entry : checkpoint.optimizer()) tensors.push_back({entry.name, Tensor(entry.dtype, entry.shape)});
  CHECK(checkpoint.ReadOptimizer(tensors).ok());
  std::map<std::string, Tensor> by_name;
  for (const NamedTensor& named : tensors) by_name[named.name] = named.tensor;
  return by_name;
}

bool IsPlusZero(float value) { return value == 0 && !std::signbit(value); }

// The positions of a parameter's masked weights.
std::vector<int64_t> MaskedOf(const Checkpoint& checkpoint, const std::string& parameter, int64_t elements) {
  std::vector<NamedTensor> masks = {{"mask/conv/weight", Tensor(DType::kU8, {13})},
                                    {"mask/dense/weight", Tensor(DType::kU8, {180})}};
  CHECK(checkpoint.ReadTransforms(masks).ok());
  std::vector<int64_t> masked;
  const Tensor& mask = masks[parameter == "conv/weight" ? 0 : 1].tensor;
  for (int64_t i = 0; i < elements; ++i) {
    if ((mask.data<uint8_t>()[i / 8] >> (i % 8) & 1) == 0) masked.push_back(i);
  }
  return masked;
}

struct Variant {
  const char* name;
  std::vector<std::string> overrides;
  float initial_slot = 0;
};

class EveryRuleTest : public PruningTest, public ::testing::WithParamInterface<Variant> {};

TEST_P(EveryRuleTest, KeepsPrunedWeightsAtZeroThenTrainsThem) {
  std::vector<std::string> overrides = Phases(kSparse, "restore_dense {}");
  overrides.insert(overrides.end(), GetParam().overrides.begin(), GetParam().overrides.end());
  const auto result = Train(overrides, StartMode::kNew);
  ASSERT_TRUE(result.ok()) << result.status();
  const std::map<std::string, int64_t> parameters = {{"conv/weight", 100}, {"dense/weight", 1440}};
  for (const auto& [name, elements] : parameters) {
    const std::vector<int64_t> first = MaskedOf(Load(kDenseSteps + 1), name, elements);
    EXPECT_EQ(first.size(), elements / 2);
    for (int64_t step = kDenseSteps + 1; step <= kDenseSteps + kSparseSteps; ++step) {
      const Checkpoint checkpoint = Load(step);
      EXPECT_EQ(MaskedOf(checkpoint, name, elements), first);
      const Tensor weights = WeightsOf(checkpoint).at(name);
      for (int64_t i : first) ASSERT_TRUE(IsPlusZero(weights.data<float>()[i])) << name << " step " << step;
      EXPECT_LT(absl::c_count(weights.span<float>(), 0.0f), elements / 2 + 5);
      for (const auto& [slot_name, slot] : SlotsOf(checkpoint)) {
        if (!absl::EndsWith(slot_name, name)) continue;
        for (int64_t i : first) ASSERT_EQ(slot.data<float>()[i], GetParam().initial_slot) << slot_name;
      }
    }
    const Tensor end = WeightsOf(Load(kSteps)).at(name);
    int64_t moved = 0;
    for (int64_t i : first) moved += end.data<float>()[i] != 0;
    EXPECT_GT(moved, first.size() / 8) << name;  // dead inputs have no gradient; F16 skips steps
  }
  EXPECT_EQ(Bytes(kSteps, "transforms.safetensors"), "(none)");
}

INSTANTIATE_TEST_SUITE_P(
    Rules, EveryRuleTest,
    ::testing::Values(Variant{"NesterovDecay", {}}, Variant{"Adam", {"phase[1].optimizer={adam {weight_decay: 0.01}}"}},
                      Variant{"AdamW", {"optimizer={adamw {weight_decay: 0.1}}"}},
                      Variant{"RmsPropMomentum", {"optimizer={rmsprop {momentum: 0.9 weight_decay: 0.01}}"}},
                      Variant{"Adagrad", {"optimizer={adagrad {initial_accumulator: 0.25 weight_decay: 0.01}}"}, 0.25f},
                      Variant{"BF16", {"precision.compute=BF16"}},
                      // Overflows at first: the scale doubles up to it again and again.
                      Variant{"F16", {"precision={compute: F16 loss_scale {initial: 16777216 growth_interval: 1}}"}},
                      Variant{"ClipNorm", {"optimizer.clip_norm=0.1"}},
                      Variant{"DecayAll", {"optimizer.decay_all=true"}}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_F(PruningTest, OverflowsSkipStepsOfTheSparsePhase) {
  std::vector<std::string> overrides = Phases(kSparse, "restore_dense {}");
  overrides.push_back("precision={compute: F16 loss_scale {initial: 16777216 growth_interval: 1}}");
  ASSERT_TRUE(Train(overrides, StartMode::kNew).ok());
  const int64_t updates =
      Load(kDenseSteps + kSparseSteps).state().optimizer_step() - Load(kDenseSteps).state().optimizer_step();
  EXPECT_GT(updates, 0);
  EXPECT_LT(updates, kSparseSteps);
}

// Wherever it may stop: after any step, within a validation, between a phase's beginning and its first step.
TEST_F(PruningTest, ResumesWithTheSameBits) {
  std::vector<std::string> overrides =
      Phases("prune { sparsity: 0.8 gradual { initial_sparsity: 0.25 epochs: 0.625 every_steps: 2 } }",
             "prune { sparsity: 0.9 scope: GLOBAL first_layer: true }");
  overrides.push_back("output.checkpoint_steps=5");
  ASSERT_TRUE(Train(overrides, StartMode::kNew).ok());
  const std::string masks = Bytes(kSteps, "transforms.safetensors");
  EXPECT_THAT(masks, HasSubstr("mask/conv/weight"));
  ExpectSameResultsAfterEachStop(overrides, [&] { EXPECT_EQ(Bytes(kSteps, "transforms.safetensors"), masks); });
}

TEST_F(PruningTest, PrunesGradually) {
  ASSERT_TRUE(
      Train(Phases("prune { sparsity: 0.8 gradual { initial_sparsity: 0.25 epochs: 0.625 every_steps: 2 } }", ""),
            StartMode::kNew)
          .ok());
  // 1440 weights after steps 0, 2, 4 and 5 of 5: 0.8 - 0.55 * (1 - step / 5)^3.
  const std::map<int64_t, size_t> expected = {{1, 360}, {2, 981}, {3, 981}, {4, 1146}, {5, 1152}, {6, 1152}};
  for (const auto& [step, masked] : expected) {
    std::vector<NamedTensor> mask = {{"mask/dense/weight", Tensor(DType::kU8, {180})}};
    ASSERT_TRUE(Load(kDenseSteps + step).ReadTransforms(mask).ok());
    size_t kept = 0;
    for (uint8_t bits : mask[0].tensor.span<uint8_t>()) kept += __builtin_popcount(bits);
    EXPECT_EQ(1440 - kept, masked) << step;
  }
  EXPECT_THAT(ResultsOf(&files_, kOutput)["metrics"],
              AllOf(Not(HasSubstr("\"phase\":\"dense\",\"sparsity\"")), HasSubstr("\"sparsity\":0.7480519")));
}

// What comes before the first pruning is the control's, so one run of the control serves many sparse ones.
TEST_F(PruningTest, BranchesOffTheDenseControl) {
  const std::vector<std::string> dsd = Phases(kSparse, "restore_dense {}"), control = Phases("", "");
  ASSERT_TRUE(Train(dsd, StartMode::kNew).ok());
  const auto expected = ResultsOf(&files_, kOutput);
  const std::string weights = Bytes(kDenseSteps, "weights.safetensors");
  const std::string slots = Bytes(kDenseSteps, "optimizer.safetensors");
  ASSERT_TRUE(Train(control, StartMode::kOverwrite, After(kDenseSteps)).ok());
  EXPECT_EQ(Bytes(kDenseSteps, "weights.safetensors"), weights);
  EXPECT_EQ(Bytes(kDenseSteps, "optimizer.safetensors"), slots);
  ASSERT_TRUE(Train(dsd, StartMode::kResume).ok());
  EXPECT_EQ(ResultsOf(&files_, kOutput), expected);
}

TEST_F(PruningTest, RefusesCheckpointsOfAnotherPruning) {
  const std::vector<std::string> dsd = Phases(kSparse, "restore_dense {}"), control = Phases("", "");
  ASSERT_TRUE(Train(control, StartMode::kNew, After(kDenseSteps + 2)).ok());
  EXPECT_THAT(Train(dsd, StartMode::kResume).status().message(),
              AllOf(HasSubstr("cannot resume"), HasSubstr("mask/conv/weight")));
  ASSERT_TRUE(Train(dsd, StartMode::kOverwrite, After(kDenseSteps + 2)).ok());
  EXPECT_THAT(Train(control, StartMode::kResume).status().message(),
              AllOf(HasSubstr("cannot resume"), HasSubstr("mask/dense/weight")));
}

TEST_F(PruningTest, CitesThePlaceOfErrors) {
  std::string text = TinyJobText();
  text += "phase { learning_rate { constant: 1 } prune { sparsity: 0.5\n layer { pattern: \"dence\" keep: 0.1 } } }";
  const std::string path = ::testing::TempDir() + "/bad_pruning.pbtxt";
  ASSERT_TRUE(WriteFileAtomically(FileSystem::Posix(), path, text).ok());
  absl::StatusOr<JobDocument> document = LoadJob(path, {});
  ASSERT_TRUE(document.ok()) << document.status();
  const std::string errors(PrepareJob(*std::move(document), "").status().message());
  EXPECT_THAT(errors, AllOf(HasSubstr("bad_pruning.pbtxt:28:10: phase[3].prune.layer[0].pattern"),
                            HasSubstr("did you mean dense?")));
}

TEST_F(PruningTest, IsDescribed) {
  EXPECT_THAT(DescribeJob(*PrepareTinyJob(Phases(kSparse, "restore_dense {}"))),
              AllOf(HasSubstr("dense: 0.5 epochs, 4 steps\n"),
                    HasSubstr("sparse: 0.75 epochs, 6 steps; prunes 50% of 1,540 weights in 2 layers\n"),
                    HasSubstr("redense: 0.5 epochs, 4 steps; pruned weights train again from zero\n")));
}

}  // namespace
}  // namespace espalier
