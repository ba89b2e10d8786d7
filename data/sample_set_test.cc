#include "data/sample_set.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <vector>

#include "data/testing/fixtures.h"

namespace espalier {
namespace {

using ::espalier::testing::EncodeJpeg;
using ::espalier::testing::Gradient;
using ::espalier::testing::JpegKind;
using ::espalier::testing::TestFolder;
using ::espalier::testing::WriteTestFile;
using ::testing::HasSubstr;

Dataset Parse(const std::string& text) {
  Dataset dataset;
  CHECK(google::protobuf::TextFormat::ParseFromString(text, &dataset)) << text;
  return dataset;
}

std::unique_ptr<SampleSet> Open(const std::string& text, bool training = false) {
  auto samples = OpenSampleSet(Parse(text), TestFolder(""), 1, training);
  CHECK(samples.ok()) << samples.status();
  return *std::move(samples);
}

std::vector<float> Read(const SampleSet& samples, int64_t index, uint32_t epoch = 0) {
  std::vector<float> image(samples.type().image_shape.elements());
  ReadScratch scratch;
  int32_t label;
  EXPECT_TRUE(samples.Read(index, epoch, &scratch, image.data(), &label).ok());
  return image;
}

TEST(OpenSampleSet, TakeKeepsTheFirstSamples) {
  const auto all = Open("builtin_digits { samples: 50 }");
  const auto some = Open("builtin_digits { samples: 50 } take: 20");
  EXPECT_EQ(all->size(), 50);
  EXPECT_EQ(some->size(), 20);
  EXPECT_EQ(Read(*all, 13), Read(*some, 13));
  EXPECT_EQ(Open("builtin_digits { samples: 50 } take: 1000")->size(), 50);
}

TEST(OpenSampleSet, SeedsGiveDisjointSamples) {
  const auto train = Open("builtin_shapes { samples: 5 }"), validation = Open("builtin_shapes { samples: 5 seed: 2 }");
  EXPECT_EQ(train->type().image_shape, (Shape{3, 32, 32}));
  for (int i = 0; i < 5; ++i) EXPECT_NE(Read(*train, i), Read(*validation, i));
}

TEST(OpenSampleSet, NormalizeReplacesTheSourcesStatistics) {
  const auto own = Open("builtin_digits { samples: 5 }");
  const auto other = Open("builtin_digits { samples: 5 } normalize { mean: 0 stddev: 1 }");
  const auto a = Read(*own, 0), b = Read(*other, 0);
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_GE(b[i], 0);
    EXPECT_LE(b[i], 1);
    EXPECT_NEAR(a[i], (b[i] - 0.11f) / 0.25f, 1e-4);
  }
}

TEST(OpenSampleSet, FoldersAreRelativeToTheDataFolder) {
  WriteTestFile("birds/train/wren/1.jpg", EncodeJpeg(JpegKind::kRgb, 40, 60, Gradient(3, 40, 60)));
  WriteTestFile("birds/train/owl/1.jpg", EncodeJpeg(JpegKind::kRgb, 90, 50, Gradient(3, 90, 50)));
  const std::string source = "image_folder { folder: 'birds/train' size: 24 resize: 30 } ";
  const auto evaluated = Open(source);
  EXPECT_EQ(evaluated->type().image_shape, (Shape{3, 24, 24}));
  EXPECT_EQ(evaluated->type().classes, 2);
  EXPECT_EQ(Read(*evaluated, 0, 0), Read(*evaluated, 0, 1));
  const auto cropped = Open(source + "augment { random_crop { size: 26 pad: 2 } }", true);
  EXPECT_EQ(cropped->type().image_shape, (Shape{3, 26, 26}));
  EXPECT_NE(Read(*cropped, 0, 0), Read(*cropped, 0, 1));
  const auto resized = Open(source + "augment { random_resized_crop { size: 20 } random_flip {} }", true);
  EXPECT_EQ(resized->type().image_shape, (Shape{3, 20, 20}));
  EXPECT_NE(Read(*resized, 1, 0), Read(*resized, 1, 1));
}

TEST(OpenSampleSet, ErrorsReachTheCaller) {
  const auto error = [](const std::string& text) {
    return OpenSampleSet(Parse(text), TestFolder(""), 1, true).status().ToString();
  };
  EXPECT_THAT(error("mnist {}"), HasSubstr(TestFolder("") + "/mnist"));
  EXPECT_THAT(error("mnist { folder: '/nonexistent' }"), HasSubstr("/nonexistent: "));
  EXPECT_THAT(error("cifar100 {}"), HasSubstr("/cifar100/train.bin"));
  EXPECT_THAT(error("idx { images: 'a' labels: 'b' }"), HasSubstr("/b: "));
  EXPECT_THAT(error("take: 3"), HasSubstr("expected a source"));
  EXPECT_THAT(error("image_folder { folder: 'none' }"), HasSubstr("/none"));
}

}  // namespace
}  // namespace espalier
