#include "optim/schedule.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "glog/logging.h"
#include "proto/optimizer.pb.h"

namespace espalier {
namespace {

using testing::HasSubstr;

absl::StatusOr<std::unique_ptr<LearningRateSchedule>> Create(const std::string& text, double epochs = 10,
                                                             int64_t steps_per_epoch = 10) {
  LearningRate config;
  CHECK(google::protobuf::TextFormat::ParseFromString(text, &config)) << text;
  return LearningRateSchedule::Create(config, epochs, steps_per_epoch);
}

// The fields are f32, so that 0.1 there is 0.1 to seven digits.
void ExpectRate(const LearningRateSchedule& schedule, int64_t step, double rate) {
  EXPECT_NEAR(schedule.Rate(step), rate, 2e-7 * rate) << "at step " << step;
}

TEST(Schedule, Constant) {
  auto schedule = *Create("constant: 0.5");
  for (int64_t step : {0, 1, 99, 1000}) ExpectRate(*schedule, step, 0.5);
}

TEST(Schedule, StepDropsAtItsEpochs) {
  auto schedule = *Create("step { base: 1 factor: 0.5 at_epochs: [2, 5] }");
  ExpectRate(*schedule, 0, 1);
  ExpectRate(*schedule, 19, 1);
  ExpectRate(*schedule, 20, 0.5);
  ExpectRate(*schedule, 49, 0.5);
  ExpectRate(*schedule, 50, 0.25);
  ExpectRate(*schedule, 99, 0.25);
}

// 0.3 of 10 steps is 3 although the f32 nearest to 0.3 is above it; 1.25 epochs of 469 steps are 586.25.
TEST(Schedule, StepTakesFractionsOfEpochs) {
  auto schedule = *Create("step { base: 1 at_epochs: 0.3 }");
  ExpectRate(*schedule, 2, 1);
  ExpectRate(*schedule, 3, 0.1);
  schedule = *Create("step { base: 1 at_epochs: 1.25 }", 2, 469);
  ExpectRate(*schedule, 585, 1);
  ExpectRate(*schedule, 586, 0.1);
}

TEST(Schedule, PolynomialFallsToItsEnd) {
  auto schedule = *Create("polynomial { base: 1 power: 2 end: 0.5 }");
  ExpectRate(*schedule, 0, 1);
  ExpectRate(*schedule, 50, 0.5 + 0.5 * 0.25);
  ExpectRate(*schedule, 90, 0.5 + 0.5 * 0.01);
  ExpectRate(*schedule, 100, 0.5);
  ExpectRate(*schedule, 1000, 0.5);  // stays there
  ExpectRate(**Create("polynomial { base: 1 }"), 25, 0.75);
}

TEST(Schedule, Cosine) {
  auto schedule = *Create("cosine { peak: 1 end: 0.5 }");
  ExpectRate(*schedule, 0, 1);
  ExpectRate(*schedule, 25, 0.5 + 0.25 * (1 + std::sqrt(0.5)));
  ExpectRate(*schedule, 50, 0.75);
  ExpectRate(*schedule, 100, 0.5);
}

TEST(Schedule, CosineOverAFractionOfAnEpoch) {
  auto schedule = *Create("cosine { peak: 1 }", 0.5, 8);
  ExpectRate(*schedule, 0, 1);
  ExpectRate(*schedule, 2, 0.5);
  ExpectRate(*schedule, 3, (1 - std::sqrt(0.5)) / 2);
}

TEST(Schedule, OneCycleRisesAndFalls) {
  auto schedule = *Create("one_cycle { peak: 1 rise: 0.25 start_divisor: 4 end_divisor: 5 }");
  ExpectRate(*schedule, 0, 0.25);
  ExpectRate(*schedule, 5, 0.25 + 0.75 * (1 - std::cos(M_PI / 5)) / 2);
  ExpectRate(*schedule, 25, 1);
  ExpectRate(*schedule, 50, 0.05 + 0.95 * 0.75);  // a third of the fall: cos = 1/2
  ExpectRate(*schedule, 100, 0.05);
}

TEST(Schedule, WarmUpRisesLinearlyThenTheScheduleRuns) {
  auto schedule = *Create("cosine { peak: 1 } warmup_epochs: 2");
  ExpectRate(*schedule, 0, 0.05);
  ExpectRate(*schedule, 9, 0.5);
  ExpectRate(*schedule, 19, 1);
  ExpectRate(*schedule, 20, 1);
  ExpectRate(*schedule, 60, 0.5);  // half of the 80 steps left
}

TEST(Schedule, WarmUpTakesFractionsOfEpochs) {
  auto schedule = *Create("constant: 1 warmup_epochs: 0.25", 1, 16);
  for (int step = 0; step < 4; ++step) ExpectRate(*schedule, step, (step + 1) / 4.0);
  ExpectRate(*schedule, 4, 1);
}

TEST(Schedule, EpochsOfStepsCountFromThePhaseBeginningDespiteWarmUp) {
  auto schedule = *Create("step { base: 1 at_epochs: 2 } warmup_epochs: 1");
  ExpectRate(*schedule, 4, 0.5);
  ExpectRate(*schedule, 19, 1);
  ExpectRate(*schedule, 20, 0.1);
}

TEST(Schedule, WarmUpMayLastTheWholePhase) {
  auto schedule = *Create("cosine { peak: 1 } warmup_epochs: 1", 1, 4);
  ExpectRate(*schedule, 3, 1);
}

TEST(Schedule, PureSchedulesHaveNoState) {
  auto schedule = *Create("constant: 1");
  schedule->Observe(3);
  EXPECT_EQ(schedule->SaveState(), "");
  EXPECT_TRUE(schedule->LoadState("").ok());
  EXPECT_FALSE(schedule->LoadState("drops=1").ok());
}

TEST(Schedule, NamesTheFieldsThatContradictEachOther) {
  const struct {
    const char* text;
    const char* message;
  } cases[] = {
      {"", "learning_rate: expected a schedule"},
      {"constant: 1 warmup_epochs: 11", "learning_rate.warmup_epochs: expected 0 to 10, found 11"},
      {"step { base: 1 at_epochs: [2, 1] }", "learning_rate.step.at_epochs[1]: expected at least 2, found 1"},
      {"plateau { base: 1 minimum: 2 }", "learning_rate.plateau.minimum: expected 0 to 1, found 2"},
  };
  for (const auto& c : cases) EXPECT_THAT(Create(c.text).status().message(), HasSubstr(c.message)) << c.text;
}

}  // namespace
}  // namespace espalier
