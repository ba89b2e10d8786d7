#include "layers/structure/reshape.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "layers/testing.h"

namespace espalier {
namespace {

using ::testing::HasSubstr;

TestModel Build(const std::string& dims) {
  return BuildText("input { name: 'x' dims: [2, 6] } layer { reshape { dims: " + dims + " } }", 3);
}

std::string Errors(const std::string& dims) {
  return BuildErrors("input { name: 'x' dims: [2, 6] } layer { reshape { dims: " + dims + " } }");
}

TEST(ReshapeLayerTest, MinusOneIsWhatRemains) {
  EXPECT_EQ(Build("[3, 2, 2]").output_shape(), Shape({3, 3, 2, 2}));
  EXPECT_EQ(Build("[4, -1]").output_shape(), Shape({3, 4, 3}));
  EXPECT_EQ(Build("[-1]").output_shape(), Shape({3, 12}));
}

TEST(ReshapeLayerTest, Errors) {
  EXPECT_THAT(Errors("[5, 2]"), HasSubstr("expected the 12 elements of a sample of [1, 2, 6], found [5, 2]"));
  EXPECT_THAT(Errors("[5, -1]"), HasSubstr("found [5, -1]"));
  EXPECT_THAT(Errors("[1, 1, 1, 1, 1, 12]"), HasSubstr("1 to 5 dimensions, found 6"));
  EXPECT_THAT(Errors("[2147483647, 2147483647, 2147483647, 2147483647]"), HasSubstr("expected the 12 elements"));
}

}  // namespace
}  // namespace espalier
