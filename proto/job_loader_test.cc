#include "proto/job_loader.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace espalier {
namespace {

class JobLoader : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) / "job_loader";
    std::filesystem::remove_all(folder_);
  }

  std::string Write(const std::string& name, const std::string& text) {
    const std::filesystem::path path = folder_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }

  std::filesystem::path folder_;
};

TEST_F(JobLoader, IncludesTheModelAndAppliesOverrides) {
  Write("models/tiny.pbtxt", "input { name: 'x' dims: [1, 4, 4] } layer { conv { channels: 2 kernel: 3 } }");
  const std::string job = Write("job.pbtxt", R"(
      model { file: 'models/tiny.pbtxt' }
      data { train { builtin_digits {} } }
      phase { epochs: 2 learning_rate { constant: 0.1 } })");
  const auto document =
      LoadJob(job, {"model.layer[0].conv.channels=8", "phase[0].epochs=3", "phase[1].learning_rate.cosine.peak=0.5",
                    "optimizer={adam {beta1: 0.8}}", "data.train.builtin_digits.samples=100", "name=trial"});
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_FALSE(document->job.model().has_file());
  EXPECT_EQ(document->job.model().layer(0).conv().channels(), 8);
  EXPECT_EQ(document->job.phase(0).epochs(), 3);
  EXPECT_FLOAT_EQ(document->job.phase(1).learning_rate().cosine().peak(), 0.5);
  EXPECT_FLOAT_EQ(document->job.optimizer().adam().beta1(), 0.8);
  EXPECT_EQ(document->job.data().train().builtin_digits().samples(), 100);
  EXPECT_EQ(document->job.name(), "trial");
}

}  // namespace
}  // namespace espalier
