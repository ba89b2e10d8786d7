#include "tools/evaluate_pictures.h"

#include <google/protobuf/text_format.h>

#include <cstdlib>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "compression/import/han2016.h"
#include "compression/import/preprocessing.h"
#include "core/files/file_system.h"
#include "data/testing/fixtures.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/job_loader.h"

namespace espalier {
namespace {

using ::espalier::testing::EncodePng;
using ::espalier::testing::TestFolder;
using ::espalier::testing::WriteTestFile;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr int kRgb = 2;  // libpng's colour type

// The classes' logits are the channels' means, blue first.
Package ColourNetwork() {
  Package package;
  CHECK(google::protobuf::TextFormat::ParseFromString(
      R"(input { name: "image" dims: [3, 2, 2] } layer { global_average_pool {} })", package.info.mutable_model()));
  CHECK(google::protobuf::TextFormat::ParseFromString(R"(validation { image_folder { size: 2 } normalize {
      mean: [0, 0, 0] stddev: [1, 1, 1] pixel_max: 4 channel_order: BGR } })",
                                                      package.info.mutable_data()));
  return package;
}

std::string Write(const std::string& name, const std::string& text) {
  return WriteTestFile(name, testing::Bytes(text.begin(), text.end()));
}

void WritePicture(const std::string& name, uint8_t red, uint8_t green, uint8_t blue) {
  const uint8_t colour[] = {red, green, blue};
  testing::Bytes rows(12);
  for (int i = 0; i < 12; ++i) rows[i] = colour[i % 3];
  WriteTestFile(name, EncodePng(kRgb, 8, false, 2, 2, rows));
}

absl::StatusOr<std::vector<std::string>> Evaluate(const Package& package, const std::vector<std::string>& words) {
  const absl::StatusOr<Arguments> arguments = ParseArguments(words, PictureFlags(), 0, 0);
  CHECK(arguments.ok()) << arguments.status();
  EXPECT_TRUE(AsksForPictures(*arguments));
  std::ostringstream out;
  const absl::Status status = EvaluatePictures(package, *arguments, out);
  if (!status.ok()) return status;
  return std::vector<std::string>(absl::StrSplit(out.str(), '\n', absl::SkipEmpty()));
}

TEST(EvaluatePictures, LikeliestClassesOfOnePicture) {
  WritePicture("one/sky.png", 0, 0, 255);
  const std::string path = TestFolder("one") + "/sky.png";
  // Logits (4, 0, 0): e^4 / (e^4 + 2) = 96.47%.
  EXPECT_THAT(*Evaluate(ColourNetwork(), {"--image", path}),
              ElementsAre(absl::StrCat(path, ": 0 96.47%, 1 1.77%, 2 1.77%")));
  const std::string names = Write("names.txt", "blue\ngreen\nred\n");
  EXPECT_THAT(*Evaluate(ColourNetwork(), {"--image", path, "--classes", names}),
              ElementsAre(absl::StrCat(path, ": 0 blue 96.47%, 1 green 1.77%, 2 red 1.77%")));
}

// More pictures than a batch has, some with labels.
TEST(EvaluatePictures, AFolderWithLabels) {
  std::string labels;
  for (int i = 0; i < 11; ++i) {
    WritePicture(absl::StrCat("many/", 10 + i, ".png"), i % 3 == 0 ? 255 : 0, i % 3 == 1 ? 255 : 0,
                 i % 3 == 2 ? 255 : 0);
    if (i < 10) absl::StrAppend(&labels, 10 + i, ".png ", i == 5 ? 1 : 2 - i % 3, "\n");
  }
  const auto lines =
      Evaluate(ColourNetwork(), {"--images", TestFolder("many"), "--labels", Write("labels.txt", labels)});
  ASSERT_TRUE(lines.ok()) << lines.status();
  ASSERT_EQ(lines->size(), 12);
  EXPECT_THAT((*lines)[0], StartsWith(TestFolder("many") + "/10.png [2]: 2 96.47%"));
  EXPECT_THAT((*lines)[9], HasSubstr("19.png [2]: 2 96.47%"));
  EXPECT_THAT((*lines)[10], HasSubstr("20.png: 1 96.47%"));
  EXPECT_EQ((*lines)[11], "top-1 90.00% (9 of 10), top-5 100.00% (10 of 10)");
}

TEST(EvaluatePictures, Errors) {
  const auto error = [](const std::vector<std::string>& words) {
    return std::string(Evaluate(ColourNetwork(), words).status().message());
  };
  EXPECT_THAT(error({"--image", "/nowhere.png"}), HasSubstr("/nowhere.png"));
  EXPECT_THAT(error({"--images", TestFolder("empty")}), HasSubstr("expected pictures"));
  WritePicture("one/sky.png", 0, 0, 255);
  const std::string path = TestFolder("one") + "/sky.png";
  EXPECT_THAT(error({"--image", path, "--classes", Write("few.txt", "blue\n")}), HasSubstr("3 classes, found 1 lines"));
  EXPECT_THAT(error({"--image", path, "--labels", Write("bad.txt", "sky.png 3\n")}), HasSubstr("bad.txt:1:"));
}

// The authors' own network on Caffe's two example pictures, where they are.
TEST(EvaluatePictures, SqueezeNetSeesACat) {
  const char* data_dir = std::getenv("ESPALIER_DATA_DIR");
  if (data_dir == nullptr) GTEST_SKIP() << "ESPALIER_DATA_DIR is unset";
  const std::string folder = JoinPath(data_dir, "squeezenet"), path = folder + "/compressed_SqueezeNet.net";
  if (!FileSystem::Posix()->Exists(path)) GTEST_SKIP() << "no " << path;
  const auto document = LoadModel("configs/models/squeezenet_v1.0.pbtxt");
  ASSERT_TRUE(document.ok()) << document.status();
  const auto bytes = ReadFile(FileSystem::Posix(), path, 1 << 20);
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  auto file = ReadHan2016(*bytes, path, MakeImportTarget(document->model).value());
  ASSERT_TRUE(file.ok()) << file.status();
  *file->package.info.mutable_data() = PreprocessingOf(document->model, Preprocessing::kCaffe);
  // 281: tabby; ImageNet's cats are 281 to 285.
  const auto lines = Evaluate(file->package, {"--images", folder, "--labels", Write("cats.txt", "cat.jpg 281\n")});
  ASSERT_TRUE(lines.ok()) << lines.status();
  ASSERT_EQ(lines->size(), 3);
  EXPECT_THAT((*lines)[0], HasSubstr("cat.jpg [281]: "));
  EXPECT_THAT((*lines)[2], HasSubstr("top-5 100.00% (1 of 1)"));
}

}  // namespace
}  // namespace espalier
