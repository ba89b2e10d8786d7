#include "optim/loss_scaler.h"

#include <gtest/gtest.h>

#include <limits>

#include "proto/job.pb.h"

namespace espalier {
namespace {

LossScaler Make(float initial, int growth_interval, float maximum) {
  LossScale config;
  config.set_initial(initial);
  config.set_growth_interval(growth_interval);
  config.set_maximum(maximum);
  return *LossScaler::Create(config);
}

TEST(LossScaler, HalvesOnOverflowAndSkipsTheStep) {
  LossScaler scaler = Make(1024, 3, 4096);
  EXPECT_TRUE(scaler.Update(true));
  EXPECT_EQ(scaler.state().good_steps, 1);
  EXPECT_FALSE(scaler.Update(false));
  EXPECT_EQ(scaler.scale(), 512);
  EXPECT_EQ(scaler.state().good_steps, 0);  // good steps count in a row
}

TEST(LossScaler, DoublesAfterTheIntervalUpToTheMaximum) {
  LossScaler scaler = Make(1024, 3, 3000);
  const float expected[] = {1024, 1024, 2048, 2048, 2048, 3000, 3000, 3000, 3000};
  for (float scale : expected) {
    EXPECT_TRUE(scaler.Update(true));
    EXPECT_EQ(scaler.scale(), scale);
  }
}

TEST(LossScaler, StopsAtOneAndReportsDivergence) {
  LossScaler scaler = Make(3, 100, 4096);
  EXPECT_FALSE(scaler.Update(false));
  EXPECT_EQ(scaler.scale(), 1.5f);
  EXPECT_FALSE(scaler.Update(false));
  EXPECT_EQ(scaler.scale(), 1);
  EXPECT_FALSE(scaler.diverged());
  EXPECT_FALSE(scaler.Update(false));
  EXPECT_EQ(scaler.scale(), 1);
  EXPECT_TRUE(scaler.diverged());
  EXPECT_TRUE(scaler.Update(true));
  EXPECT_FALSE(scaler.diverged());
}

TEST(LossScaler, ContinuesFromARestoredState) {
  LossScaler original = Make(1024, 5, 1 << 20);
  const bool finite[] = {true, true, false, true, true, true, true, true, true, false, true, true};
  for (int i = 0; i < 4; ++i) original.Update(finite[i]);
  LossScaler restored = Make(1024, 5, 1 << 20);
  ASSERT_TRUE(restored.Restore(original.state()).ok());
  for (int i = 4; i < 12; ++i) {
    original.Update(finite[i]);
    restored.Update(finite[i]);
    EXPECT_EQ(restored.scale(), original.scale()) << i;
    EXPECT_EQ(restored.state().good_steps, original.state().good_steps) << i;
  }
}

TEST(LossScaler, RejectsImpossibleNumbers) {
  LossScale config;
  config.set_initial(2048);
  config.set_maximum(1024);
  EXPECT_EQ(LossScaler::Create(config).status().message(),
            "precision.loss_scale.initial: expected at most the maximum, 1024, found 2048");

  LossScaler scaler = Make(1024, 5, 4096);
  EXPECT_FALSE(scaler.Restore({8192, 0}).ok());
  EXPECT_FALSE(scaler.Restore({std::numeric_limits<float>::quiet_NaN(), 0}).ok());
  EXPECT_FALSE(scaler.Restore({1024, 5}).ok());
  EXPECT_FALSE(scaler.Restore({1024, -1}).ok());
  EXPECT_EQ(scaler.scale(), 1024);
}

}  // namespace
}  // namespace espalier
