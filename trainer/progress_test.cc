#include "trainer/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

namespace espalier {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kClear[] = "\r\x1b[K";

class ProgressTest : public ::testing::Test {
 protected:
  ProgressOptions Options(bool is_terminal, bool utf8 = false, bool color = false) {
    ProgressOptions options;
    options.out = &out_;
    options.terminal.is_terminal = is_terminal;
    options.terminal.utf8 = utf8;
    options.terminal.color = color;
    options.terminal.width = [this] { return width_; };
    options.clock = [this] { return time_; };
    options.images_per_step = 100;
    return options;
  }

  // What was written since the last call.
  std::string Written() {
    std::string text = out_.str();
    out_.str("");
    return text;
  }

  // Step `step` of `phase`, `seconds` after the one before.
  void Step(Progress& progress, int phase, int64_t step, double seconds) {
    time_ += seconds;
    progress.Step({phase, step, 0.43123, 0.84213, 0.05});
  }

  std::ostringstream out_;
  double time_ = 1000;
  int width_ = 200;
};

const std::vector<ProgressPhase> kPhases = {{"dense", 40, 10}, {"sparse", 25, 10}};

TEST_F(ProgressTest, TerminalLineIsRewrittenInPlace) {
  Progress progress(Options(true), kPhases);
  progress.Start(0, 0);
  for (int step = 1; step <= 15; ++step) Step(progress, 0, step, 0.5);
  const std::string all = Written();
  EXPECT_THAT(all, Not(HasSubstr("\n")));
  EXPECT_EQ(all.substr(all.rfind(kClear)),
            std::string(kClear) +
                "dense 1/2  epoch 2/4  [===================>                  ]  5/10  loss 0.4312  " +
                "top-1 84.21%  lr 0.05  200 images/s  0:13 left, job 0:25");
}

TEST_F(ProgressTest, DrawsAtMostTenTimesASecond) {
  Progress progress(Options(true), kPhases);
  progress.Start(0, 0);
  int draws = 0;
  for (int step = 1; step <= 40; ++step) {
    Step(progress, 0, step, 1.0 / 64);
    draws += !Written().empty();
  }
  EXPECT_EQ(draws, 6);  // 40 steps in 0.625 s: at once, then each 7 steps
}

TEST_F(ProgressTest, NarrowTerminalKeepsWhatMattersMost) {
  Progress progress(Options(true), kPhases);
  progress.Start(0, 0);
  for (width_ = 200; width_ > 0; --width_) {
    Step(progress, 0, 15, 1);
    const std::string line = Written().substr(4);
    EXPECT_LT(line.size(), std::max(2, width_)) << line;
    if (width_ > 24) EXPECT_THAT(line, HasSubstr("loss 0.4312")) << width_;
    if (width_ > 10) EXPECT_THAT(line, HasSubstr("epoch 2/4")) << width_;
    if (width_ > 48) EXPECT_THAT(line, HasSubstr(" left")) << width_;
  }
}

TEST_F(ProgressTest, Utf8BarHasHalfColumnsAndColor) {
  Progress progress(Options(true, true, true), {{"train", 16, 16}});
  width_ = 79;
  progress.Start(0, 0);
  Step(progress, 0, 3, 3);
  EXPECT_THAT(Written(), HasSubstr("  \x1b[36m━╸\x1b[0m\x1b[2m──────\x1b[0m  "));
}

TEST_F(ProgressTest, WithoutColorNoEscapeButTheClearedLine) {
  Progress progress(Options(true, true, false), {{"train", 8, 8}});
  progress.Start(0, 0);
  Step(progress, 0, 1, 1);
  const std::string line = Written();
  EXPECT_THAT(line, StartsWith(kClear));
  EXPECT_EQ(line.find('\x1b', 2), std::string::npos);
}

TEST_F(ProgressTest, ValidationShowsAndIsNotPartOfTheRate) {
  Progress progress(Options(true), {{"train", 40, 10}});
  progress.Start(0, 0);
  for (int step = 1; step <= 10; ++step) Step(progress, 0, step, 1);
  Written();
  progress.BeginValidation();
  EXPECT_THAT(Written(), HasSubstr("validating"));
  time_ += 5;
  progress.EndValidation();
  Step(progress, 0, 11, 1);
  EXPECT_THAT(Written(), Not(HasSubstr("validating")));
  EXPECT_NEAR(progress.images_per_s(), 100, 1e-9);
  // 29 steps of a second, 2.9 validations of five.
  EXPECT_NEAR(progress.SecondsLeftInPhase(), 29 + 14.5, 1e-9);
}

TEST_F(ProgressTest, EpochLeavesALine) {
  Progress progress(Options(true), kPhases);
  progress.Start(0, 0);
  Step(progress, 0, 10, 83);
  Written();
  EpochReport report;
  report.step = 10;
  report.train_loss = 0.43123;
  report.train_top1 = 0.84213;
  report.validation_loss = 0.39;
  report.validation_top1 = 0.8602;
  report.best = true;
  report.sparsity = 0.3;
  progress.EndEpoch(report);
  EXPECT_EQ(Written(), std::string(kClear) +
                           "dense 1/2  epoch 1/4  train loss 0.4312 top-1 84.21%  "
                           "validation loss 0.3900 top-1 86.02% (best)  sparsity 30.00%  1:23\n");
}

TEST_F(ProgressTest, PipedLinesAreWholeAndEverRarer) {
  Progress progress(Options(false), {{"dense", 100000, 10000}});
  progress.Start(0, 0);
  std::vector<double> times;
  for (int step = 1; step <= 2000; ++step) {
    Step(progress, 0, step, 1);
    if (!Written().empty()) times.push_back(time_ - 1000);
  }
  ASSERT_GE(times.size(), 4u);
  EXPECT_EQ(times[0], 10);
  EXPECT_EQ(times[1], 20);
  EXPECT_NEAR(times.back() - times[times.size() - 2], 0.05 * times.back(), 1);
}

TEST_F(ProgressTest, PipedLineHasNoControlCharacters) {
  Progress progress(Options(false), kPhases);
  progress.Start(1, 0);
  Step(progress, 1, 21, 42);
  EXPECT_EQ(Written(),
            "[0:42] sparse 2/2  epoch 3/3  1/5  loss 0.4312  top-1 84.21%  lr 0.05  50.0 images/s  0:08 left\n");
  progress.Print("checkpoint saved");
  EXPECT_EQ(Written(), "[0:42] checkpoint saved\n");
}

TEST_F(ProgressTest, ResumedRunCountsOnlyItsOwnSteps) {
  Progress progress(Options(false), kPhases);
  progress.Start(0, 30);
  Step(progress, 0, 31, 2);
  EXPECT_NEAR(progress.images_per_s(), 50, 1e-9);
  EXPECT_NEAR(progress.SecondsLeftInPhase(), 18, 1e-9);
  EXPECT_NEAR(progress.SecondsLeftInJob(), 18 + 50, 1e-9);
}

TEST_F(ProgressTest, DestructorClearsTheLine) {
  {
    Progress progress(Options(true), kPhases);
    progress.Start(0, 0);
    Step(progress, 0, 1, 1);
  }
  EXPECT_THAT(Written(), EndsWith(kClear));
}

TEST_F(ProgressTest, OddNumbersAreShown) {
  Progress progress(Options(false), {{"empty", 0, 1}});
  progress.Start(0, 0);
  EXPECT_LT(progress.images_per_s(), 0);
  EXPECT_LT(progress.SecondsLeftInJob(), 0);
  time_ += 60;
  progress.Step({0, 0, std::nan(""), std::nullopt, 1e-6});
  EXPECT_EQ(Written(), "[1:00] empty  epoch 1/1  0/0  loss nan  lr 1e-06  ? left\n");
}

TEST(RateMeter, FollowsAChangeWithinTheSmoothingTime) {
  RateMeter rate;
  EXPECT_LT(rate.seconds_per_step(), 0);
  for (int i = 0; i < 100; ++i) rate.AddSteps(1, 1);
  EXPECT_NEAR(rate.seconds_per_step(), 1, 1e-9);
  for (int i = 0; i < 200; ++i) rate.AddSteps(1, 0.5);
  EXPECT_NEAR(rate.seconds_per_step(), 0.5, 0.01);
  // Steps of no time at all have a rate without bound.
  RateMeter instant;
  instant.AddSteps(1, 0);
  EXPECT_EQ(instant.seconds_per_step(), 0);
}

}  // namespace
}  // namespace espalier
