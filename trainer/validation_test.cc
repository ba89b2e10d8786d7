#include "trainer/validation.h"

#include <gtest/gtest.h>

namespace espalier {
namespace {

TEST(NoteValidationTest, TheFirstOfEqualValidationsIsTheBest) {
  CheckpointState state;
  const auto validate = [&](int64_t step, double top1) {
    state.set_global_step(step);
    return NoteValidation(top1, Phase(), true, Output(), &state);
  };
  EXPECT_TRUE(validate(10, 0.5));
  EXPECT_FALSE(validate(20, 0.5));
  EXPECT_FALSE(validate(30, 0.4));
  EXPECT_EQ(state.best().step(), 10);
  EXPECT_TRUE(validate(40, 0.6));
  EXPECT_EQ(state.best().step(), 40);
  EXPECT_EQ(state.best().value(), 0.6);
  EXPECT_FALSE(state.has_early_stop());
}

TEST(NoteValidationTest, DoesNotStopAGradualPruning) {
  CheckpointState state;
  Phase phase;
  phase.mutable_early_stop()->set_patience(1);
  for (const double top1 : {0.9, 0.8, 0.7}) NoteValidation(top1, phase, /*pruning_over=*/false, Output(), &state);
  EXPECT_FALSE(StoppedEarly(phase, state));
  NoteValidation(0.6, phase, /*pruning_over=*/true, Output(), &state);
  EXPECT_FALSE(StoppedEarly(phase, state));  // the first that counts
  NoteValidation(0.6, phase, /*pruning_over=*/true, Output(), &state);
  EXPECT_TRUE(StoppedEarly(phase, state));
}

TEST(NoteValidationTest, KeepsNoBestUnlessAsked) {
  CheckpointState state;
  Output output;
  output.set_keep_best(false);
  EXPECT_FALSE(NoteValidation(0.5, Phase(), true, output, &state));
  EXPECT_FALSE(state.has_best());
}

TEST(NoteValidationTest, StopsAfterValidationsWithoutEnoughGain) {
  Phase phase;
  phase.mutable_early_stop()->set_patience(2);
  phase.mutable_early_stop()->set_minimum_gain(0.01);
  CheckpointState state;
  const auto stops = [&](double top1) {
    NoteValidation(top1, phase, true, Output(), &state);
    return StoppedEarly(phase, state);
  };
  EXPECT_FALSE(stops(0.500));
  EXPECT_FALSE(stops(0.505));  // gains less than the minimum
  EXPECT_FALSE(stops(0.520));
  EXPECT_FALSE(stops(0.510));
  EXPECT_TRUE(stops(0.525));
  EXPECT_FALSE(StoppedEarly(Phase(), state));
}

}  // namespace
}  // namespace espalier
