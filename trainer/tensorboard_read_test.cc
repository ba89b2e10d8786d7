// Event files as the real `tensorboard` reads them: that of any python3 here, or one that pip installs for the test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "trainer/tensorboard.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The exit code (-1: none) and the standard output of a shell command.
std::pair<int, std::string> RunShell(const std::string& command) {
  FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return {-1, ""};
  std::string output;
  std::array<char, 4096> part;
  while (const size_t size = std::fread(part.data(), 1, part.size(), pipe)) output.append(part.data(), size);
  const int status = pclose(pipe);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, output};
}

// Together the steps below end before the test's own time does, however busy the machine is.
constexpr char kWithinAMinute[] = "timeout 60 ";
constexpr int kTimedOut = 124;

// How to start a Python that can import tensorboard; empty if there is none and none could be installed.
std::string FindPython() {
  const auto imports = [](const std::string& python) {
    return RunShell(python + " -c 'from tensorboard.backend.event_processing import event_accumulator' 2>&1").first ==
           0;
  };
  const std::string own = absl::StrCat(kWithinAMinute, "python3");
  if (imports(own)) return own;
  const std::string site = JoinPath(::testing::TempDir(), "site");
  // Only what its reader imports, and none of it compiled ahead: a third of the time that the whole takes.
  RunShell(
      "timeout 90 python3 -m pip install --quiet --no-input --disable-pip-version-check --retries 0 --no-deps "
      "--no-compile --only-binary :all: --target '" +
      site + "' tensorboard absl-py numpy protobuf >&2");
  const std::string python = absl::StrCat("PYTHONPATH='", site, "' ", own);
  return imports(python) ? python : "";
}

TEST(TensorBoardWriter, RealTensorBoardReadsARunThatWasResumed) {
  const std::string python = FindPython();
  if (python.empty()) GTEST_SKIP() << "no python3 with tensorboard here, and pip could not install it in time";

  TensorBoardOptions options;
  options.files = FileSystem::Posix();
  options.directory = JoinPath(::testing::TempDir(), "events");
  options.host = "host";
  double time = 1700000000;
  options.clock = [&time] { return time += 1; };
  ASSERT_TRUE(CreateDirectories(options.files, options.directory).ok());
  const auto write = [](TensorBoardWriter& writer, int64_t step, float loss) {
    MetricsRecord record;
    record.step = step;
    record.loss = loss;
    record.split = MetricsRecord::Split::kValidation;
    ASSERT_TRUE(writer.AddRecord(record).ok());
    ASSERT_TRUE(writer.AddHistogram(step, "weights/fc", {-2, 0, 0, 0, 0.5f, loss}).ok());
  };
  auto writer = TensorBoardWriter::Create(options);
  ASSERT_TRUE(writer.ok()) << writer.status();
  write(*writer, 10, 2.5f);
  write(*writer, 20, 99);  // lost: the checkpoint is of step 10
  options.first_step = 11;
  auto resumed = TensorBoardWriter::Create(options);
  ASSERT_TRUE(resumed.ok()) << resumed.status();
  write(*resumed, 20, 1.5f);

  const auto [code, output] = RunShell(python + " trainer/tensorboard_read.py '" + options.directory + "'");
  if (code == kTimedOut) GTEST_SKIP() << "tensorboard did not read within a minute: this machine is too busy";
  ASSERT_EQ(code, 0) << output;
  std::vector<std::string> lines;
  std::istringstream stream(output);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  EXPECT_THAT(lines, ElementsAre("scalar validation/loss 10 2.5", "scalar validation/loss 20 1.5",
                                 HasSubstr("histogram weights/fc 10 6.0 -2.0 2.5 1.0 "),
                                 HasSubstr("histogram weights/fc 20 6.0 -2.0 1.5 0.0 ")));
  EXPECT_THAT(lines.back(), HasSubstr("(1e-12, 3.0)"));
}

}  // namespace
}  // namespace espalier
