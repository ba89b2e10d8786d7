#include "tests/testing/tiny_job.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checkpoint/checkpoint.h"
#include "glog/logging.h"
#include "tools/metrics_record.h"

namespace espalier {
namespace {

constexpr uint64_t kMaximumBytes = 1 << 24;

}  // namespace

std::string TinyJobText() {
  return R"(
name: "tiny"
model {
  input { name: "image" dims: [1, 28, 28] }
  layer { name: "conv" conv { channels: 4 kernel: 5 stride: 2 } }
  layer { name: "norm" batch_norm {} }
  layer { relu {} }
  layer { pool { kernel: 2 } }
  layer { dropout { rate: 0.2 } }
  layer { name: "dense" dense { channels: 10 } }
}
data {
  train { builtin_digits { samples: 64 } augment { random_crop { size: 28 pad: 2 } } }
  validation { builtin_digits { samples: 20 seed: 2 } }
  batch_size: 8
}
optimizer { sgd { momentum: 0.9 weight_decay: 1e-3 } clip_norm: 5 }
phase {
  name: "plateau"
  epochs: 1.25
  learning_rate { plateau { base: 0.05 window_steps: 4 confidence: 0.6 } }
  early_stop { patience: 2 }
}
phase { name: "adam" epochs: 0.75 learning_rate { one_cycle { peak: 0.01 } } optimizer { adam {} } }
phase { name: "tail" epochs: 0.5 learning_rate { constant: 0.002 } }
output { checkpoint_steps: 1 metrics_steps: 3 }
)";
}

std::unique_ptr<PreparedJob> PrepareTinyJob(const std::vector<std::string>& overrides, int threads) {
  omp_set_num_threads(threads);
  const std::string path = ::testing::TempDir() + "/tiny.pbtxt";
  CHECK(WriteFileAtomically(FileSystem::Posix(), path, TinyJobText()).ok());
  absl::StatusOr<JobDocument> document = LoadJob(path, overrides);
  CHECK(document.ok()) << document.status();
  absl::StatusOr<std::unique_ptr<PreparedJob>> job = PrepareJob(*std::move(document), "");
  CHECK(job.ok()) << job.status();
  return *std::move(job);
}

std::map<std::string, std::string> ResultsOf(FileSystem* files, const std::string& output_dir) {
  std::map<std::string, std::string> results;
  const auto read = [&](const std::string& path) {
    const absl::StatusOr<std::string> bytes = ReadFile(files, path, kMaximumBytes);
    return bytes.ok() ? *bytes : std::string(bytes.status().message());
  };
  results["metrics"] = WithoutTiming(read(JoinPath(output_dir, "metrics.jsonl")));
  results["histograms"] = read(JoinPath(output_dir, "histograms.jsonl"));
  const std::string checkpoints = JoinPath(output_dir, "checkpoints");
  const absl::StatusOr<std::vector<int64_t>> steps = CheckpointStore(files, checkpoints).Steps();
  CHECK(steps.ok()) << steps.status();
  if (steps->empty()) return results;
  const std::string last = JoinPath(checkpoints, absl::StrCat("step-", steps->back()));
  for (const char* name : {"state.pbtxt", "weights.safetensors", "optimizer.safetensors"}) {
    results[absl::StrCat(steps->back(), "/", name)] = read(JoinPath(last, name));
  }
  return results;
}

void CutBack(FileSystem* files, const std::string& output_dir, int64_t step) {
  const std::string checkpoints = JoinPath(output_dir, "checkpoints");
  const absl::StatusOr<std::vector<int64_t>> steps = CheckpointStore(files, checkpoints).Steps();
  ASSERT_TRUE(steps.ok()) << steps.status();
  for (const int64_t later : *steps) {
    if (later <= step) continue;
    ASSERT_TRUE(RemoveTree(files, JoinPath(checkpoints, absl::StrCat("step-", later))).ok());
  }
}

}  // namespace espalier
