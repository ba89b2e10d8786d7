// The tiny job (tests/testing/tiny_job.h) on several ranks, as processes that a test disturbs.
#ifndef ESPALIER_TESTS_TESTING_RANK_JOB_H_
#define ESPALIER_TESTS_TESTING_RANK_JOB_H_

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/files/file_system.h"
#include "tests/testing/process.h"

namespace espalier {

// Skips where there is no mpirun.
class RankJobTest : public ::testing::Test {
 protected:
  static constexpr int kRanks = 3;

  void SetUp() override;
  // Nothing that the test has started outlives it.
  void TearDown() override;

  // In the test's own folder.
  std::string Path(const std::string& name) const { return JoinPath(directory_, name); }
  // The trainer's words for the job with results in `output`; its course, some fifty steps, is long enough to be
  // disturbed. With `endless` it goes on for hours.
  std::vector<std::string> Trainer(const std::string& output, const std::vector<std::string>& flags = {},
                                   bool endless = false) const;
  // `mpirun -n kRanks` with these words, or any other command that starts it.
  std::unique_ptr<RunningProcess> Start(const std::vector<std::string>& trainer) const;
  std::unique_ptr<RunningProcess> StartCommand(const std::vector<std::string>& command,
                                               ProcessOptions options = {}) const;
  // With the variable by which the processes of this test are found.
  ProcessOptions Options(ProcessOptions options = {}) const;

  std::map<std::string, std::string> Results(const std::string& output) const;
  // The same of a run that nothing disturbs, made once for all tests of a program.
  const std::map<std::string, std::string>& Expected();
  int64_t MetricsBytes(const std::string& output) const;
  // Waits until the run has written metrics beyond `bytes`, which takes it a step at least; false if it ended before.
  bool AwaitMetrics(RunningProcess* process, const std::string& output, int64_t bytes = 0) const;

  // The process of a rank, once it has begun.
  pid_t ProcessOf(int rank) const;
  // Until all processes of this test are gone; says it, and expects that it is not more than `limit`.
  void ExpectAllGone(const std::string& what, double limit = 30) const;

  std::string directory_;
  std::string variable_;  // "NAME=VALUE"
};

}  // namespace espalier

#endif  // ESPALIER_TESTS_TESTING_RANK_JOB_H_
