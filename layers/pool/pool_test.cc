#include "layers/pool/pool.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "layers/testing.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TestModel Build(const std::string& pool, bool training = false) {
  return BuildText("input { name: 'x' dims: [1, 4, 4] } layer { pool { " + pool + " } }", 1, training);
}

std::vector<float> RunModel(const TestModel& model) {
  return RunReference(model.graph, model.built.output, {{"x", Ramp({1, 1, 4, 4}, 1, 1)}});
}

TEST(PoolLayerTest, TheStrideIsTheKernelByDefault) {
  EXPECT_THAT(RunModel(Build("kernel: 2")), ElementsAre(6, 8, 14, 16));
  EXPECT_THAT(RunModel(Build("kernel: 2", /*training=*/true)), ElementsAre(6, 8, 14, 16));
  EXPECT_THAT(RunModel(Build("kernel_h: 4 kernel_w: 2 kind: AVERAGE")), ElementsAre(7.5, 9.5));
}

TEST(PoolLayerTest, RoundingAndPadding) {
  EXPECT_EQ(Build("kernel: 3 stride: 2").output_shape(), Shape({1, 1, 1, 1}));
  EXPECT_THAT(RunModel(Build("kernel: 3 stride: 2 rounding: CEIL")), ElementsAre(11, 12, 15, 16));
  EXPECT_THAT(RunModel(Build("kernel: 2 stride: 4 pad: 1 kind: AVERAGE")), ElementsAre(1, 4, 13, 16));
  EXPECT_THAT(RunModel(Build("kernel: 2 stride: 4 pad: 1 kind: AVERAGE count_padding: true")),
              ElementsAre(0.25, 1, 3.25, 4));
}

TEST(PoolLayerTest, OnlyTrainingKeepsWhereTheMaximaAre) {
  EXPECT_EQ(Build("kernel: 2").graph.node(0).outputs.size(), 1u);
  EXPECT_EQ(Build("kernel: 2", true).graph.node(0).outputs.size(), 2u);
}

TEST(PoolLayerTest, Errors) {
  const auto errors = [](const std::string& pool) {
    return BuildErrors("input { name: 'x' dims: [1, 4, 4] } layer { pool { " + pool + " } }");
  };
  EXPECT_THAT(errors("kernel: 5"), HasSubstr("[1, 1, 4, 4]"));
}

}  // namespace
}  // namespace espalier
