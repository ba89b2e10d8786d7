#include "layers/structure/slice.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "layers/testing.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(SliceLayerTest, CutsADimension) {
  const TestModel model = BuildText("input { name: 'x' dims: [2, 3] } layer { slice { axis: 2 begin: 1 size: 2 } }", 1);
  EXPECT_THAT(RunReference(model.graph, model.built.output, {{"x", Ramp({1, 2, 3}, 0, 1)}}), ElementsAre(1, 2, 4, 5));
}

TEST(SliceLayerTest, MustLieInside) {
  const auto errors = [](const std::string& slice) {
    return BuildErrors("input { name: 'x' dims: [2, 3] } layer { slice { " + slice + " } }");
  };
  EXPECT_THAT(errors("axis: 2 begin: 2 size: 2"),
              HasSubstr("the 3 elements of dimension 2 of [1, 2, 3], found [2, 4)"));
  EXPECT_THAT(errors("axis: 2 begin: 2147483647 size: 2147483647"), HasSubstr("slice.size"));
  EXPECT_THAT(errors("axis: 3 size: 1"), HasSubstr("slice.axis"));
}

}  // namespace
}  // namespace espalier
