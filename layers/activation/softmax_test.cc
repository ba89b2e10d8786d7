#include "layers/activation/softmax.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "layers/testing.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::Pointwise;

TEST(SoftmaxLayerTest, AppliesToEachElement) {
  const TestModel model = BuildText("input { name: 'x' dims: 4 } layer { softmax {} }", 1);
  EXPECT_THAT(model.kinds(), ElementsAre("softmax"));
  EXPECT_THAT(RunReference(model.graph, model.built.output, {{"x", Ramp({1, 4}, -2, 1.5)}}),
              Pointwise(FloatNear(1e-6), {0.0086517f, 0.0387742f, 0.1737738f, 0.7788003f}));
}

}  // namespace
}  // namespace espalier
