#include "layers/pool/global_average_pool.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "layers/testing.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;

TEST(GlobalAveragePoolLayerTest, AveragesOverSpace) {
  const TestModel model = BuildText("input { name: 'x' dims: [2, 2, 3] } layer { global_average_pool {} }", 1);
  EXPECT_EQ(model.output_shape(), Shape({1, 2}));
  EXPECT_THAT(RunReference(model.graph, model.built.output, {{"x", Ramp({1, 2, 2, 3}, 0, 1)}}), ElementsAre(2.5, 8.5));
}

}  // namespace
}  // namespace espalier
