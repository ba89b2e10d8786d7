#include "trainer/validation.h"

#include <gtest/gtest.h>

namespace espalier {
namespace {

TEST(NoteValidationTest, TheFirstOfEqualValidationsIsTheBest) {
  CheckpointState state;
  const auto validate = [&](int64_t step, double top1) {
    state.set_global_step(step);
    return NoteValidation(top1, Phase(), Output(), &state);
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

TEST(NoteValidationTest, KeepsNoBestUnlessAsked) {
  CheckpointState state;
  Output output;
  output.set_keep_best(false);
  EXPECT_FALSE(NoteValidation(0.5, Phase(), output, &state));
  EXPECT_FALSE(state.has_best());
}

TEST(NoteValidationTest, StopsAfterValidationsWithoutEnoughGain) {
  Phase phase;
  phase.mutable_early_stop()->set_patience(2);
  phase.mutable_early_stop()->set_minimum_gain(0.01);
  CheckpointState state;
  const auto stops = [&](double top1) {
    NoteValidation(top1, phase, Output(), &state);
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
