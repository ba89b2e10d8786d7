#include "data/fingerprint.h"

#include <algorithm>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

using ::testing::ContainsRegex;

// Samples that hold their own index, but for one.
class NumberedSamples : public SampleSet {
 public:
  explicit NumberedSamples(int64_t size, int64_t odd_one = -1, bool readable = true)
      : size_(size), odd_one_(odd_one), readable_(readable) {}
  int64_t size() const override { return size_; }
  SampleType type() const override { return {{1, 2, 3}, 7}; }
  absl::Status Read(int64_t index, uint32_t /*epoch*/, ReadScratch* /*scratch*/, float* image,
                    int32_t* label) const override {
    if (index == odd_one_ && !readable_) return absl::DataLossError("x.png: torn");
    std::fill(image, image + 6, static_cast<float>(index));
    *label = index == odd_one_ ? 1 : 0;
    return absl::OkStatus();
  }

 private:
  int64_t size_, odd_one_;
  bool readable_;
};

TEST(FingerprintTest, SaysWhatTheDataAre) {
  EXPECT_THAT(FingerprintOf(NumberedSamples(100)),
              ContainsRegex("^100 samples of 1x2x3, 7 classes; crc32c [0-9a-f]{8} of 16$"));
  EXPECT_THAT(FingerprintOf(NumberedSamples(1)), ContainsRegex(" of 1$"));
}

TEST(FingerprintTest, TellsDataApart) {
  const std::string data = FingerprintOf(NumberedSamples(100));
  EXPECT_EQ(FingerprintOf(NumberedSamples(100)), data);
  EXPECT_NE(FingerprintOf(NumberedSamples(101)), data);
  EXPECT_NE(FingerprintOf(NumberedSamples(100, 0)), data);
  EXPECT_NE(FingerprintOf(NumberedSamples(100, 99)), data);
}

TEST(FingerprintTest, ASampleThatCannotBeRead) {
  EXPECT_EQ(FingerprintOf(NumberedSamples(3, 1, false)), "3 samples of 1x2x3, 7 classes; sample 1: x.png: torn");
}

}  // namespace
}  // namespace espalier
