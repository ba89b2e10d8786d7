#include "compression/share_plan.h"

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

// conv1, stage/conv2 and logits have weights: parameters 0, 3 and 4.
ParameterLayout Network() {
  ParameterLayout layout;
  layout.Add({"conv1/weight", {10}});
  layout.Add({"conv1/bias", {10}, ParameterRole::kBias});
  layout.Add({"norm/scale", {10}, ParameterRole::kNorm});
  layout.Add({"stage/conv2/weight", {1 << 20, 4}});
  layout.Add({"logits/weight", {50}});
  return layout;
}

class SharePlanTest : public ::testing::Test {
 protected:
  PhaseSharing Plan(const std::string& fields) {
    Phase phase;
    CHECK(google::protobuf::TextFormat::ParseFromString(fields, &phase)) << fields;
    return planner_.Next(phase, absl::StrCat("phase[", phases_++, "]"));
  }
  // "0:8 3:5": parameters and their bits.
  std::string Shares(const std::string& fields) {
    std::string text;
    for (const SharedParameter& share : Plan(absl::StrCat("share_weights {", fields, "}")).shares) {
      absl::StrAppend(&text, text.empty() ? "" : " ", share.parameter, ":", share.bits);
    }
    return text;
  }

  const ParameterLayout layout_ = Network();
  std::string errors_;
  SharePlanner planner_{layout_, [this](const std::string& path, const std::string& message) {
                          absl::StrAppend(&errors_, path, ": ", message, "\n");
                        }};
  int phases_ = 0;
};

TEST_F(SharePlanTest, EntriesComeBeforeTheDefault) {
  EXPECT_EQ(Shares("bits: 5"), "0:5 3:5 4:5");
  EXPECT_EQ(Shares("bits: 5 layer { pattern: \"*conv*\" bits: 8 }"), "0:8 3:8 4:5");
  EXPECT_EQ(Shares("bits: 5 bias_bits: 4"), "0:5 3:5 4:5 1:4");
  Plan("restore_dense {}");
  EXPECT_EQ(Shares("bits: 5 layer { pattern: \"logits\" bits: 0 }"), "0:5 3:5");
  EXPECT_THAT(errors_, IsEmpty());
}

TEST_F(SharePlanTest, SharingHoldsUntilDenseWeightsAreRestored) {
  EXPECT_THAT(Plan("share_weights { bits: 4 }").shared, ElementsAre(0, 3, 4));
  EXPECT_THAT(Plan("").shared, ElementsAre(0, 3, 4));
  EXPECT_THAT(Plan("").shares, IsEmpty());
  EXPECT_THAT(Plan("restore_dense {}").shared, IsEmpty());
  EXPECT_THAT(errors_, IsEmpty());
}

TEST_F(SharePlanTest, SaysWhatIsWrong) {
  Plan("share_weights { layer { pattern: \"conf1\" bits: 4 } layer { pattern: \"conv1\" bits: 4 } }");
  EXPECT_THAT(errors_, HasSubstr("phase[0].share_weights.layer[0].pattern: expected the name of a layer"));
  EXPECT_THAT(errors_, HasSubstr("conv1"));
  EXPECT_THAT(errors_, HasSubstr("phase[0].share_weights.bits: expected a value for the layers that no entry of layer "
                                 "fits (stage/conv2, logits), found none"));
  errors_.clear();
  Plan("prune { sparsity: 0.5 }");
  EXPECT_THAT(errors_, HasSubstr("phase[1].prune: expected prune before share_weights"));
  errors_.clear();
  Plan("restore_dense {} share_weights { bits: 6 start: OPTIMAL }");
  EXPECT_THAT(errors_, HasSubstr("phase[2].share_weights.start: expected another than OPTIMAL, which takes at most "
                                 "2,097,152 weights at 6 bits, for stage/conv2/weight, found 4,194,304"));
}

TEST_F(SharePlanTest, ALayerThatSharesCannotStopAlone) {
  Plan("share_weights { bits: 4 layer { pattern: \"logits\" bits: 0 } }");
  Plan("share_weights { bits: 5 layer { pattern: \"logits\" bits: 0 } }");
  EXPECT_THAT(errors_, IsEmpty());
  Plan("share_weights { bits: 4 layer { pattern: \"conv1\" bits: 0 } }");
  EXPECT_THAT(errors_, HasSubstr("phase[2].share_weights.layer: expected at least 1 bit for conv1, whose weights share "
                                 "values since a phase before"));
}

TEST_F(SharePlanTest, DescribesItself) {
  EXPECT_EQ(DescribeSharing(Plan("share_weights { bits: 4 layer { pattern: \"logits\" bits: 6 } }"), layout_),
            "shares the values of 4,194,364 weights at 4 to 6 bits");
  EXPECT_EQ(DescribeSharing(Plan(""), layout_), "");
}

}  // namespace
}  // namespace espalier
