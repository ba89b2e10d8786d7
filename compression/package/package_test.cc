#include "compression/package/package.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;

std::vector<float> ValuesOf(const PackedTensor& tensor) {
  std::vector<float> out(tensor.shape.elements());
  EffectiveValues(tensor, out.data());
  return out;
}

TEST(PackageTest, SharedValuesComeFromTheCodebook) {
  EXPECT_THAT(ValuesOf({"w", Shape{2, 2}, SharedValues{{0, 0.5f, -2}, {2, 0, 1, 2}}}), ElementsAre(-2, 0, 0.5f, -2));
}

TEST(PackageTest, IntegersHaveAScaleOfTheirChannel) {
  EXPECT_THAT(ValuesOf({"w", Shape{2, 2}, IntegerValues{8, {0.5f, 2}, {1, -2, 3, 4}}}), ElementsAre(0.5f, -1, 6, 8));
  EXPECT_THAT(ValuesOf({"w", Shape{2, 2}, IntegerValues{16, {0.25f}, {4, -8, 0, 1}}}), ElementsAre(1, -2, 0, 0.25f));
}

TEST(PackageTest, ConstantsFillTheShape) {
  EXPECT_THAT(ValuesOf({"mean", Shape{3}, ConstantValue{7}}), ElementsAre(7, 7, 7));
}

}  // namespace
}  // namespace espalier
