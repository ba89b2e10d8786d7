#include "compression/import/preprocessing.h"

#include <google/protobuf/text_format.h>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;

Data DataFor(const std::vector<int>& dims, Preprocessing convention) {
  Model model;
  for (const int dim : dims) {
    if (model.input_size() == 0) model.add_input();
    model.mutable_input(0)->add_dims(dim);
  }
  return PreprocessingOf(model, convention);
}

TEST(Preprocessing, Caffe) {
  const Data data = DataFor({3, 227, 227}, Preprocessing::kCaffe);
  const Normalize& normalize = data.validation().normalize();
  EXPECT_THAT(normalize.mean(), ElementsAre(104, 117, 123));
  EXPECT_THAT(normalize.stddev(), ElementsAre(1, 1, 1));
  EXPECT_EQ(normalize.pixel_max(), 255);
  EXPECT_EQ(normalize.channel_order(), Normalize::BGR);
}

TEST(Preprocessing, Torchvision) {
  const Normalize normalize = DataFor({3, 224, 224}, Preprocessing::kTorchvision).validation().normalize();
  EXPECT_THAT(normalize.mean(), ElementsAre(0.485f, 0.456f, 0.406f));
  EXPECT_EQ(normalize.pixel_max(), 1);
  EXPECT_EQ(normalize.channel_order(), Normalize::RGB);
}

TEST(Preprocessing, Sizes) {
  const auto sizes = [](int side) {
    const ImageFolder images = DataFor({3, side, side}, Preprocessing::kCaffe).validation().image_folder();
    return std::vector<int>{images.resize(), images.size()};
  };
  EXPECT_THAT(sizes(227), ElementsAre(256, 227));
  EXPECT_THAT(sizes(224), ElementsAre(256, 224));
  EXPECT_THAT(sizes(299), ElementsAre(342, 299));  // as torchvision's Inception
  EXPECT_THAT(sizes(32), ElementsAre(32, 32));
}

TEST(Preprocessing, NothingForOtherInputs) {
  EXPECT_FALSE(DataFor({784}, Preprocessing::kCaffe).has_validation());
  EXPECT_FALSE(DataFor({1, 28, 28}, Preprocessing::kCaffe).has_validation());
  EXPECT_FALSE(DataFor({3, 20, 30}, Preprocessing::kCaffe).has_validation());
}

}  // namespace
}  // namespace espalier
