#include "layers/activation/sigmoid.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "layers/testing.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::Pointwise;

TEST(SigmoidLayerTest, AppliesToEachElement) {
  const TestModel model = BuildText("input { name: 'x' dims: 4 } layer { sigmoid {} }", 1);
  EXPECT_THAT(model.kinds(), ElementsAre("sigmoid"));
  EXPECT_THAT(RunReference(model.graph, model.built.output, {{"x", Ramp({1, 4}, -2, 1.5)}}),
              Pointwise(FloatNear(1e-6), {0.1192029f, 0.3775407f, 0.7310586f, 0.9241418f}));
}

}  // namespace
}  // namespace espalier
