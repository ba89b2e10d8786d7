// The two built-in generators and the cache they stand on.
#include <gtest/gtest.h>

#include <atomic>
#include <numeric>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "data/builtin_digits.h"
#include "data/builtin_shapes.h"
#include "data/generated_source.h"

namespace espalier {
namespace {

struct Generator {
  int32_t (*draw)(uint64_t seed, int64_t index, uint8_t* planes);
  std::unique_ptr<ImageSource> (*make)(int64_t samples, uint64_t seed);
  int bytes;
};

class Builtin : public ::testing::TestWithParam<Generator> {
 protected:
  std::string Picture(uint64_t seed, int64_t index) const {
    std::string pixels(GetParam().bytes, '\1');
    label_ = GetParam().draw(seed, index, reinterpret_cast<uint8_t*>(pixels.data()));
    return pixels;
  }
  mutable int32_t label_ = -1;
};

TEST_P(Builtin, IsAFunctionOfSeedAndIndexWithDistinctSamples) {
  std::set<std::string> distinct;
  for (uint64_t seed : {1, 2}) {
    for (int64_t index = 0; index < 500; ++index) {
      const std::string picture = Picture(seed, index);
      EXPECT_EQ(label_, index % 10);
      EXPECT_EQ(picture, Picture(seed, index));
      distinct.insert(picture);
    }
  }
  EXPECT_EQ(distinct.size(), 1000u);
}

TEST_P(Builtin, SourceHoldsTheSamePictures) {
  const auto source = GetParam().make(30, 7);
  EXPECT_EQ(source->size(), 30);
  EXPECT_EQ(source->classes(), 10);
  EXPECT_EQ(source->channels() * source->height() * source->width(), GetParam().bytes);
  ReadScratch scratch;
  for (int pass = 0; pass < 2; ++pass) {
    for (int64_t i = 0; i < 30; ++i) {
      ImageView view;
      int32_t label;
      ASSERT_TRUE(source->Read(i, &scratch, &view, &label).ok());
      EXPECT_EQ(label, i % 10);
      EXPECT_EQ(std::string(view.pixels, view.pixels + GetParam().bytes), Picture(7, i));
    }
  }
}

// Classes are told apart by shape, not by how bright they are: nearest mean brightness is no classifier.
TEST_P(Builtin, PicturesHaveContrastInTheMiddle) {
  const int side = GetParam().bytes == 784 ? 28 : 32;
  for (int64_t i = 0; i < 200; ++i) {
    const std::string picture = Picture(3, i);
    int least = 255, greatest = 0;
    for (int y = 4; y < side - 4; ++y) {
      for (int x = 4; x < side - 4; ++x) {
        const int value = static_cast<uint8_t>(picture[y * side + x]);
        least = std::min(least, value);
        greatest = std::max(greatest, value);
      }
    }
    EXPECT_GT(greatest - least, 40) << "sample " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Generators, Builtin,
                         ::testing::Values(Generator{DrawDigit, MakeBuiltinDigits, 784},
                                           Generator{DrawShape, MakeBuiltinShapes, 3072}),
                         [](const auto& info) { return info.param.bytes == 784 ? "Digits" : "Shapes"; });

TEST(GeneratedSource, DrawsCachedPicturesOnceAndOthersEachTime) {
  std::atomic<int> draws{0};
  const GeneratedSource source(
      {1, 1, 2, 10}, 5,
      [&](int64_t index, uint8_t* planes) {
        ++draws;
        planes[0] = planes[1] = static_cast<uint8_t>(index);
        return static_cast<int32_t>(index);
      },
      /*most_cached_bytes=*/6);  // three pictures
  ReadScratch scratch;
  for (int pass = 0; pass < 4; ++pass) {
    for (int64_t i = 0; i < 5; ++i) {
      ImageView view;
      int32_t label;
      ASSERT_TRUE(source.Read(i, &scratch, &view, &label).ok());
      EXPECT_EQ(label, i);
      EXPECT_EQ(view.pixels[1], i);
    }
  }
  EXPECT_EQ(draws, 3 + 4 * 2);
}

TEST(GeneratedSource, ThreadsMayMeetOnOnePicture) {
  const auto source = MakeBuiltinDigits(20, 1);
  std::vector<std::thread> threads;
  std::atomic<int64_t> wrong{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      ReadScratch scratch;
      std::vector<uint8_t> expected(784);
      for (int64_t i = 0; i < 20; ++i) {
        ImageView view;
        int32_t label;
        const bool read = source->Read(i, &scratch, &view, &label).ok();
        DrawDigit(1, i, expected.data());
        wrong += !read || label != i % 10 || !std::equal(expected.begin(), expected.end(), view.pixels);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace espalier
