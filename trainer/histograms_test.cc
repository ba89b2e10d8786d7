#include "trainer/histograms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/graph.h"

namespace espalier {
namespace {

using ::testing::HasSubstr;
using Moment = WeightHistogram::Moment;

constexpr uint64_t kLimit = 1 << 20;

class HistogramsTest : public ::testing::Test {
 protected:
  HistogramsTest() {
    Graph graph;
    graph.AddParameter({"a/weight", {2, 3}, ParameterRole::kWeight, {InitialValue::Kind::kNormal, 0, 1}});
    graph.AddParameter({"a/bias", {2}, ParameterRole::kBias});
    graph.AddParameter({"b/weight", {5}, ParameterRole::kWeight});
    parameters_ = std::make_unique<ParameterStore>(graph, 1);
  }

  // The moments of a run of two phases of four steps, validated every second step.
  struct When {
    int64_t step;
    Moment moment;
  };
  const std::vector<When> run_ = {{0, Moment::kBegin}, {2, Moment::kValidation}, {4, Moment::kEnd},
                                  {4, Moment::kBegin}, {6, Moment::kValidation}, {8, Moment::kEnd}};

  absl::Status Write(HistogramsWriter& writer, const When& when) {
    WeightHistogram histogram;
    histogram.step = when.step;
    histogram.moment = when.moment;
    return writer.Write(histogram, *parameters_);
  }
  std::string Text() {
    auto text = ReadFile(files_, path_, kLimit);
    return text.ok() ? *text : text.status().ToString();
  }

  FileSystem* files_ = FileSystem::Posix();
  const std::string path_ = JoinPath(::testing::TempDir(), "histograms.jsonl");
  std::unique_ptr<ParameterStore> parameters_;
};

TEST_F(HistogramsTest, ALineForEachWeight) {
  auto writer = HistogramsWriter::Create(files_, path_);
  ASSERT_TRUE(writer.ok()) << writer.status();
  ASSERT_TRUE(Write(*writer, run_[4]).ok());
  EXPECT_TRUE(writer->Sync().ok());
  const auto read = ReadWeightHistograms(files_, path_);
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ((*read)[0].parameter, "a/weight");
  EXPECT_EQ((*read)[0].elements, 6);
  EXPECT_EQ((*read)[0].zeros, 0);
  EXPECT_EQ((*read)[1].parameter, "b/weight");
  EXPECT_EQ((*read)[1].zeros, 5);
  EXPECT_EQ((*read)[1].step, 6);
}

// Killed after any byte; the checkpoint is of any step, before or after the validation of the step.
TEST_F(HistogramsTest, ResumedFileEqualsThatOfAnUninterruptedRun) {
  std::vector<size_t> size_after;
  {
    auto writer = HistogramsWriter::Create(files_, path_);
    for (const When& when : run_) {
      ASSERT_TRUE(Write(*writer, when).ok());
      size_after.push_back(Text().size());
    }
  }
  const std::string whole = Text();
  for (int64_t step = 1; step <= 8; ++step) {
    for (const bool validated : {true, false}) {
      const auto seen = [&](const When& when) {
        return when.step < step || (when.step == step && validated && when.moment != Moment::kBegin);
      };
      const size_t kept = std::find_if_not(run_.begin(), run_.end(), seen) - run_.begin();
      for (size_t size = size_after[kept - 1]; size <= whole.size(); size += 307) {
        ASSERT_TRUE(WriteFileAtomically(files_, path_, whole.substr(0, size)).ok());
        auto writer = HistogramsWriter::Resume(files_, path_, step, validated);
        ASSERT_TRUE(writer.ok()) << writer.status();
        for (size_t i = kept; i < run_.size(); ++i) ASSERT_TRUE(Write(*writer, run_[i]).ok());
        ASSERT_EQ(Text(), whole) << step << " " << validated << " " << size;
      }
    }
  }
}

TEST_F(HistogramsTest, DamageBeforeTheCheckpointIsAnErrorThatChangesNothing) {
  auto writer = HistogramsWriter::Create(files_, path_);
  for (const When& when : run_) ASSERT_TRUE(Write(*writer, when).ok());
  std::string damaged = Text();
  damaged[10] = '?';
  ASSERT_TRUE(WriteFileAtomically(files_, path_, damaged).ok());
  const absl::Status status = HistogramsWriter::Resume(files_, path_, 8, true).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("histograms.jsonl, line 1, byte "));
  EXPECT_EQ(Text(), damaged);
}

}  // namespace
}  // namespace espalier
