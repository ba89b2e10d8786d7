#include "core/files/crc32c.h"

#include <gtest/gtest.h>

#include <string>

#include "core/random.h"

namespace espalier {
namespace {

TEST(Crc32c, KnownVectors) {
  std::string rising(32, '\0'), falling(32, '\0');
  for (int i = 0; i < 32; ++i) rising[i] = falling[31 - i] = static_cast<char>(i);
  for (const auto& crc : {Crc32c, Crc32cPlain}) {
    EXPECT_EQ(crc("", 0), 0u);
    EXPECT_EQ(crc("123456789", 0), 0xe3069283u);
    // RFC 3720, B.4.
    EXPECT_EQ(crc(std::string(32, '\0'), 0), 0x8a9136aau);
    EXPECT_EQ(crc(std::string(32, '\xff'), 0), 0x62a8ab43u);
    EXPECT_EQ(crc(rising, 0), 0x46dd794eu);
    EXPECT_EQ(crc(falling, 0), 0x113fdb5cu);
  }
}

std::string RandomBytes(size_t size) {
  Random random(1, "crc", 0, 0);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.NextBits());
  return bytes;
}

TEST(Crc32c, EqualsThePlainTwinAtEveryLengthAndAlignment) {
  const std::string bytes = RandomBytes(200'000);
  Random random(1, "crc ranges", 0, 0);
  for (int trial = 0; trial < 300; ++trial) {
    const size_t begin = random.Below(trial % 2 == 0 ? 64 : 100'000);
    const size_t size = random.Below(trial % 3 == 0 ? 64 : 100'000);
    const absl::string_view range = absl::string_view(bytes).substr(begin, size);
    const uint32_t start = random.NextBits();
    ASSERT_EQ(Crc32c(range, start), Crc32cPlain(range, start)) << begin << "+" << size;
  }
}

TEST(Crc32c, ExtendsAtAnyCut) {
  const std::string bytes = RandomBytes(60'000);
  const uint32_t whole = Crc32c(bytes);
  for (size_t cut = 0; cut <= bytes.size(); cut += 997) {
    EXPECT_EQ(Crc32c(absl::string_view(bytes).substr(cut), Crc32c(absl::string_view(bytes).substr(0, cut))), whole);
  }
}

}  // namespace
}  // namespace espalier
