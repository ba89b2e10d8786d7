#include "layers/norm/lrn.h"

#include <cmath>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "layers/testing.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::Pointwise;

TEST(LrnLayerTest, NormalisesByNeighbouringChannels) {
  const TestModel model = BuildText(R"(
      input { name: "x" dims: [3, 1, 1] } layer { lrn { size: 3 alpha: 3 beta: 0.5 k: 2 } })",
                                    1);
  EXPECT_THAT(model.kinds(), ElementsAre("lrn"));
  // x = 1 2 3; sums of squares over three channels: 5, 14, 13.
  EXPECT_THAT(RunReference(model.graph, model.built.output, {{"x", Ramp({1, 3, 1, 1}, 1, 1)}}),
              Pointwise(FloatNear(1e-6), {1 / std::sqrt(7.0f), 2 / std::sqrt(16.0f), 3 / std::sqrt(15.0f)}));
}

}  // namespace
}  // namespace espalier
