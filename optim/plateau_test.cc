#include "optim/plateau.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/random.h"

namespace espalier {
namespace {

// For 3 values the slope is (c - a) / 2, the residuals are d / 6 * (1, -2, 1) with d = a - 2 b + c, and the slope's
// standard error is sqrt(d^2 / 6 / 1 / 2). For 3, 1, 2: slope -1/2, d = 3, error sqrt(3) / 2, so that the probability
// is that of a standard normal below 1 / sqrt(3): 0.71814857.
TEST(Plateau, ProbabilityMatchesHandComputation) {
  EXPECT_NEAR(ProbabilityOfDecrease({3, 1, 2}), 0.71814857, 1e-8);
  EXPECT_NEAR(ProbabilityOfDecrease({2, 1, 3}), 1 - 0.71814857, 1e-8);
  EXPECT_NEAR(ProbabilityOfDecrease({1, 2, 2, 1}), 0.5, 1e-15);
}

TEST(Plateau, ProbabilityOfNoiselessLinesIsCertain) {
  EXPECT_EQ(ProbabilityOfDecrease({4, 3, 2, 1}), 1);
  EXPECT_EQ(ProbabilityOfDecrease({1, 2, 3, 4}), 0);
  EXPECT_EQ(ProbabilityOfDecrease({2, 2, 2}), 0);
}

PlateauSchedule Config(int window_steps) {
  PlateauSchedule config;
  config.set_base(1);
  config.set_factor(0.5);
  config.set_window_steps(window_steps);
  config.set_minimum(0.2f);
  return config;
}

TEST(Plateau, DropsOnceTheWindowIsFullAndFlat) {
  Plateau plateau(Config(3));
  for (double loss : {1.0, 2.0}) plateau.Observe(loss);
  EXPECT_EQ(plateau.Rate(2), 1);
  plateau.Observe(3);
  EXPECT_EQ(plateau.Rate(3), 0.5);
  // The window starts anew after a drop.
  for (double loss : {4.0, 5.0}) plateau.Observe(loss);
  EXPECT_EQ(plateau.Rate(5), 0.5);
  plateau.Observe(6);
  EXPECT_EQ(plateau.Rate(6), 0.25);
  for (double loss : {1.0, 2.0, 3.0}) plateau.Observe(loss);
  EXPECT_EQ(plateau.Rate(9), 0.2f);  // the minimum
}

TEST(Plateau, HoldsWhileTheLossFalls) {
  Plateau plateau(Config(50));
  for (int step = 0; step < 500; ++step) {
    const double noise = Random(1, "noise", 0, step).Normal();
    plateau.Observe(10 - 0.02 * step + 0.1 * noise);
  }
  EXPECT_EQ(plateau.Rate(500), 1);
  // Pure noise: each window falls with probability 1/2 of appearing so, so that a drop comes soon.
  for (int step = 0; step < 200; ++step) plateau.Observe(0.1 * Random(2, "noise", 0, step).Normal());
  EXPECT_LT(plateau.Rate(700), 1);
}

TEST(Plateau, LeavesOutLossesThatAreNotFinite) {
  Plateau plateau(Config(3));
  plateau.Observe(1);
  const std::string before = plateau.SaveState();
  plateau.Observe(std::numeric_limits<double>::infinity());
  plateau.Observe(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(plateau.SaveState(), before);
}

TEST(Plateau, ResumesToTheLastBit) {
  const auto loss = [](int step) { return 1 + std::exp(-0.01 * step) + 0.1 * Random(3, "noise", 0, step).Normal(); };
  Plateau whole(Config(40));
  for (int step = 0; step < 137; ++step) whole.Observe(loss(step));
  Plateau resumed(Config(40));
  ASSERT_TRUE(resumed.LoadState(whole.SaveState()).ok());
  for (int step = 137; step < 600; ++step) {
    whole.Observe(loss(step));
    resumed.Observe(loss(step));
    ASSERT_EQ(resumed.SaveState(), whole.SaveState()) << "at step " << step;
    ASSERT_EQ(resumed.Rate(step), whole.Rate(step));
  }
  EXPECT_LT(whole.Rate(600), 1);
}

TEST(Plateau, RejectsForeignStates) {
  Plateau plateau(Config(3));
  ASSERT_TRUE(plateau.LoadState("drops=1 losses=0.5,0.25").ok());
  for (const char* state : {"", "drops=", "drops=-1 losses=", "drops=x losses=1", "drops=1 losses=1,y",
                            "drops=1 losses=nan", "drops=1 losses=1,2,3,4", "losses=1 drops=1"}) {
    EXPECT_FALSE(plateau.LoadState(state).ok()) << state;
  }
  EXPECT_EQ(plateau.SaveState(), "drops=1 losses=0.5,0.25");
  EXPECT_TRUE(plateau.LoadState("drops=0 losses=").ok());
  EXPECT_EQ(plateau.Rate(0), 1);
}

}  // namespace
}  // namespace espalier
