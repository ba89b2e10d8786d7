#include "layers/structure/multiply.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "layers/testing.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(MultiplyLayerTest, MultipliesTwoInputs) {
  const TestModel model = BuildText("input { name: 'a' dims: 3 } input { name: 'b' dims: 3 } layer { multiply {} }", 1);
  EXPECT_THAT(RunReference(model.graph, model.built.output, {{"a", Ramp({1, 3}, 1, 1)}, {"b", Ramp({1, 3}, 10, 10)}}),
              ElementsAre(10, 40, 90));
}

TEST(MultiplyLayerTest, TakesTwoInputs) {
  EXPECT_THAT(BuildErrors("input { name: 'a' dims: 3 } layer { multiply {} }"),
              HasSubstr("expected 2 inputs, found 1"));
}

}  // namespace
}  // namespace espalier
