// Runs of the tiny job on files in memory, and what their checkpoints hold.
#ifndef ESPALIER_TESTS_TESTING_TINY_RUN_H_
#define ESPALIER_TESTS_TESTING_TINY_RUN_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "checkpoint/checkpoint.h"
#include "core/files/testing/faulty_file_system.h"
#include "core/tensor.h"
#include "gtest/gtest.h"
#include "trainer/trainer.h"

namespace espalier {

class TinyRunTest : public ::testing::Test {
 protected:
  static constexpr char kOutput[] = "/run";

  // Trains the tiny job with these overrides, as the trainer's --set takes them, in kOutput.
  absl::StatusOr<TrainingResult> Train(
      const std::vector<std::string>& overrides, StartMode mode = StartMode::kNew,
      const std::function<bool()>& stop_requested = [] { return false; });

  // Stops the job when it asks for the first time, the second and so on, until it ends by itself, and resumes it: what
  // must not differ between runs (ResultsOf) is that of a run without a stop. `check`, if there is one, looks further
  // after each resumed run.
  void ExpectSameResultsAfterEachStop(const std::vector<std::string>& overrides,
                                      const std::function<void()>& check = nullptr);

  Checkpoint Load(int64_t step);
  // A file below kOutput; "(none)" if there is none.
  std::string Read(const std::string& name);

  FaultyFileSystem files_;
  std::string out_;  // what the last run told
};

// The weights of a checkpoint by name.
std::map<std::string, Tensor> WeightsOf(const Checkpoint& checkpoint);

}  // namespace espalier

#endif  // ESPALIER_TESTS_TESTING_TINY_RUN_H_
