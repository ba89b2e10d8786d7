#include "data/picture_set.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "data/testing/fixtures.h"

namespace espalier {
namespace {

using ::espalier::testing::EncodePng;
using ::espalier::testing::Gradient;
using ::espalier::testing::TestFolder;
using ::espalier::testing::WriteTestFile;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int kRgb = 2, kGrey = 0;  // libpng's colour types

Dataset Parse(const std::string& text) {
  Dataset dataset;
  CHECK(google::protobuf::TextFormat::ParseFromString(text, &dataset)) << text;
  return dataset;
}

std::vector<float> Read(const std::string& dataset, const Shape& input, const std::string& path) {
  const auto set = PictureSet::Create(Parse(dataset), input, {path});
  CHECK(set.ok()) << set.status();
  std::vector<float> result(input.elements());
  ReadScratch scratch;
  const absl::Status status = set->Read(0, &scratch, result.data());
  CHECK(status.ok()) << status;
  return result;
}

// One pixel, so that no resampling matters.
std::string OnePixel(int red, int green, int blue) {
  return WriteTestFile("pixel.png",
                       EncodePng(kRgb, 8, false, 1, 1,
                                 {static_cast<uint8_t>(red), static_cast<uint8_t>(green), static_cast<uint8_t>(blue)}));
}

TEST(PictureSet, CaffesNormalisationTakesBlueFirst) {
  const auto result = Read(R"(image_folder { size: 1 }
      normalize { mean: [104, 117, 123] stddev: [1, 1, 1] pixel_max: 255 channel_order: BGR })",
                           {3, 1, 1}, OnePixel(200, 100, 4));
  EXPECT_NEAR(result[0], 4 - 104, 1e-4);
  EXPECT_NEAR(result[1], 100 - 117, 1e-4);
  EXPECT_NEAR(result[2], 200 - 123, 1e-4);
}

TEST(PictureSet, ImageNetsStatisticsByDefault) {
  const auto result = Read("image_folder { size: 1 }", {3, 1, 1}, OnePixel(200, 100, 4));
  EXPECT_NEAR(result[0], (200 / 255.0 - 0.485) / 0.229, 1e-5);
  EXPECT_NEAR(result[2], (4 / 255.0 - 0.406) / 0.225, 1e-5);
}

TEST(PictureSet, OneChannelSeesLuma) {
  const auto result = Read("idx {} normalize { mean: 0 stddev: 1 pixel_max: 255 }", {1, 1, 1}, OnePixel(200, 100, 4));
  ASSERT_EQ(result.size(), 1);
  EXPECT_NEAR(result[0], 119, 1e-4);  // 0.299 * 200 + 0.587 * 100 + 0.114 * 4 = 118.96
}

// The shorter side becomes `resize`, then the centre is cut out; in a source of fixed size, the input's size.
TEST(PictureSet, ResizesThenCropsTheCentre) {
  const testing::Bytes rows = Gradient(1, 8, 16);
  const std::string path = WriteTestFile("wide.png", EncodePng(kGrey, 8, false, 8, 16, rows));
  const std::string plain = "normalize { mean: [0, 0, 0] stddev: [1, 1, 1] pixel_max: 255 }";
  const auto cropped = Read("image_folder { size: 4 resize: 8 }" + plain, {3, 4, 4}, path);
  const auto whole = Read("cifar10 {}" + plain, {3, 8, 8}, path);
  for (int y = 0; y < 4; ++y) {
    for (int x = 0; x < 4; ++x) EXPECT_NEAR(cropped[y * 4 + x], rows[(y + 2) * 16 + x + 6], 1e-4);
  }
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 8; ++x) EXPECT_NEAR(whole[64 + y * 8 + x], rows[y * 16 + x + 4], 1e-4);
  }
}

TEST(PictureSet, Errors) {
  const auto error = [](const std::string& dataset, const Shape& input) {
    return std::string(PictureSet::Create(Parse(dataset), input, {}).status().message());
  };
  EXPECT_THAT(error("mnist {}", {784}), HasSubstr("expected a network that takes pictures"));
  EXPECT_THAT(error("image_folder { size: 8 }", {3, 9, 9}), HasSubstr("expected pictures prepared to [3, 9, 9]"));
  EXPECT_THAT(error("mnist {} normalize { mean: 0 stddev: 1 channel_order: BGR }", {1, 4, 4}),
              HasSubstr("normalize.channel_order: expected RGB"));
  const auto set = PictureSet::Create(Parse("image_folder { size: 4 }"), {3, 4, 4}, {TestFolder("") + "/none.png"});
  ReadScratch scratch;
  std::vector<float> result(48);
  EXPECT_THAT(std::string(set->Read(0, &scratch, result.data()).message()), HasSubstr("none.png"));
}

TEST(ListPictures, TakesPicturesOfTheFolderByName) {
  const testing::Bytes bytes = EncodePng(kGrey, 8, false, 1, 1, {7});
  for (const char* name : {"list/b.PNG", "list/a.jpg", "list/.hidden.png", "list/notes.txt", "list/below/c.png"}) {
    WriteTestFile(name, bytes);
  }
  const std::string folder = TestFolder("list");
  const auto paths = ListPictures(folder);
  ASSERT_TRUE(paths.ok()) << paths.status();
  EXPECT_THAT(*paths, ElementsAre(folder + "/a.jpg", folder + "/b.PNG"));
  EXPECT_THAT(std::string(ListPictures(TestFolder("empty")).status().message()), HasSubstr("found none"));
  EXPECT_EQ(ListPictures(folder + "/nowhere").status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace espalier
