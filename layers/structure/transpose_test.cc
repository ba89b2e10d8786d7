#include "layers/structure/transpose.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "layers/testing.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(TransposeLayerTest, OrdersDimensions) {
  const TestModel model = BuildText("input { name: 'x' dims: [2, 3] } layer { transpose { order: [0, 2, 1] } }", 1);
  EXPECT_EQ(model.output_shape(), Shape({1, 3, 2}));
  EXPECT_THAT(RunReference(model.graph, model.built.output, {{"x", Ramp({1, 2, 3}, 0, 1)}}),
              ElementsAre(0, 3, 1, 4, 2, 5));
}

TEST(TransposeLayerTest, TheOrderIsAPermutation) {
  for (const char* order : {"[0, 1]", "[0, 1, 1]", "[0, 1, 3]", "[0, 1, 2, 3]"}) {
    EXPECT_THAT(
        BuildErrors(std::string("input { name: 'x' dims: [2, 3] } layer { transpose { order: ") + order + " } }"),
        HasSubstr("transpose.order"));
  }
}

}  // namespace
}  // namespace espalier
