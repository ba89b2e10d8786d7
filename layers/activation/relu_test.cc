#include "layers/activation/relu.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "layers/testing.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::Pointwise;

TEST(ReluLayerTest, AppliesToEachElement) {
  const TestModel model = BuildText("input { name: 'x' dims: 4 } layer { relu {} }", 1);
  EXPECT_THAT(model.kinds(), ElementsAre("relu"));
  EXPECT_THAT(RunReference(model.graph, model.built.output, {{"x", Ramp({1, 4}, -2, 1.5)}}),
              Pointwise(FloatNear(1e-6), {0.0000000f, 0.0000000f, 1.0000000f, 2.5000000f}));
}

}  // namespace
}  // namespace espalier
