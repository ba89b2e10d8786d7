#include "layers/activation/dropout.h"

#include <algorithm>

#include "core/ops/dropout.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "layers/testing.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;

constexpr char kModel[] = R"(input { name: "x" dims: 1000 } layer { name: "drop" dropout { rate: 0.25 } })";

TEST(DropoutLayerTest, DoesNothingAtInference) {
  const TestModel model = BuildText(kModel);
  EXPECT_TRUE(model.graph.nodes().empty());
  EXPECT_EQ(model.built.output, model.graph.input("x"));
  EXPECT_EQ(model.graph.input(kSampleIds), kNoValue);
}

TEST(DropoutLayerTest, TrainingZeroesAndScalesByTheSamplesNumbers) {
  const TestModel model = BuildText(kModel, 2, /*training=*/true);
  ASSERT_THAT(model.kinds(), ElementsAre("dropout"));
  const ValueId ids = model.graph.input(kSampleIds);
  ASSERT_NE(ids, kNoValue);
  EXPECT_EQ(model.graph.type(ids), (TensorType{DType::kS32, {2}}));
  const auto run = [&](int first, int second) {
    return RunReference(model.graph, model.built.output,
                        {{"x", Ramp({2, 1000}, 3, 0)}, {"sample_ids", Tensor::Of<int32_t>({2}, {first, second})}});
  };
  const std::vector<float> y = run(7, 8);
  const int kept = std::count(y.begin(), y.end(), 4.0f);
  EXPECT_EQ(kept + std::count(y.begin(), y.end(), 0.0f), 2000);
  EXPECT_NEAR(kept, 1500, 80);
  const std::vector<float> swapped = run(8, 7);
  EXPECT_TRUE(std::equal(y.begin(), y.begin() + 1000, swapped.begin() + 1000)) << "a sample's mask moves with it";
}

TEST(DropoutLayerTest, LayersDrawMasksOfTheirOwnFromOneInput) {
  const TestModel model = BuildText(R"(
      input { name: "x" dims: 4 } layer { dropout {} } layer { dropout {} } layer { dropout { rate: 0 } })",
                                    2, true);
  ASSERT_THAT(model.kinds(), ElementsAre("dropout", "dropout"));
  EXPECT_EQ(model.graph.node(0).inputs[1], model.graph.node(1).inputs[1]);
  EXPECT_NE(dynamic_cast<const DropoutOp&>(*model.graph.node(0).op).purpose(),
            dynamic_cast<const DropoutOp&>(*model.graph.node(1).op).purpose());
}

}  // namespace
}  // namespace espalier
