#include "layers/activation/tanh.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "layers/testing.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::Pointwise;

TEST(TanhLayerTest, AppliesToEachElement) {
  const TestModel model = BuildText("input { name: 'x' dims: 4 } layer { tanh {} }", 1);
  EXPECT_THAT(model.kinds(), ElementsAre("tanh"));
  EXPECT_THAT(RunReference(model.graph, model.built.output, {{"x", Ramp({1, 4}, -2, 1.5)}}),
              Pointwise(FloatNear(1e-6), {-0.9640276f, -0.4621172f, 0.7615942f, 0.9866143f}));
}

}  // namespace
}  // namespace espalier
