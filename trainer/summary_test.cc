#include "trainer/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace espalier {
namespace {

using Split = MetricsRecord::Split;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::vector<MetricsRecord> Records() {
  std::vector<MetricsRecord> records;
  for (int epoch = 1; epoch <= 4; ++epoch) {
    for (const Split split : {Split::kTrain, Split::kValidation}) {
      MetricsRecord record;
      record.step = 938 * epoch;
      record.epoch = epoch;
      record.phase = "train";
      record.split = split;
      record.loss = 1.0f / epoch;
      record.top1 = epoch == 3 ? 0.9925f : 0.99f;
      records.push_back(record);
    }
  }
  return records;
}

class SummaryTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(CreateDirectories(files_, JoinPath(directory_, "eie/layers")).ok()); }
  void TearDown() override { EXPECT_TRUE(RemoveTree(files_, directory_).ok()); }
  void Write(const std::string& name, size_t size) {
    ASSERT_TRUE(WriteFileAtomically(files_, JoinPath(directory_, name), std::string(size, 'x')).ok());
  }

  FileSystem* files_ = FileSystem::Posix();
  const std::string directory_ = JoinPath(::testing::TempDir(), "summary");
};

TEST_F(SummaryTest, SizeOfADirectoryIsThatOfAllItsFiles) {
  Write("eie/program", 1000);
  Write("eie/layers/conv1", 234);
  EXPECT_EQ(SizeOnDisk(files_, JoinPath(directory_, "eie")).value(), 1234u);
  EXPECT_EQ(SizeOnDisk(files_, JoinPath(directory_, "eie/program")).value(), 1000u);
  EXPECT_TRUE(absl::IsNotFound(SizeOnDisk(files_, JoinPath(directory_, "none")).status()));
}

TEST_F(SummaryTest, SaysHowWellHowLongAndWhere) {
  Write("model.esp", 46758);
  RunSummary summary;
  summary.job = "lenet5";
  summary.records = Records();
  summary.seconds = 52.3;
  summary.images_per_s = 12345.6;
  summary.files = {{JoinPath(directory_, "model.esp"), "the compressed model"},
                   {JoinPath(directory_, "gone"), "nothing"}};
  const std::string text = SummaryText(files_, summary, {});
  EXPECT_THAT(text, StartsWith("lenet5: epoch 4, step 3,752, 0:52, 12,346 images/s\n\n"
                               "  validation top-1  99.00%  best 99.25% (epoch 3)\n"
                               "  validation loss     0.25  best 0.25 (epoch 4)\n"
                               "  train top-1       99.00%\n"
                               "  train loss          0.25\n"
                               "\nloss\n"));
  EXPECT_THAT(text, HasSubstr("\ntop-1\n"));
  EXPECT_THAT(text, HasSubstr("\nfiles\n  " + directory_ + "/model.esp  46.8 kB  the compressed model\n"));
  EXPECT_THAT(text, Not(HasSubstr("gone")));
}

TEST_F(SummaryTest, LossWithoutANumberIsNeverTheBest) {
  RunSummary summary;
  summary.records = Records();
  for (MetricsRecord& record : summary.records) {
    record.top1.reset();
    if (record.epoch == 1 || record.epoch == 4) record.loss = NAN;
  }
  EXPECT_THAT(SummaryText(files_, summary, {}), HasSubstr("  validation loss  nan  best 0.3333 (epoch 3)\n"));
}

TEST_F(SummaryTest, ARunWithoutRecordsHasItsTime) {
  RunSummary summary;
  summary.job = "lenet5";
  summary.seconds = 3;
  EXPECT_EQ(SummaryText(files_, summary, {}), "lenet5, 0:03\n\n");
}

}  // namespace
}  // namespace espalier
