#include "tests/testing/tiny_run.h"

#include <sstream>

#include "glog/logging.h"
#include "tests/testing/tiny_job.h"

namespace espalier {

absl::StatusOr<TrainingResult> TinyRunTest::Train(const std::vector<std::string>& overrides, StartMode mode,
                                                  const std::function<bool()>& stop_requested) {
  std::ostringstream out;
  TrainerOptions options;
  options.output_dir = kOutput;
  options.mode = mode;
  options.files = &files_;
  options.out = &out;
  options.stop_requested = stop_requested;
  absl::StatusOr<TrainingResult> result = Trainer(PrepareTinyJob(overrides), options).Run();
  out_ = out.str();
  return result;
}

void TinyRunTest::ExpectSameResultsAfterEachStop(const std::vector<std::string>& overrides,
                                                 const std::function<void()>& check) {
  ASSERT_TRUE(Train(overrides, StartMode::kOverwrite).ok());
  const std::map<std::string, std::string> expected = ResultsOf(&files_, kOutput);
  for (int times = 0;; ++times) {
    SCOPED_TRACE(testing::Message() << "stopped when asked for the time " << times);
    const auto result =
        Train(overrides, StartMode::kOverwrite, [asked = 0, times]() mutable { return asked++ >= times; });
    ASSERT_TRUE(result.ok()) << result.status();
    if (!result->stopped) break;
    ASSERT_TRUE(Train(overrides, StartMode::kResume).ok());
    EXPECT_EQ(ResultsOf(&files_, kOutput), expected);
    if (check) check();
  }
}

Checkpoint TinyRunTest::Load(int64_t step) {
  return CheckpointStore(&files_, JoinPath(kOutput, "checkpoints")).Load(step).value();
}

std::string TinyRunTest::Read(const std::string& name) {
  return ReadFile(&files_, JoinPath(kOutput, name), 1 << 24).value_or("(none)");
}

std::map<std::string, Tensor> WeightsOf(const Checkpoint& checkpoint) {
  std::vector<NamedTensor> tensors;
  for (const auto& entry : checkpoint.weights()) tensors.push_back({entry.name, Tensor(entry.dtype, entry.shape)});
  CHECK(checkpoint.ReadWeights(tensors).ok());
  std::map<std::string, Tensor> by_name;
  for (const NamedTensor& named : tensors) by_name[named.name] = named.tensor;
  return by_name;
}

}  // namespace espalier
