#include "tools/curves.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace espalier {
namespace {

using Split = MetricsRecord::Split;
using ::testing::ElementsAre;

MetricsRecord Record(double epoch, const char* phase, Split split, float loss) {
  MetricsRecord record;
  record.epoch = epoch;
  record.phase = phase;
  record.split = split;
  record.loss = loss;
  return record;
}

std::vector<std::string> Titles(const std::vector<Chart>& charts) {
  std::vector<std::string> titles;
  for (const Chart& chart : charts) titles.push_back(chart.title);
  return titles;
}

TEST(CurvesOf, DrawsWhatTheRecordsHave) {
  std::vector<MetricsRecord> records = {Record(1, "dense", Split::kTrain, 2),
                                        Record(1, "dense", Split::kValidation, 3)};
  EXPECT_THAT(Titles(CurvesOf(records)), ElementsAre("loss"));
  records[0].learning_rate = 0.1f;
  records[1].top1 = 0.5f;
  records[0].sparsity = records[1].sparsity = 0.5f;
  const std::vector<Chart> charts = CurvesOf(records);
  EXPECT_THAT(Titles(charts), ElementsAre("loss", "top-1", "learning rate", "sparsity"));
  ASSERT_EQ(charts[0].series.size(), 2u);
  EXPECT_EQ(charts[0].series[0].name, "train");
  EXPECT_EQ(charts[0].series[1].points[0].y, 3);
  ASSERT_EQ(charts[1].series.size(), 1u);
  EXPECT_EQ(charts[1].series[0].name, "validation");
  EXPECT_TRUE(charts[1].percent);
  EXPECT_EQ(charts[3].series.size(), 1u);
}

TEST(CurvesOf, MarksWherePhasesBegin) {
  const std::vector<MetricsRecord> records = {
      Record(0.5, "dense", Split::kTrain, 2), Record(1, "dense", Split::kTrain, 2),
      Record(1.5, "sparse", Split::kTrain, 2), Record(2.5, "dense", Split::kTrain, 2)};
  const std::vector<ChartMarker> markers = CurvesOf(records)[0].markers;
  ASSERT_EQ(markers.size(), 3u);
  EXPECT_EQ(markers[0].label, "dense");
  EXPECT_EQ(markers[0].x, 0);
  EXPECT_EQ(markers[1].label, "sparse");
  EXPECT_EQ(markers[1].x, 1);
  EXPECT_EQ(markers[2].x, 1.5);
}

TEST(CurvesOf, OnlyALossThatFallsFarIsLogarithmic) {
  std::vector<MetricsRecord> records = {Record(1, "p", Split::kTrain, 2), Record(2, "p", Split::kTrain, 0.5f),
                                        Record(3, "p", Split::kTrain, NAN)};
  EXPECT_FALSE(CurvesOf(records)[0].log_y);
  records[1].loss = 0.01f;
  EXPECT_TRUE(CurvesOf(records)[0].log_y);
  records[1].loss = 0;
  EXPECT_FALSE(CurvesOf(records)[0].log_y);
}

TEST(CurvesOf, NoRecordsMakeNoCharts) { EXPECT_TRUE(CurvesOf({}).empty()); }

}  // namespace
}  // namespace espalier
