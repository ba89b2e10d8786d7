#include "layers/structure/add.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "layers/testing.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(AddLayerTest, SumsAllItsInputs) {
  const TestModel model = BuildText(
      "input { name: 'a' dims: 3 } input { name: 'b' dims: 3 } "
      "layer { add {} input: ['a', 'b', 'a'] }",
      1);
  EXPECT_THAT(model.kinds(), ElementsAre("add", "add"));
  EXPECT_THAT(RunReference(model.graph, model.built.output, {{"a", Ramp({1, 3}, 1, 1)}, {"b", Ramp({1, 3}, 10, 10)}}),
              ElementsAre(12, 24, 36));
}

TEST(AddLayerTest, NeedsTwoInputs) {
  EXPECT_THAT(BuildErrors("input { name: 'a' dims: 3 } layer { add {} }"),
              HasSubstr("expected at least 2 inputs, found 1"));
}

}  // namespace
}  // namespace espalier
