#include "layers/structure/flatten.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "layers/testing.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;

TEST(FlattenLayerTest, KeepsTheBatchAndTheOrder) {
  const TestModel model = BuildText("input { name: 'x' dims: [2, 1, 2] } layer { flatten {} }");
  EXPECT_EQ(model.output_shape(), Shape({2, 4}));
  EXPECT_THAT(RunReference(model.graph, model.built.output, {{"x", Ramp({2, 2, 1, 2}, 0, 1)}}),
              ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
}

}  // namespace
}  // namespace espalier
