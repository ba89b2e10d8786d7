#include "data/image_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <png.h>

#include <cstdlib>
#include <vector>

#include "data/testing/fixtures.h"

namespace espalier {
namespace {

using ::espalier::testing::Bytes;
using ::espalier::testing::EncodeJpeg;
using ::espalier::testing::EncodePng;
using ::espalier::testing::Gradient;
using ::espalier::testing::JpegKind;
using ::testing::HasSubstr;

struct Decoded {
  std::vector<uint8_t> planes;
  ImageView image;
  int At(int c, int y, int x) const { return image.pixels[(c * image.height + y) * image.width + x]; }
};

Decoded Decode(const Bytes& bytes, int min_side = 0) {
  Decoded decoded;
  const absl::Status status = DecodeImage(bytes, min_side, &decoded.planes, &decoded.image);
  EXPECT_TRUE(status.ok()) << status;
  return decoded;
}

std::string ErrorOf(const Bytes& bytes) {
  Decoded decoded;
  return DecodeImage(bytes, 0, &decoded.planes, &decoded.image).ToString();
}

constexpr int kHeight = 37, kWidth = 53;

TEST(DecodeJpeg, GivesBackColours) {
  const Bytes pixels = Gradient(3, kHeight, kWidth);
  for (JpegKind kind : {JpegKind::kRgb, JpegKind::kProgressive}) {
    const Decoded decoded = Decode(EncodeJpeg(kind, kHeight, kWidth, pixels));
    ASSERT_EQ(decoded.image.height, kHeight);
    ASSERT_EQ(decoded.image.width, kWidth);
    double error = 0;
    for (int i = 0; i < 3 * kHeight * kWidth; ++i) {
      error += std::abs(decoded.At(i % 3, i / 3 / kWidth, i / 3 % kWidth) - pixels[i]);
    }
    EXPECT_LT(error / (3 * kHeight * kWidth), 6);
  }
}

TEST(DecodeJpeg, GreyBecomesThreeEqualChannels) {
  const Bytes pixels = Gradient(1, kHeight, kWidth);
  const Decoded decoded = Decode(EncodeJpeg(JpegKind::kGrey, kHeight, kWidth, pixels));
  ASSERT_EQ(decoded.image.channels, 3);
  for (int x = 0; x < kWidth; ++x) {
    EXPECT_NEAR(decoded.At(0, 5, x), pixels[5 * kWidth + x], 6);
    EXPECT_EQ(decoded.At(0, 5, x), decoded.At(2, 5, x));
  }
}

TEST(DecodeJpeg, CmykBecomesRgb) {
  Bytes pixels;
  for (int i = 0; i < 64; ++i) pixels.insert(pixels.end(), {255, 128, 0, 200});  // complement: C 0, M half, Y full
  const Decoded decoded = Decode(EncodeJpeg(JpegKind::kCmyk, 8, 8, pixels));
  EXPECT_NEAR(decoded.At(0, 4, 4), 200, 3);
  EXPECT_NEAR(decoded.At(1, 4, 4), 100, 3);
  EXPECT_NEAR(decoded.At(2, 4, 4), 0, 3);
}

TEST(DecodeJpeg, ReducesWhileTheShorterSideAllows) {
  const Bytes file = EncodeJpeg(JpegKind::kRgb, 160, 320, Gradient(3, 160, 320));
  for (auto [min_side, height] : {std::pair(0, 160), {81, 160}, {80, 80}, {41, 80}, {40, 40}, {20, 20}, {1, 20}}) {
    const Decoded decoded = Decode(file, min_side);
    EXPECT_EQ(decoded.image.height, height) << min_side;
    EXPECT_EQ(decoded.image.width, 2 * height);
    EXPECT_NEAR(decoded.At(0, 0, decoded.image.width / 2), 128, 12);
  }
}

TEST(DecodePng, RgbIsExact) {
  const Bytes pixels = Gradient(3, kHeight, kWidth);
  for (bool interlaced : {false, true}) {
    const Decoded decoded = Decode(EncodePng(PNG_COLOR_TYPE_RGB, 8, interlaced, kHeight, kWidth, pixels));
    ASSERT_EQ(decoded.image.height, kHeight);
    for (int i = 0; i < 3 * kHeight * kWidth; ++i) {
      ASSERT_EQ(decoded.At(i % 3, i / 3 / kWidth, i / 3 % kWidth), pixels[i]) << "interlaced: " << interlaced;
    }
  }
}

TEST(DecodePng, OtherColourTypesBecomeRgb) {
  // One row of two pixels each.
  const Decoded grey = Decode(EncodePng(PNG_COLOR_TYPE_GRAY, 8, false, 1, 2, {7, 200}));
  EXPECT_EQ(grey.At(0, 0, 1), 200);
  EXPECT_EQ(grey.At(2, 0, 1), 200);
  const Decoded bits = Decode(EncodePng(PNG_COLOR_TYPE_GRAY, 1, false, 1, 2, {0b01000000}));
  EXPECT_EQ(bits.At(1, 0, 0), 0);
  EXPECT_EQ(bits.At(1, 0, 1), 255);
  const Decoded palette = Decode(EncodePng(PNG_COLOR_TYPE_PALETTE, 8, false, 1, 2, {100, 30}));
  EXPECT_EQ(palette.At(0, 0, 0), 100);
  EXPECT_EQ(palette.At(1, 0, 0), 50);
  EXPECT_EQ(palette.At(2, 0, 1), 225);
  const Decoded alpha = Decode(EncodePng(PNG_COLOR_TYPE_RGB_ALPHA, 8, false, 1, 2, {1, 2, 3, 0, 4, 5, 6, 255}));
  EXPECT_EQ(alpha.At(0, 0, 0), 1);
  EXPECT_EQ(alpha.At(2, 0, 1), 6);
  const Decoded deep = Decode(EncodePng(PNG_COLOR_TYPE_RGB, 16, false, 1, 1, {0xFF, 0xFF, 0x80, 0x80, 0, 0}));
  EXPECT_EQ(deep.At(0, 0, 0), 255);
  EXPECT_EQ(deep.At(1, 0, 0), 128);
  EXPECT_EQ(deep.At(2, 0, 0), 0);
}

TEST(DecodeImage, RefusesOtherData) {
  EXPECT_THAT(ErrorOf({}), HasSubstr("found nothing"));
  EXPECT_THAT(ErrorOf({'G', 'I', 'F', '8', '9', 'a'}), HasSubstr("found 474946383961"));
}

TEST(DecodeImage, TruncationIsAnErrorNotAGreyPicture) {
  for (const Bytes& file : {EncodeJpeg(JpegKind::kRgb, kHeight, kWidth, Gradient(3, kHeight, kWidth)),
                            EncodePng(PNG_COLOR_TYPE_RGB, 8, false, kHeight, kWidth, Gradient(3, kHeight, kWidth))}) {
    for (size_t length = 0; length + 2 < file.size(); length += 7) {
      EXPECT_THAT(ErrorOf(Bytes(file.begin(), file.begin() + length)), HasSubstr("DATA_LOSS")) << length;
    }
  }
}

TEST(DecodeImage, HostileSizesAreRefusedBeforeAllocation) {
  Bytes jpeg = EncodeJpeg(JpegKind::kRgb, 8, 8, Gradient(3, 8, 8));
  for (size_t i = 0; i + 8 < jpeg.size(); ++i) {
    if (jpeg[i] == 0xFF && jpeg[i + 1] == 0xC0) jpeg[i + 5] = jpeg[i + 6] = jpeg[i + 7] = jpeg[i + 8] = 0xFE;
  }
  EXPECT_THAT(ErrorOf(jpeg), HasSubstr("found 65278 x 65278"));
  const Bytes black(8192 * 1024, 0);
  const Bytes bomb = EncodePng(PNG_COLOR_TYPE_GRAY, 1, false, 8192, 65536, Bytes(size_t{8192} * 8192, 0));
  EXPECT_THAT(ErrorOf(bomb), HasSubstr("found 65536 x 8192"));
}

TEST(DecodeImage, DamagedPicturesNeverCrash) {
  const Bytes pixels = Gradient(3, kHeight, kWidth), four = Gradient(4, kHeight, kWidth);
  for (const Bytes& file :
       {EncodeJpeg(JpegKind::kRgb, kHeight, kWidth, pixels),
        EncodeJpeg(JpegKind::kProgressive, kHeight, kWidth, pixels), EncodeJpeg(JpegKind::kCmyk, kHeight, kWidth, four),
        EncodePng(PNG_COLOR_TYPE_RGB, 8, true, kHeight, kWidth, pixels),
        EncodePng(PNG_COLOR_TYPE_RGB_ALPHA, 8, false, kHeight, kWidth, four),
        EncodePng(PNG_COLOR_TYPE_PALETTE, 8, false, kHeight, kWidth, Gradient(1, kHeight, kWidth))}) {
    int refused = 0;
    testing::ForEachDamage(file, 500, [&](const Bytes& damaged) {
      Decoded decoded;
      const absl::Status status = DecodeImage(damaged, 16, &decoded.planes, &decoded.image);
      if (status.ok()) {
        const ImageView& image = decoded.image;
        EXPECT_LE(size_t{3} * image.height * image.width, decoded.planes.size());
      } else {
        ++refused;
      }
    });
    EXPECT_GT(refused, 60);
  }
}

}  // namespace
}  // namespace espalier
