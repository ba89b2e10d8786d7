#include "compression/prune_plan.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// conv1, stage/conv2, stage/conv3 and logits have weights: parameters 0, 3, 4 and 5.
ParameterLayout Network() {
  ParameterLayout layout;
  layout.Add({"conv1/weight", {10}});
  layout.Add({"conv1/bias", {10}, ParameterRole::kBias});
  layout.Add({"norm/scale", {10}, ParameterRole::kNorm});
  layout.Add({"stage/conv2/weight", {100}});
  layout.Add({"stage/conv3/weight", {200}});
  layout.Add({"logits/weight", {50}});
  return layout;
}

class PrunePlanTest : public ::testing::Test {
 protected:
  // Of a phase with these fields, after those planned before.
  PhasePruning Plan(const std::string& fields) {
    Phase phase;
    CHECK(google::protobuf::TextFormat::ParseFromString(fields, &phase)) << fields;
    return planner_.Next(phase, absl::StrCat("phase[", phases_++, "]"));
  }
  // "3:0.5 4+5:0.25": parameters and sparsity of each group.
  std::string Groups(const std::string& prune) {
    std::string text;
    const PrunePlan plan = Plan(absl::StrCat("prune {", prune, "}")).plan.value();
    for (const PruneGroup& group : plan.groups) {
      std::string parameters;
      for (int parameter : group.parameters) absl::StrAppend(&parameters, parameters.empty() ? "" : "+", parameter);
      absl::StrAppend(&text, text.empty() ? "" : " ", parameters, ":", static_cast<float>(group.sparsity));
    }
    return text;
  }
  std::string Errors(const std::string& fields) {
    errors_.clear();
    Plan(fields);
    return errors_;
  }

  const ParameterLayout layout_ = Network();
  std::string errors_;
  PrunePlanner planner_{layout_, 100, [this](const std::string& path, const std::string& message) {
                          absl::StrAppend(&errors_, path, ": ", message, "\n");
                        }};
  int phases_ = 0;
};

TEST_F(PrunePlanTest, TakesWeightsButThoseOfTheFirstLayer) {
  EXPECT_EQ(Groups("sparsity: 0.5"), "3:0.5 4:0.5 5:0.5");
  EXPECT_EQ(Groups("sparsity: 0.5 first_layer: true"), "0:0.5 3:0.5 4:0.5 5:0.5");
  EXPECT_EQ(Groups("sparsity: 0.5 last_layer: false"), "3:0.5 4:0.5");
  EXPECT_THAT(errors_, IsEmpty());
}

TEST_F(PrunePlanTest, LetsTheFirstEntryThatFitsHold) {
  EXPECT_EQ(Groups("layer { pattern: 'stage/conv3' sparsity: 0.75 } layer { pattern: 'stage/*' keep: 0.75 } "
                   "sparsity: 0.5"),
            "3:0.25 4:0.75 5:0.5");
  EXPECT_THAT(errors_, IsEmpty());
}

TEST_F(PrunePlanTest, FitsPatterns) {
  EXPECT_EQ(Groups("layer { pattern: '*' sparsity: 0.5 }"), "0:0.5 3:0.5 4:0.5 5:0.5");
  EXPECT_EQ(Groups("layer { pattern: '*conv*' sparsity: 0.5 } sparsity: 0"), "0:0.5 3:0.5 4:0.5");
  EXPECT_THAT(Errors("prune { layer { pattern: 'conv' sparsity: 0.5 } sparsity: 0.5 }"), HasSubstr("pattern"));
  EXPECT_THAT(Errors("prune { layer { pattern: 'stage*conv1' sparsity: 0.5 } sparsity: 0.5 }"), HasSubstr("pattern"));
}

TEST_F(PrunePlanTest, GroupsUnderAGlobalThreshold) {
  EXPECT_EQ(Groups("scope: GLOBAL sparsity: 0.5"), "3+4+5:0.5");
  EXPECT_EQ(Groups("scope: GLOBAL sparsity: 0.5 layer { pattern: 'stage/conv2' sparsity: 0.25 }"), "3:0.25 4+5:0.5");
}

TEST_F(PrunePlanTest, RampsAlongACubic) {
  const PrunePlan plan =
      *Plan("prune { sparsity: 0.75 gradual { initial_sparsity: 0.25 epochs: 0.5 every_steps: 20 } }").plan;
  std::vector<int64_t> due;
  for (int64_t step = 0; step <= 200; ++step) {
    if (plan.DueAt(step)) due.push_back(step);
  }
  EXPECT_THAT(due, ElementsAre(0, 20, 40, 50));
  EXPECT_DOUBLE_EQ(plan.SparsityAt(plan.groups[0], 0), 0.25);
  EXPECT_DOUBLE_EQ(plan.SparsityAt(plan.groups[0], 25), 0.75 - 0.5 / 8);
  EXPECT_DOUBLE_EQ(plan.SparsityAt(plan.groups[0], 50), 0.75);
}

TEST_F(PrunePlanTest, KnowsTheMasksOfEachPhase) {
  EXPECT_THAT(Plan("").masked, IsEmpty());
  EXPECT_THAT(Plan("prune { layer { pattern: 'stage/conv3' sparsity: 0.5 } sparsity: 0 }").masked, ElementsAre(4));
  EXPECT_THAT(Plan("prune { scope: GLOBAL sparsity: 0.5 }").masked, ElementsAre(3, 4, 5));
  EXPECT_THAT(Plan("").masked, ElementsAre(3, 4, 5));
  EXPECT_THAT(Plan("restore_dense {}").masked, IsEmpty());
  EXPECT_THAT(Plan("prune { sparsity: 0.25 }").masked, ElementsAre(3, 4, 5));  // less than before, which is over
  EXPECT_THAT(errors_, IsEmpty());
}

TEST_F(PrunePlanTest, ExplainsErrors) {
  EXPECT_EQ(Errors("prune { layer { pattern: 'stage/conv1' sparsity: 0.1 } sparsity: 0.1 }"),
            "phase[0].prune.layer[0].pattern: expected the name of a layer that has weights, or a pattern that fits "
            "some, found \"stage/conv1\"; did you mean stage/conv2?\n");
  EXPECT_EQ(Errors("prune { layer { pattern: 'stage/*' sparsity: 0.1 } }"),
            "phase[1].prune.sparsity: expected a value for the layers that no entry of layer fits (logits), found "
            "none\n");
  EXPECT_EQ(Errors("prune { sparsity: 0.2 gradual { epochs: 0.001 initial_sparsity: 0.3 } }"),
            "phase[2].prune.gradual.epochs: expected at least one step, of which an epoch has 100; found 0.001\n"
            "phase[2].prune.gradual.initial_sparsity: expected at most 20%, which is to be reached in "
            "stage/conv2/weight, found 30%\n");
  EXPECT_EQ(Errors("prune { sparsity: 0.1 layer { pattern: 'stage/*' sparsity: 0.3 } }"),
            "phase[3].prune: expected at least 20% of logits/weight, which a phase before prunes (restore_dense would "
            "let it train again), found 10%\n");
}

TEST(PrunePlanner, WantsSomethingToPrune) {
  ParameterLayout layout;
  layout.Add({"only/weight", {10}});
  std::string errors;
  PrunePlanner planner(layout, 10, [&](const std::string& path, const std::string& message) {
    absl::StrAppend(&errors, path, ": ", message);
  });
  Phase phase;
  phase.mutable_prune()->set_sparsity(0.5f);
  planner.Next(phase, "phase[0]");
  EXPECT_EQ(errors,
            "phase[0].prune: expected a layer that can be pruned, found none: first_layer and last_layer leave none of "
            "the 1 with weights");
}

TEST_F(PrunePlanTest, Describes) {
  EXPECT_EQ(DescribePruning(Plan(""), layout_), "");
  EXPECT_EQ(DescribePruning(Plan("prune { sparsity: 0 }"), layout_), "prunes nothing");
  EXPECT_EQ(DescribePruning(Plan("prune { sparsity: 0.3 }"), layout_), "prunes 30% of 350 weights in 3 layers");
  EXPECT_EQ(DescribePruning(Plan("prune { sparsity: 0.4 gradual { epochs: 20 } }"), layout_),
            "prunes 40% of 350 weights in 3 layers, gradually over 2,000 steps");
  EXPECT_EQ(DescribePruning(Plan("restore_dense {}"), layout_), "pruned weights train again from zero");
}

}  // namespace
}  // namespace espalier
