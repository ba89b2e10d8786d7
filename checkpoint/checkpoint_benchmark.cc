// Saving and loading a checkpoint of 512 MB beside a bare write and sync of as many bytes, in $TEST_TMPDIR or /tmp:
//   bazel run -c opt //checkpoint:checkpoint_benchmark
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "checkpoint/checkpoint.h"
#include "core/files/file_system.h"
#include "glog/logging.h"

namespace espalier {
namespace {

constexpr int64_t kRows = 64, kColumns = 1 << 20;  // of each of weights and one slot: 256 MB
constexpr int64_t kBytes = 2 * kRows * kColumns * 4;

std::string Root() {
  const char* directory = std::getenv("TEST_TMPDIR");
  return JoinPath(directory != nullptr ? directory : "/tmp", "checkpoint_benchmark");
}

TrainingState MakeState() {
  TrainingState training;
  const Tensor weights(DType::kF32, {kRows, kColumns}), slots(DType::kF32, {kRows, kColumns});
  for (int64_t row = 0; row < kRows; ++row) {
    const std::string name = absl::StrCat("layer", row, "/weight");
    training.weights.push_back({name, weights.Slice(row, 1)});
    training.optimizer.push_back({"momentum/" + name, slots.Slice(row, 1)});
    for (float& value : training.weights.back().tensor.span<float>()) value = static_cast<float>(row);
  }
  return training;
}

void BareWrite(benchmark::State& state) {
  FileSystem* files = FileSystem::Posix();
  CHECK(CreateDirectories(files, Root()).ok());
  const std::string bytes(kBytes, 'x');
  for (auto _ : state) {
    const std::unique_ptr<WritableFile> file = *files->OpenForWriting(JoinPath(Root(), "bare"));
    CHECK(file->Append(bytes).ok() && file->Sync().ok() && file->Close().ok());
  }
  CHECK(RemoveTree(files, Root()).ok());
  state.SetBytesProcessed(state.iterations() * kBytes);
}

void Save(benchmark::State& state) {
  CheckpointStore store(FileSystem::Posix(), Root());
  TrainingState training = MakeState();
  int64_t step = 0;
  for (auto _ : state) {
    training.state.set_global_step(++step);
    CHECK(store.Save(training).ok());
  }
  CHECK(RemoveTree(FileSystem::Posix(), Root()).ok());
  state.SetBytesProcessed(state.iterations() * kBytes);
}

void Load(benchmark::State& state) {
  CheckpointStore store(FileSystem::Posix(), Root());
  const TrainingState training = MakeState();
  CHECK(store.Save(training).ok());
  for (auto _ : state) {
    const absl::StatusOr<Checkpoint> checkpoint = store.LoadLatest();
    CHECK(checkpoint.ok());
    CHECK(checkpoint->ReadWeights(training.weights).ok() && checkpoint->ReadOptimizer(training.optimizer).ok());
  }
  CHECK(RemoveTree(FileSystem::Posix(), Root()).ok());
  state.SetBytesProcessed(state.iterations() * kBytes);
}

BENCHMARK(BareWrite)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(Save)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(Load)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace espalier

BENCHMARK_MAIN();
