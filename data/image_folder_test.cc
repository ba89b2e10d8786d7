#include "data/image_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <png.h>

#include <cstdlib>
#include <filesystem>
#include <vector>

#include "data/testing/fixtures.h"

namespace espalier {
namespace {

using ::espalier::testing::Bytes;
using ::espalier::testing::EncodePng;
using ::espalier::testing::TestFolder;
using ::espalier::testing::WriteTestFile;
using ::testing::AllOf;
using ::testing::HasSubstr;

Bytes GreyPixel(uint8_t value) { return EncodePng(PNG_COLOR_TYPE_GRAY, 8, false, 1, 1, {value}); }

TEST(ImageFolder, NumbersClassesAndFilesByName) {
  WriteTestFile("dog/b.PNG", GreyPixel(3));
  WriteTestFile("dog/a.png", GreyPixel(2));
  WriteTestFile("cat/z.jpeg", testing::EncodeJpeg(testing::JpegKind::kGrey, 8, 9, Bytes(72, 100)));
  WriteTestFile("cat/readme.txt", {1});
  WriteTestFile("cat/.hidden.png", {1});
  WriteTestFile(".git/a.png", {1});
  WriteTestFile("labels.csv", {1});
  std::filesystem::create_directory_symlink("dog", TestFolder("") + "/wolf");
  const auto source = OpenImageFolder(TestFolder(""), 0);
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ((*source)->size(), 5);
  EXPECT_EQ((*source)->classes(), 3);
  ReadScratch scratch;
  const std::pair<int, int> expected[] = {{0, 100}, {1, 2}, {1, 3}, {2, 2}, {2, 3}};  // label, grey
  for (int i = 0; i < 5; ++i) {
    ImageView view;
    int32_t label;
    ASSERT_TRUE((*source)->Read(i, &scratch, &view, &label).ok());
    EXPECT_EQ(label, expected[i].first);
    EXPECT_EQ(view.pixels[0], expected[i].second);
    EXPECT_EQ(view.width, i == 0 ? 9 : 1);
  }
  std::filesystem::remove(TestFolder("") + "/wolf");
}

TEST(ImageFolder, ErrorsNameTheFile) {
  EXPECT_THAT(OpenImageFolder("/nonexistent", 0).status().ToString(),
              AllOf(HasSubstr("/nonexistent"), HasSubstr("--data_dir")));
  const std::string root = TestFolder("");
  EXPECT_THAT(OpenImageFolder(root, 0).status().ToString(), AllOf(HasSubstr(root), HasSubstr("found none")));
  TestFolder("empty");
  EXPECT_THAT(OpenImageFolder(root, 0).status().ToString(), HasSubstr("empty: expected pictures"));
  const std::string broken = WriteTestFile("empty/broken.png", {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n', 1, 2});
  const auto source = OpenImageFolder(root, 0);
  ASSERT_TRUE(source.ok()) << source.status();
  ReadScratch scratch;
  ImageView view;
  int32_t label;
  EXPECT_THAT((*source)->Read(0, &scratch, &view, &label).ToString(),
              AllOf(HasSubstr(broken), HasSubstr("corrupt PNG")));
  std::filesystem::remove(broken);
  EXPECT_THAT((*source)->Read(0, &scratch, &view, &label).ToString(), HasSubstr(broken));
}

TEST(ImageFolder, ReadsRealPictures) {
  const char* data_dir = std::getenv("ESPALIER_DATA_DIR");
  if (data_dir == nullptr) GTEST_SKIP() << "ESPALIER_DATA_DIR is unset";
  const auto source = OpenImageFolder(std::string(data_dir) + "/cifar10-images/test", 0);
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ((*source)->classes(), 10);
  ReadScratch scratch;
  for (int64_t i = 0; i < (*source)->size(); i += 97) {
    ImageView view;
    int32_t label;
    const absl::Status status = (*source)->Read(i, &scratch, &view, &label);
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_EQ(view.height, 32);
    EXPECT_EQ(view.channels, 3);
  }
}

}  // namespace
}  // namespace espalier
