#include "data/augment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

namespace espalier {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::Pointwise;

const ChannelStatistics kPlain1 = {{0}, {1}};
const ChannelStatistics kPlain3 = {{0, 0, 0}, {1, 1, 1}};

std::vector<uint8_t> Noise(int count) {
  std::vector<uint8_t> bytes(count);
  Random random(1, "augment_test", 0, count);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.Below(256));
  return bytes;
}

MemorySource Source(int channels, int height, int width) {
  return MemorySource(channels, height, width, 10, Noise(channels * height * width), {0});
}

ImageView ViewOf(const MemorySource& source) {
  ImageView view;
  int32_t label;
  EXPECT_TRUE(source.Read(0, nullptr, &view, &label).ok());
  return view;
}

Augmentation Make(const Augment& augment, const ChannelStatistics& statistics, const ImageSource& source, bool training,
                  FolderSize folder = {}) {
  auto result = Augmentation::Create(augment, statistics, folder, source, training);
  CHECK(result.ok()) << result.status();
  return *std::move(result);
}

std::vector<float> Apply(const Augmentation& augmentation, const ImageView& image, uint32_t epoch, uint64_t index) {
  std::vector<float> result(augmentation.output_shape().elements(), -1);
  ReadScratch scratch;
  augmentation.Apply(image, Random(3, "augment", epoch, index), &scratch, result.data());
  return result;
}

TEST(Augmentation, NormalisesToZeroMeanUnitVariance) {
  const auto source = Source(3, 8, 8);
  const auto augmentation = Make({}, {{0.5f, 0.4f, 0.3f}, {0.25f, 0.2f, 0.1f}}, source, true);
  const auto result = Apply(augmentation, ViewOf(source), 0, 0);
  const uint8_t* pixels = ViewOf(source).pixels;
  for (int i = 0; i < 64; ++i) {
    EXPECT_NEAR(result[i], (pixels[i] / 255.0 - 0.5) / 0.25, 1e-5);
    EXPECT_NEAR(result[128 + i], (pixels[128 + i] / 255.0 - 0.3) / 0.1, 1e-5);
  }
}

// With and without colour jitter, which is drawn alike: the same picture, its planes in the other order.
TEST(Augmentation, ReversedChannelsComeLastToFirst) {
  const auto source = Source(3, 8, 8);
  const ChannelStatistics rgb = {{30, 20, 10}, {3, 2, 1}, 255}, bgr = {{10, 20, 30}, {1, 2, 3}, 255, true};
  Augment plain, jittered;
  jittered.mutable_color_jitter()->set_saturation(0.5f);
  for (const Augment& augment : {plain, jittered}) {
    const auto forward = Apply(Make(augment, rgb, source, true), ViewOf(source), 0, 0);
    const auto reversed = Apply(Make(augment, bgr, source, true), ViewOf(source), 0, 0);
    for (int c = 0; c < 3; ++c) {
      for (int i = 0; i < 64; ++i) ASSERT_EQ(reversed[c * 64 + i], forward[(2 - c) * 64 + i]);
    }
  }
  const auto forward = Apply(Make(plain, rgb, source, true), ViewOf(source), 0, 0);
  EXPECT_NEAR(forward[64], (ViewOf(source).pixels[64] - 20) / 2.0, 1e-4);
}

// All (2 * pad + 1)^2 places and both orientations occur, each is a copy of the padded picture, and they depend on
// epoch and index.
TEST(Augmentation, CropAndFlipReachEveryPlace) {
  const auto source = Source(1, 6, 6);
  Augment augment;
  augment.mutable_random_crop()->set_size(6);
  augment.mutable_random_crop()->set_pad(1);
  augment.mutable_random_flip();
  const auto augmentation = Make(augment, kPlain1, source, true);
  const float scale = 1 / 255.0f, shift = 0;
  std::set<std::tuple<int, int, bool>> seen;
  for (uint32_t i = 0; i < 300; ++i) {
    const auto result = Apply(augmentation, ViewOf(source), i / 20, i % 20);
    int matches = 0;
    for (const auto& [x, y, flip] : std::vector<std::tuple<int, int, bool>>{{-1, -1, false},
                                                                            {0, -1, false},
                                                                            {1, -1, false},
                                                                            {-1, 0, false},
                                                                            {0, 0, false},
                                                                            {1, 0, false},
                                                                            {-1, 1, false},
                                                                            {0, 1, false},
                                                                            {1, 1, false},
                                                                            {-1, -1, true},
                                                                            {0, -1, true},
                                                                            {1, -1, true},
                                                                            {-1, 0, true},
                                                                            {0, 0, true},
                                                                            {1, 0, true},
                                                                            {-1, 1, true},
                                                                            {0, 1, true},
                                                                            {1, 1, true}}) {
      std::vector<float> expected(36);
      ReferenceCropAndNormalize(ViewOf(source), {x, y, 6, 6, flip}, &scale, &shift, expected.data());
      if (result != expected) continue;
      ++matches;
      seen.insert({x, y, flip});
    }
    ASSERT_EQ(matches, 1);
  }
  EXPECT_EQ(seen.size(), 18u);
}

TEST(Augmentation, IsAFunctionOfEpochAndIndex) {
  const auto source = Source(3, 32, 32);
  Augment augment;
  augment.mutable_random_resized_crop()->set_size(16);
  augment.mutable_random_flip();
  augment.mutable_color_jitter()->set_brightness(0.5f);
  const auto augmentation = Make(augment, kPlain3, source, true);
  const auto first = Apply(augmentation, ViewOf(source), 2, 5);
  EXPECT_EQ(first, Apply(augmentation, ViewOf(source), 2, 5));
  EXPECT_NE(first, Apply(augmentation, ViewOf(source), 3, 5));
  EXPECT_NE(first, Apply(augmentation, ViewOf(source), 2, 6));
}

TEST(Augmentation, EvaluationTakesTheCentre) {
  const auto source = Source(1, 9, 12);
  Augment augment;
  augment.mutable_random_crop()->set_size(4);
  augment.mutable_random_flip()->set_probability(1);
  augment.mutable_color_jitter()->set_brightness(0.9f);
  const auto result = Apply(Make(augment, kPlain1, source, false), ViewOf(source), 0, 0);
  const float scale = 1 / 255.0f, shift = 0;
  std::vector<float> expected(16);
  ReferenceCropAndNormalize(ViewOf(source), {4, 2, 4, 4, false}, &scale, &shift, expected.data());
  EXPECT_EQ(result, expected);
}

// What the window shows of a resized picture equals the same part of the whole resized picture.
TEST(Augmentation, FolderSizesEqualResizeThenCrop) {
  for (auto [height, width] : {std::pair(60, 90), {90, 41}, {20, 30}}) {
    const auto source = Source(3, height, width);
    const auto augmentation = Make({}, kPlain3, source, false, {40, 32});
    EXPECT_EQ(augmentation.output_shape(), (Shape{3, 32, 32}));
    const int shorter = std::min(height, width), to_height = 40 * height / shorter, to_width = 40 * width / shorter;
    std::vector<uint8_t> whole(3 * to_height * to_width);
    const Box all{0, 0, static_cast<float>(width), static_cast<float>(height)};
    ReferenceResize(ViewOf(source), all, to_height, to_width, whole.data());
    std::vector<float> expected(3 * 32 * 32);
    const float scale[] = {1 / 255.0f, 1 / 255.0f, 1 / 255.0f}, shift[] = {0, 0, 0};
    ReferenceCropAndNormalize({whole.data(), 3, to_height, to_width},
                              {(to_width - 32) / 2, (to_height - 32) / 2, 32, 32}, scale, shift, expected.data());
    EXPECT_THAT(Apply(augmentation, ViewOf(source), 0, 0), Pointwise(FloatNear(1.01f / 255), expected));
  }
}

// A picture of absurd proportions costs no more than its window.
TEST(Augmentation, ThinPicturesStayCheap) {
  const auto source = Source(1, 1, 60000);
  const auto result = Apply(Make({}, kPlain1, source, false, {224, 224}), ViewOf(source), 0, 0);
  EXPECT_TRUE(std::all_of(result.begin(), result.end(), [](float value) { return value >= 0 && value <= 1; }));
}

TEST(Augmentation, PaddingIsBlackAroundResizedPictures) {
  MemorySource source(1, 20, 20, 10, std::vector<uint8_t>(400, 255), {0});
  Augment augment;
  augment.mutable_random_crop()->set_size(14);
  augment.mutable_random_crop()->set_pad(2);
  const auto augmentation = Make(augment, kPlain1, source, true, {10, 10});
  for (uint32_t i = 0; i < 20; ++i) {
    const auto result = Apply(augmentation, ViewOf(source), 0, i);
    EXPECT_EQ(std::count(result.begin(), result.end(), 1.0f), 100);
    EXPECT_EQ(std::count(result.begin(), result.end(), 0.0f), 96);
  }
}

TEST(DrawResizedCrop, KeepsAreaAndRatio) {
  RandomResizedCrop crop;
  crop.set_min_area(0.2f);
  crop.set_max_area(0.5f);
  for (uint32_t i = 0; i < 500; ++i) {
    Random random(1, "crop", 0, i);
    const Box box = DrawResizedCrop(crop, 100, 140, &random);
    EXPECT_NEAR(box.width * box.height / 14000, 0.35, 0.16);
    EXPECT_GT(box.width / box.height, 0.72);
    EXPECT_LT(box.width / box.height, 1.36);
    EXPECT_GE(box.x, 0);
    EXPECT_GE(box.y, 0);
    EXPECT_LE(box.x + box.width, 140);
    EXPECT_LE(box.y + box.height, 100);
  }
  Random random(1, "crop", 0, 0);
  crop.set_min_area(0.9f);
  crop.set_max_area(1);
  const Box thin = DrawResizedCrop(crop, 10, 1000, &random);
  EXPECT_THAT(std::vector<float>({thin.x, thin.y, thin.width, thin.height}), ElementsAre(495, 0, 10, 10));
}

TEST(Augmentation, ErrorsNameTheField) {
  const auto source = Source(3, 32, 32);
  const auto error = [&](const Augment& augment, const ChannelStatistics& statistics) {
    return Augmentation::Create(augment, statistics, {}, source, true).status().ToString();
  };
  Augment augment;
  augment.mutable_random_crop()->set_size(41);
  augment.mutable_random_crop()->set_pad(4);
  EXPECT_THAT(error(augment, kPlain3), HasSubstr("augment.random_crop.size: expected at most 40"));
  augment.mutable_random_crop()->set_size(40);
  EXPECT_THAT(error(augment, kPlain1), HasSubstr("normalize.mean: expected 3 values (one per channel), found 1"));
  augment.mutable_random_resized_crop()->set_size(32);
  EXPECT_THAT(error(augment, kPlain3), HasSubstr("found both"));
  augment.clear_random_crop();
  augment.mutable_random_resized_crop()->set_max_area(0.01f);
  EXPECT_THAT(error(augment, kPlain3), HasSubstr("min_area <= max_area"));
}

}  // namespace
}  // namespace espalier
