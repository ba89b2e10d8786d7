#include "tools/metrics_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "core/random.h"

namespace espalier {
namespace {

using Split = MetricsRecord::Split;
using ::testing::HasSubstr;

MetricsRecord FullRecord() {
  MetricsRecord record;
  record.step = 782;
  record.epoch = 2.5;
  record.phase = "sparse";
  record.split = Split::kTrain;
  record.loss = 0.41f;
  record.top1 = 0.862f;
  record.top5 = 1.0f;
  record.learning_rate = 1e-5f;
  record.sparsity = 0.3f;
  record.more = {{"gradient_norm", 1.5f}};
  record.images_per_s = 612.25f;
  return record;
}

TEST(MetricsRecord, KeysStandInFixedOrderAndTimingLast) {
  EXPECT_EQ(ToJson(FullRecord()),
            R"({"step":782,"epoch":2.5,"phase":"sparse","split":"train","loss":0.41,"top1":0.862,"top5":1,)"
            R"("learning_rate":1e-05,"sparsity":0.3,"gradient_norm":1.5,"images_per_s":612.25})");
}

TEST(MetricsRecord, LeavesOutWhatDoesNotApply) {
  MetricsRecord record;
  record.split = Split::kValidation;
  EXPECT_EQ(ToJson(record), R"({"step":0,"epoch":0,"phase":"","split":"validation","loss":0})");
}

TEST(MetricsRecord, NonFiniteNumbersAreStringsThatReadBack) {
  MetricsRecord record;
  record.loss = NAN;
  record.top1 = INFINITY;
  record.top5 = -INFINITY;
  const std::string json = ToJson(record);
  EXPECT_THAT(json, HasSubstr(R"("loss":"NaN","top1":"Infinity","top5":"-Infinity")"));
  const auto read = ParseMetricsRecord(json);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(std::isnan(read->loss));
  EXPECT_EQ(read->top1, INFINITY);
  EXPECT_EQ(read->top5, -INFINITY);
}

TEST(MetricsRecord, EveryFloatReadsBackToTheSameBits) {
  Random random(1, "metrics", 0, 0);
  for (int i = 0; i < 100000; ++i) {
    const uint32_t bits = random.NextBits();
    MetricsRecord record;
    std::memcpy(&record.loss, &bits, sizeof bits);
    if (!std::isfinite(record.loss)) continue;
    const auto read = ParseMetricsRecord(ToJson(record));
    ASSERT_TRUE(read.ok()) << read.status();
    ASSERT_EQ(std::memcmp(&read->loss, &bits, sizeof bits), 0) << ToJson(record);
  }
}

TEST(MetricsRecord, EveryFieldReadsBack) {
  MetricsRecord record = FullRecord();
  record.phase = "a \"quoted\\ name\"\n\x01 \xC3\xA9";
  const auto read = ParseMetricsRecord(ToJson(record));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->phase, record.phase);
  EXPECT_EQ(ToJson(*read), ToJson(record));
}

TEST(MetricsRecord, APhaseNameOutsideUtf8StillMakesALineThatReads) {
  MetricsRecord record;
  record.phase = "a\xff";
  const auto read = ParseMetricsRecord(ToJson(record));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->phase, "a?");
}

TEST(MetricsRecord, ReadsOtherSpellingsOfJson) {
  const auto read = ParseMetricsRecord(
      "{ \"loss\": 1.5E0, \"split\": \"validation\", \"phase\" : \"\\u00e9\\u20AC\\t\", \"epoch\":1, \"step\": 7 }\r");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->step, 7);
  EXPECT_EQ(read->loss, 1.5f);
  EXPECT_EQ(read->phase, "\xC3\xA9\xE2\x82\xAC\t");
  EXPECT_EQ(read->split, Split::kValidation);
}

TEST(MetricsRecord, NamesTheByteOfAnError) {
  const auto error = [](absl::string_view line) { return std::string(ParseMetricsRecord(line).status().message()); };
  EXPECT_EQ(error(""), "byte 0: expected '{', found the end");
  EXPECT_EQ(error("{\"step\":x"), "byte 8: expected a number, found 'x'");
  EXPECT_THAT(error("{\"step\":nan}"), HasSubstr("byte 8: expected a number"));
  EXPECT_THAT(error("{\"step\":99999999999999999999}"), HasSubstr("range instead of 99999999999999999999"));
  EXPECT_THAT(error("{\"step\":1.5}"), HasSubstr("type and range instead of 1.5"));
  EXPECT_THAT(error("{\"step\":\"NaN\"}"), HasSubstr("expected a number"));
  EXPECT_THAT(error("{\"loss\":\"nan\"}"), HasSubstr("a number instead of \"nan\""));
  EXPECT_THAT(error("{\"step\":1,\"epoch\":0,\"loss\":1}"), HasSubstr("the key \"phase\""));
  EXPECT_THAT(error("{\"split\":\"test\"}"), HasSubstr("instead of \"test\""));
}

TEST(MetricsRecord, NoPrefixOfALineIsALine) {
  const std::string json = ToJson(FullRecord());
  for (size_t size = 0; size < json.size(); ++size) {
    EXPECT_FALSE(ParseMetricsRecord(absl::string_view(json).substr(0, size)).ok()) << json.substr(0, size);
  }
}

TEST(WithoutTiming, RemovesOnlyWallClockFigures) {
  MetricsRecord record = FullRecord();
  const std::string fast = ToJson(record);
  record.images_per_s = 0.1f;
  const std::string slow = ToJson(record);
  record.images_per_s.reset();
  const std::string untimed = ToJson(record);
  EXPECT_EQ(WithoutTiming(fast + "\n" + untimed + "\n"), untimed + "\n" + untimed + "\n");
  EXPECT_EQ(WithoutTiming(fast), WithoutTiming(slow));
  EXPECT_EQ(WithoutTiming(""), "");
}

}  // namespace
}  // namespace espalier
