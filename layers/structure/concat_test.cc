#include "layers/structure/concat.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "layers/testing.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ConcatLayerTest, JoinsInputsInOrder) {
  const TestModel model = BuildText(
      "input { name: 'a' dims: [1, 2] } input { name: 'b' dims: [2, 2] } "
      "layer { concat {} input: ['b', 'a'] }",
      1);
  EXPECT_EQ(model.output_shape(), Shape({1, 3, 2}));
  EXPECT_THAT(
      RunReference(model.graph, model.built.output, {{"a", Ramp({1, 1, 2}, 10, 1)}, {"b", Ramp({1, 2, 2}, 0, 1)}}),
      ElementsAre(0, 1, 2, 3, 10, 11));
}

TEST(ConcatLayerTest, TheAxisMustExistAndShapesFit) {
  const auto errors = [](const std::string& axis) {
    return BuildErrors(
        "input { name: 'a' dims: [1, 2] } input { name: 'b' dims: [2, 2] } layer { concat { axis: " + axis + " } }");
  };
  EXPECT_THAT(errors("3"), HasSubstr("concat.axis: layer \"concat1\": expected a dimension of [1, 1, 2] after"));
  EXPECT_THAT(errors("2"), HasSubstr("[1, 2, 2]"));
}

}  // namespace
}  // namespace espalier
