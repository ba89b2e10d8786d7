#include "compression/fixed_point_plan.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "glog/logging.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

// conv1 and logits have weights: parameters 0 and 2.
ParameterLayout Network() {
  ParameterLayout layout;
  layout.Add({"conv1/weight", {100}});
  layout.Add({"conv1/bias", {10}, ParameterRole::kBias});
  layout.Add({"logits/weight", {50}});
  return layout;
}

class FixedPointPlanTest : public ::testing::Test {
 protected:
  PhaseFixedPoint Plan(const std::string& fields) {
    Phase phase;
    CHECK(google::protobuf::TextFormat::ParseFromString(fields, &phase)) << fields;
    return planner_.Next(phase, absl::StrCat("phase[", phases_++, "]"));
  }

  const ParameterLayout layout_ = Network();
  std::string errors_;
  FixedPointPlanner planner_{layout_, [this](const std::string& path, const std::string& message) {
                               absl::StrAppend(&errors_, path, ": ", message, "\n");
                             }};
  int phases_ = 0;
};

TEST_F(FixedPointPlanTest, EntriesComeBeforeTheDefault) {
  EXPECT_THAT(Plan("fixed_point {}").bits, ElementsAre(Pair(0, 8), Pair(2, 8)));
  EXPECT_THAT(Plan("fixed_point { bits: 16 layer { pattern: \"log*\" bits: 0 } }").bits, ElementsAre(Pair(0, 16)));
  const PhaseFixedPoint mixed = Plan("fixed_point { bits: 16 layer { pattern: \"conv1\" bits: 4 } }");
  EXPECT_THAT(mixed.bits, ElementsAre(Pair(0, 4), Pair(2, 16)));
  EXPECT_EQ(DescribeFixedPoint(mixed, layout_), "150 weights in fixed point of 4 to 16 bits");
  EXPECT_THAT(errors_, IsEmpty());
}

TEST_F(FixedPointPlanTest, HoldsUntilDenseWeightsAreRestored) {
  EXPECT_THAT(Plan("").bits, IsEmpty());
  EXPECT_TRUE(Plan("fixed_point {}").begins);
  const PhaseFixedPoint after = Plan("");
  EXPECT_FALSE(after.begins);
  EXPECT_THAT(after.bits, ElementsAre(Pair(0, 8), Pair(2, 8)));
  EXPECT_THAT(DescribeFixedPoint(after, layout_), IsEmpty());
  EXPECT_THAT(Plan("restore_dense {}").bits, IsEmpty());
}

TEST_F(FixedPointPlanTest, SaysWhatIsWrong) {
  Plan("fixed_point { layer { pattern: \"conv2\" bits: 8 } layer { pattern: \"conv1\" bits: 1 } }");
  EXPECT_THAT(errors_, HasSubstr("phase[0].fixed_point.layer[0].pattern: "));
  EXPECT_THAT(errors_, HasSubstr("phase[0].fixed_point.layer[1].bits: expected 0 or 2 to 16, found 1"));
}

}  // namespace
}  // namespace espalier
