#include "trainer/job_difference.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

namespace espalier {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Job Parse(const char* text) {
  Job job;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &job));
  return job;
}

TEST(JobDifferenceTest, NamesEachField) {
  const Job before = Parse(R"(
      model { layer { conv { channels: 8 kernel: 3 } } layer { relu {} } }
      phase { name: "a" epochs: 5 learning_rate { constant: 0.1 } }
      seed: 1)");
  const Job job = Parse(R"(
      model { layer { conv { channels: 16 kernel: 3 stride: 2 } } layer { tanh {} } }
      phase { name: "a" epochs: 10 learning_rate { constant: 0.1 } }
      phase { name: "b" learning_rate { constant: 0.1 } }
      precision { compute: BF16 })");
  EXPECT_THAT(DifferencesOf(job, before),
              ElementsAre("model.layer[0].conv.channels: 16, was 8", "model.layer[0].conv.stride: 2, was 1",
                          "model.layer[1].relu: not set, was {}", "model.layer[1].tanh: {}, was not set",
                          "precision: {compute: BF16}, was not set", "phase[0].epochs: 10, was 5",
                          "phase[1]: {name: \"b\" learning_rate { constant: 0.1 }}, was not set"));
}

TEST(JobDifferenceTest, TakesDefaultsForWhatIsLeftOut) {
  EXPECT_THAT(DifferencesOf(Parse("seed: 1"), Parse("")), IsEmpty());
  EXPECT_THAT(DifferencesOf(Parse("output {}"), Parse("output { tensorboard: true }")), IsEmpty());
  EXPECT_THAT(DifferencesOf(Parse("output { tensorboard: false }"), Parse("output {}")),
              ElementsAre("output.tensorboard: false, was true"));
}

}  // namespace
}  // namespace espalier
