#include "checkpoint/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "absl/strings/str_cat.h"
#include "core/files/testing/faulty_file_system.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kDirectory[] = "out/checkpoints";

// A run's state at `step`; runs of different `run` differ in every file.
TrainingState StateAt(int64_t step, int run = 0) {
  TrainingState training;
  training.state.set_global_step(step);
  training.state.set_epoch(static_cast<int32_t>(step / 100));
  training.state.set_seed(run);
  training.state.mutable_plateau()->add_losses(1.0 / (3 + step));
  (*training.state.mutable_sums())["loss"] = std::sqrt(step);
  (*training.state.mutable_parts())["masks"] = "a\"\n\xff";
  const auto value = [&](int offset) { return static_cast<float>(step + offset) + 0.25f * run; };
  training.weights = {{"conv/weight", Tensor::Of<float>({2, 2}, {value(0), value(1), value(2), value(3)})},
                      {"norm/mean", Tensor::Of<float>({1}, {value(4)})}};
  training.optimizer = {{"momentum/conv/weight", Tensor::Of<float>({2, 2}, {value(5), 0, 0, value(6)})}};
  training.transforms = {{"mask/conv/weight", Tensor::Of<uint8_t>({1}, {static_cast<uint8_t>(step + run)})}};
  return training;
}

// All of a checkpoint as one string: equal strings, equal checkpoints.
std::string Fingerprint(const TrainingState& training) {
  CheckpointState state = training.state;
  state.clear_file();
  std::string text = state.ShortDebugString();
  for (const auto* tensors : {&training.weights, &training.optimizer, &training.transforms}) {
    for (const NamedTensor& named : *tensors) {
      absl::StrAppend(&text, " ", named.name, named.tensor.shape().ToString(), " ",
                      absl::string_view(reinterpret_cast<char*>(named.tensor.raw()), named.tensor.bytes()));
    }
  }
  return text;
}

std::string Fingerprint(const Checkpoint& checkpoint) {
  TrainingState training = StateAt(0);
  training.state = checkpoint.state();
  EXPECT_TRUE(checkpoint.ReadWeights(training.weights).ok());
  EXPECT_TRUE(checkpoint.ReadOptimizer(training.optimizer).ok());
  EXPECT_TRUE(checkpoint.ReadTransforms(training.transforms).ok());
  return Fingerprint(training);
}

std::string Latest(FileSystem* files) {
  CheckpointStore store(files, kDirectory);
  const absl::StatusOr<Checkpoint> checkpoint = store.LoadLatest();
  return checkpoint.ok() ? Fingerprint(*checkpoint) : std::string(checkpoint.status().message());
}

std::string Text(const absl::Status& status) { return std::string(status.message()); }

TEST(CheckpointStore, RoundTripsAndKeepsTheNewest) {
  FaultyFileSystem files;
  CheckpointStore store(&files, kDirectory, /*keep=*/2);
  EXPECT_TRUE(absl::IsNotFound(store.LoadLatest().status()));
  for (int64_t step : {5, 10, 100, 90 + 20}) ASSERT_TRUE(store.Save(StateAt(step)).ok());
  EXPECT_THAT(*store.Steps(), ElementsAre(100, 110));
  EXPECT_EQ(Latest(&files), Fingerprint(StateAt(110)));
  EXPECT_EQ(Fingerprint(*store.Load(100)), Fingerprint(StateAt(100)));
  EXPECT_EQ(Text(store.Load(10).status()), "no checkpoint of step 10 in out/checkpoints");
  files.LosePower(Survival::kSyncedOnly);
  EXPECT_EQ(Latest(&files), Fingerprint(StateAt(110)));
  ASSERT_TRUE(store.Clear().ok());
  EXPECT_TRUE(absl::IsNotFound(store.LoadLatest().status()));
}

TEST(CheckpointStore, WorksOnTheSystemsFiles) {
  FileSystem* files = FileSystem::Posix();
  const std::string directory = absl::StrCat(::testing::TempDir(), "/run/checkpoints");
  ASSERT_TRUE(RemoveTree(files, directory).ok());
  CheckpointStore store(files, directory, /*keep=*/1);
  for (const auto& [step, run] : {std::pair(1, 0), {2, 0}, {2, 1}, {9, 0}, {8, 1}}) {
    const absl::Status status = store.Save(StateAt(step, run));
    ASSERT_TRUE(status.ok()) << status;
    const absl::StatusOr<Checkpoint> latest = store.LoadLatest();
    ASSERT_TRUE(latest.ok()) << latest.status();
    EXPECT_EQ(Fingerprint(*latest), Fingerprint(StateAt(step, run)));
    EXPECT_EQ(files->List(directory)->size(), 1u);
  }
  ASSERT_TRUE(files->Truncate(directory + "/step-8/weights.safetensors", 100).ok());
  EXPECT_THAT(Text(store.LoadLatest().status()), HasSubstr("weights.safetensors: has 100 bytes, expected "));
}

TEST(CheckpointStore, KeepsEveryBitOfTheState) {
  FaultyFileSystem files;
  CheckpointStore store(&files, kDirectory);
  TrainingState training = StateAt(1);
  for (const double value : {0.1, 1e-310, 1.0 / 3, -0.0, 1e300, HUGE_VAL}) {
    training.state.mutable_plateau()->add_losses(value);
  }
  ASSERT_TRUE(store.Save(training).ok());
  const auto loaded = store.LoadLatest();
  ASSERT_TRUE(loaded.ok());
  CheckpointState state = loaded->state();
  state.clear_file();
  EXPECT_EQ(state.SerializeAsString(), training.state.SerializeAsString());
}

TEST(CheckpointStore, WritesEqualBytesForEqualStates) {
  FaultyFileSystem one, two;
  ASSERT_TRUE(CheckpointStore(&one, kDirectory).Save(StateAt(1)).ok());
  ASSERT_TRUE(CheckpointStore(&two, kDirectory).Save(StateAt(1)).ok());
  for (const char* name : {"state.pbtxt", "weights.safetensors", "optimizer.safetensors", "transforms.safetensors"}) {
    const std::string path = absl::StrCat(kDirectory, "/step-1/", name);
    EXPECT_EQ(*ReadFile(&one, path, 1 << 20), *ReadFile(&two, path, 1 << 20));
  }
}

TEST(CheckpointStore, NeverRemovesTheBest) {
  FaultyFileSystem files;
  CheckpointStore store(&files, kDirectory, /*keep=*/1);
  EXPECT_TRUE(absl::IsNotFound(store.LoadBest().status()));
  ASSERT_TRUE(store.Save(StateAt(1)).ok());
  EXPECT_THAT(Text(store.LoadBest().status()), HasSubstr("names no best"));
  const std::pair<int64_t, int64_t> kStepAndBest[] = {{2, 2}, {3, 2}, {4, 2}, {5, 5}, {6, 5}};
  for (const auto& [step, best] : kStepAndBest) {
    TrainingState training = StateAt(step);
    training.state.mutable_best()->set_step(best);
    ASSERT_TRUE(store.Save(training).ok());
    EXPECT_EQ(store.LoadBest()->step(), best);
    EXPECT_EQ(store.Steps()->size(), step == best ? 1 : 2);
  }
  EXPECT_THAT(*store.Steps(), ElementsAre(5, 6));
}

TEST(CheckpointStore, MismatchedTensorsAreAllNamed) {
  FaultyFileSystem files;
  CheckpointStore store(&files, kDirectory);
  ASSERT_TRUE(store.Save(StateAt(1)).ok());
  const absl::Status status = store.LoadLatest()->ReadWeights({{"conv/weight", Tensor(DType::kF32, {4})}});
  EXPECT_EQ(Text(status),
            "out/checkpoints/step-1/weights.safetensors: does not fit this model: conv/weight: expected f32 [4], found "
            "f32 [2, 2]; unexpected norm/mean");
}

TEST(CheckpointStore, UsesTheOneBeforeAndSaysWhy) {
  const std::string newest = absl::StrCat(kDirectory, "/step-2/");
  const struct {
    std::function<void(FaultyFileSystem*)> damage;
    std::string message;
  } kCases[] = {
      {[&](auto* files) { files->FlipBit(newest + "weights.safetensors", 8 * 70); },
       "weights.safetensors: has checksum"},
      {[&](auto* files) { (void)files->Truncate(newest + "optimizer.safetensors", 9); }, "has 9 bytes, expected"},
      {[&](auto* files) { (void)files->Truncate(newest + "state.pbtxt", 0); },
       "state.pbtxt: does not end in its checks"},
      {[&](auto* files) { (void)files->RemoveFile(newest + "weights.safetensors"); }, "No such file"},
      {[&](auto* files) { (void)files->RemoveFile(newest + "state.pbtxt"); }, "No such file"},
      {[&](auto* files) {  // a file of another step
         (void)files->RemoveFile(newest + "weights.safetensors");
         (void)files->Rename("out/checkpoints/step-1/weights.safetensors", newest + "weights.safetensors");
         (void)WriteCheckpoint(files, "out/checkpoints/step-1", StateAt(1));
       },
       "weights.safetensors: has checksum"},
      {[&](auto* files) {  // all of another step
         (void)RemoveTree(files, newest);
         (void)files->CreateDirectory("out/checkpoints/step-2");
         (void)WriteCheckpoint(files, "out/checkpoints/step-2", StateAt(1));
       },
       "step-2: is a checkpoint of step 1"},
      {[&](auto* files) { files->FailNth(FileOperation::kRead, 2); }, "cannot read"},
  };
  for (const auto& test : kCases) {
    FaultyFileSystem files;
    CheckpointStore store(&files, kDirectory);
    ASSERT_TRUE(store.Save(StateAt(1)).ok());
    ASSERT_TRUE(store.Save(StateAt(2)).ok());
    test.damage(&files);
    auto loaded = store.LoadLatest();
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    EXPECT_EQ(Fingerprint(*loaded), Fingerprint(StateAt(1)));
    ASSERT_EQ(store.skipped().size(), 1u);
    EXPECT_THAT(store.skipped()[0], HasSubstr("checkpoint of step 2 not used: "));
    EXPECT_THAT(store.skipped()[0], HasSubstr(test.message));

    // Going on from there, the damaged one does not count as one to fall back on.
    ASSERT_TRUE(store.Save(StateAt(3)).ok());
    EXPECT_THAT(*store.Steps(), ElementsAre(1, 3));
  }
}

TEST(CheckpointStore, CountsOnlyWhatLoads) {
  FaultyFileSystem files;
  CheckpointStore store(&files, kDirectory, /*keep=*/2);
  for (int step : {1, 2, 3}) ASSERT_TRUE(store.Save(StateAt(step)).ok());
  files.FlipBit(absl::StrCat(kDirectory, "/step-3/state.pbtxt"), 3);
  ASSERT_TRUE(store.Save(StateAt(4)).ok());
  EXPECT_THAT(*store.Steps(), ElementsAre(2, 4));
}

TEST(CheckpointStore, SaysWhyNoneLoads) {
  FaultyFileSystem files;
  CheckpointStore store(&files, kDirectory);
  for (int step : {1, 2}) ASSERT_TRUE(store.Save(StateAt(step)).ok());
  for (int step : {1, 2}) files.FlipBit(absl::StrCat(kDirectory, "/step-", step, "/state.pbtxt"), 3);
  const absl::Status status = store.LoadLatest().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(Text(status), HasSubstr("no checkpoint in out/checkpoints loads: checkpoint of step 2 not used: "));
  EXPECT_THAT(Text(status), HasSubstr("; checkpoint of step 1 not used: "));
}

TEST(CheckpointStore, RefusesStatesOfAnotherVersion) {
  FaultyFileSystem files;
  CheckpointStore store(&files, kDirectory);
  TrainingState training = StateAt(1);
  training.state.GetReflection()->MutableUnknownFields(&training.state)->AddVarint(999, 1);
  ASSERT_TRUE(store.Save(training).ok());
  EXPECT_THAT(Text(store.LoadLatest().status()), HasSubstr("(written by another version?)"));
}

TEST(CheckpointStore, SavingAnEarlierStepTurnsFromLaterOnes) {
  FaultyFileSystem files;
  CheckpointStore store(&files, kDirectory, /*keep=*/3);
  for (int step : {1, 2, 3, 4}) ASSERT_TRUE(store.Save(StateAt(step)).ok());
  ASSERT_TRUE(store.Save(StateAt(3, /*run=*/1)).ok());
  EXPECT_THAT(*store.Steps(), ElementsAre(2, 3));
  EXPECT_EQ(Latest(&files), Fingerprint(StateAt(3, 1)));
}

TEST(CheckpointStore, LeavesForeignNamesAlone) {
  FaultyFileSystem files;
  ASSERT_TRUE(CreateDirectories(&files, "out/checkpoints/step-7x").ok());
  for (const char* name : {"step-007", "step-1.tmp", "step-9.tmp", "notes"}) {
    ASSERT_TRUE(CreateDirectories(&files, JoinPath(kDirectory, name)).ok());
  }
  CheckpointStore store(&files, kDirectory);
  ASSERT_TRUE(store.Save(StateAt(1)).ok());
  const std::vector<DirectoryEntry> entries = *files.List(kDirectory);
  std::vector<std::string> names;
  for (const DirectoryEntry& entry : entries) names.push_back(entry.name);
  EXPECT_THAT(names, ElementsAre("notes", "step-007", "step-1", "step-7x"));
}

TEST(CheckpointStore, EveryBitFlipIsDetected) {
  FaultyFileSystem files;
  CheckpointStore store(&files, kDirectory);
  ASSERT_TRUE(store.Save(StateAt(1)).ok());
  for (const char* name : {"state.pbtxt", "weights.safetensors", "optimizer.safetensors", "transforms.safetensors"}) {
    const std::string path = absl::StrCat(kDirectory, "/step-1/", name);
    const uint64_t bits = 8 * files.Stat(path)->bytes;
    ASSERT_GT(bits, 0u);
    for (uint64_t bit = 0; bit < bits; ++bit) {
      files.FlipBit(path, bit);
      ASSERT_EQ(store.Load(1).status().code(), absl::StatusCode::kDataLoss) << path << " bit " << bit;
      files.FlipBit(path, bit);
    }
  }
  EXPECT_TRUE(store.Load(1).ok());
}

}  // namespace
}  // namespace espalier
