#include "trainer/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espalier {
namespace {

using ::testing::HasSubstr;

constexpr uint64_t kLimit = 1 << 20;

MetricsRecord RecordOf(int64_t step) {
  MetricsRecord record;
  record.step = step;
  record.epoch = step / 10.0;
  record.phase = "dense";
  record.loss = 1.0f / (1 + step);
  return record;
}

class MetricsTest : public ::testing::Test {
 protected:
  std::string Text() {
    auto text = ReadFile(files_, path_, kLimit);
    return text.ok() ? *text : text.status().ToString();
  }
  void SetText(const std::string& text) { ASSERT_TRUE(WriteFileAtomically(files_, path_, text).ok()); }
  std::string Lines(int64_t first, int64_t last) {
    std::string text;
    for (int64_t step = first; step <= last; ++step) text += ToJson(RecordOf(step)) + "\n";
    return text;
  }

  FileSystem* files_ = FileSystem::Posix();
  const std::string path_ = JoinPath(::testing::TempDir(), "metrics.jsonl");
};

TEST_F(MetricsTest, EachRecordIsInTheFileAtOnce) {
  SetText("an older run\n");
  auto writer = MetricsWriter::Create(files_, path_);
  ASSERT_TRUE(writer.ok()) << writer.status();
  EXPECT_EQ(Text(), "");
  for (int64_t step = 1; step <= 3; ++step) {
    ASSERT_TRUE(writer->Write(RecordOf(step)).ok());
    EXPECT_EQ(Text(), Lines(1, step));
  }
  EXPECT_TRUE(writer->Sync().ok());
  const auto records = ReadMetrics(files_, path_);
  ASSERT_TRUE(records.ok()) << records.status();
  ASSERT_EQ(records->size(), 3u);
  EXPECT_EQ((*records)[2].step, 3);
}

// A run of 8 steps that is killed after any byte of its file, having a checkpoint of any step before.
TEST_F(MetricsTest, ResumedFileEqualsThatOfAnUninterruptedRun) {
  const std::string whole = Lines(1, 8);
  for (int64_t checkpoint = 0; checkpoint <= 8; ++checkpoint) {
    for (size_t size = Lines(1, checkpoint).size(); size <= whole.size(); size += 7) {
      SetText(whole.substr(0, size));
      auto writer = MetricsWriter::Resume(files_, path_, checkpoint);
      ASSERT_TRUE(writer.ok()) << writer.status();
      for (int64_t step = checkpoint + 1; step <= 8; ++step) ASSERT_TRUE(writer->Write(RecordOf(step)).ok());
      ASSERT_EQ(Text(), whole);
    }
  }
}

TEST_F(MetricsTest, ResumeWithoutAFileStartsOne) {
  ASSERT_TRUE(files_->RemoveFile(path_).ok() || !files_->Exists(path_));
  auto writer = MetricsWriter::Resume(files_, path_, 5);
  ASSERT_TRUE(writer.ok()) << writer.status();
  ASSERT_TRUE(writer->Write(RecordOf(6)).ok());
  EXPECT_EQ(Text(), Lines(6, 6));
}

TEST_F(MetricsTest, WhatPowerLossLeavesAfterTheCheckpointIsDropped) {
  SetText(Lines(1, 3) + std::string(100, '\0') + "\n" + Lines(5, 5) + "{\"step\":6");
  const auto size = TruncateMetricsAfter(files_, path_, 3);
  ASSERT_TRUE(size.ok()) << size.status();
  EXPECT_EQ(*size, Lines(1, 3).size());
  EXPECT_EQ(Text(), Lines(1, 3));
}

TEST_F(MetricsTest, DamageBeforeTheCheckpointIsAnErrorThatChangesNothing) {
  const std::string damaged = Lines(1, 1) + "{\"step\":2,\"loss\":?}\n" + Lines(3, 5);
  SetText(damaged);
  const auto size = TruncateMetricsAfter(files_, path_, 3);
  EXPECT_EQ(size.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(size.status().message()), HasSubstr(path_ + ", line 2, byte 17: expected a number"));
  EXPECT_EQ(Text(), damaged);
  EXPECT_THAT(ReadMetrics(files_, path_).status().ToString(), HasSubstr("line 2"));

  SetText(Lines(7, 7) + Lines(1, 2));
  EXPECT_THAT(TruncateMetricsAfter(files_, path_, 3).status().ToString(),
              HasSubstr("line 1, the steps are not in order"));
}

TEST_F(MetricsTest, ReadingLeavesOutATornLastLine) {
  SetText(Lines(1, 2) + "{\"step\":3");
  const auto records = ReadMetrics(files_, path_);
  ASSERT_TRUE(records.ok()) << records.status();
  EXPECT_EQ(records->size(), 2u);
}

}  // namespace
}  // namespace espalier
