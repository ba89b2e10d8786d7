#include "compression/coding/huffman.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "absl/strings/match.h"
#include "compression/coding/huffman_block.h"
#include "compression/coding/testing/reference_huffman.h"
#include "core/random.h"

namespace espalier {
namespace {

std::vector<uint8_t> Symbols(int64_t count, const std::function<int(Random*)>& draw) {
  Random random(1, "symbols", 0, count);
  std::vector<uint8_t> symbols(count);
  for (uint8_t& symbol : symbols) symbol = draw(&random);
  return symbols;
}

std::function<int(Random*)> Geometric(float stop, int limit) {
  return [=](Random* random) {
    int value = 0;
    while (value < limit - 1 && random->Uniform() >= stop) ++value;
    return value;
  };
}

std::function<int(Random*)> Uniform(int limit) {
  return [=](Random* random) { return random->Below(limit); };
}

void ExpectSame(const std::vector<uint8_t>& symbols) {
  const std::string block = HuffmanEncode(symbols);
  EXPECT_LE(block.size(), symbols.size() + 1);
  std::vector<uint8_t> decoded(symbols.size(), 0xa5);
  const absl::Status status = HuffmanDecode(block, absl::MakeSpan(decoded));
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(decoded, symbols);
  std::vector<uint8_t> plain(symbols.size(), 0x5a);
  EXPECT_TRUE(ReferenceHuffmanDecode(block, absl::MakeSpan(plain)).ok());
  EXPECT_EQ(plain, symbols);
  const absl::StatusOr<HuffmanSizes> sizes = HuffmanBlockSizes(block, symbols.size());
  ASSERT_TRUE(sizes.ok()) << sizes.status();
  EXPECT_EQ(sizes->table_bytes + sizes->stream_bytes, block.size());
}

TEST(Huffman, DecodesWhatItEncodes) {
  for (int64_t count : {0, 1, 2, 3, 5, 8, 17, 63, 500, 4096, 10000, 32767, 32768, 70001, 300000}) {
    for (int limit : {1, 2, 3, 16, 64, 100, 256}) {
      SCOPED_TRACE(testing::Message() << count << " symbols of " << limit);
      ExpectSame(Symbols(count, Uniform(limit)));
      ExpectSame(Symbols(count, Geometric(0.8, limit)));
      ExpectSame(Symbols(count, Geometric(0.04, limit)));
    }
  }
}

// Files are read by what is built later: the bytes may not change.
TEST(Huffman, WritesTheseBytes) {
  // a: 1 bit, b and c: 2. The head is 01 (mode, lowest bit first), 1111 1000 (1), 10 1 (2), 0 (2); then, up to the
  // block's last bit, the symbols' codes, each from its last bit to its first.
  const std::string block = HuffmanEncode(std::vector<uint8_t>{0, 1, 0, 2, 0, 0, 1, 0, 0, 2, 0, 0, 0, 0, 0, 0});
  EXPECT_EQ(block, std::string("\x7e\x14\x40\x23\x03", 5));
  EXPECT_EQ(HuffmanEncode(std::vector<uint8_t>(1000, 7)), std::string("\x01\x07"));
  EXPECT_EQ(HuffmanEncode(std::vector<uint8_t>{5, 9}), std::string("\x00\x05\x09", 3));
  EXPECT_EQ(HuffmanEncode({}), "");
}

TEST(Huffman, HeadsAreSmall) {
  const auto table_bytes = [](const std::vector<uint8_t>& symbols) {
    return HuffmanBlockSizes(HuffmanEncode(symbols), symbols.size())->table_bytes;
  };
  EXPECT_LE(table_bytes(Symbols(10000, Uniform(16))), 4);
  EXPECT_LE(table_bytes(Symbols(10000, Geometric(0.04, 32))), 8);
  EXPECT_LE(table_bytes(Symbols(10000, Geometric(0.04, 256))), 48);
}

void ExpectRefused(const std::string& block, int64_t count, const std::string& message) {
  std::vector<uint8_t> symbols(count);
  const absl::Status status = HuffmanDecode(block, absl::MakeSpan(symbols));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::StrContains(status.message(), message)) << status;
  EXPECT_FALSE(ReferenceHuffmanDecode(block, absl::MakeSpan(symbols)).ok());
}

std::string Block(const std::function<void(BitWriter*)>& write) {
  BitWriter out;
  write(&out);
  return out.bytes();
}

TEST(Huffman, RefusesHeadsThatAreNone) {
  ExpectRefused("", 1, "expected a block for 1 symbols, found nothing");
  EXPECT_FALSE(HuffmanBlockSizes("x", -1).ok());
  EXPECT_FALSE(HuffmanBlockSizes("\x02", std::numeric_limits<int64_t>::max()).ok());
  ExpectRefused("x", 0, "expected nothing for no symbols, found 1 bytes");
  ExpectRefused(std::string("\x00\x01\x02", 3), 3, "expected 3 bytes behind the mode, found 2");
  ExpectRefused("\x05\x01", 3, "expected zeros behind the mode");
  ExpectRefused("\x01\x01\x01", 3, "expected 1 bytes behind the mode, found 2");
  ExpectRefused("\x02", 3, "found the end after symbol");
  const auto explicit_length = [](int length, BitWriter* out) {
    out->Write(0b1111, 4);
    out->Write(length, 4);
  };
  ExpectRefused(Block([&](BitWriter* out) {
                  out->Write(2, 2);
                  explicit_length(12, out);
                  out->Write(0, 30);
                }),
                3, "expected code lengths from 1 to 11, found 12 for symbol 0");
  // 1/2, 1/4 and 1/2: more codes than there are.
  ExpectRefused(Block([&](BitWriter* out) {
                  out->Write(2, 2);
                  for (int length : {1, 2, 1}) explicit_length(length, out);
                  out->Write(0, 30);
                }),
                3, "expected code lengths whose 2^-length sum to 1, found 2560/2048");
  // 256 codes of 11 bits are an eighth of what there must be.
  ExpectRefused(Block([&](BitWriter* out) {
                  out->Write(2, 2);
                  explicit_length(11, out);
                  for (int i = 0; i < 1000; ++i) out->Write(0, 1);
                }),
                3, "expected code lengths of 256 symbols at most");
  ExpectRefused(Block([&](BitWriter* out) {
                  out->Write(2, 2);
                  out->Write(0b011, 3);
                  out->Write(0xff, 8);
                  out->Write(0, 30);
                }),
                3, "expected code lengths of up to 256 symbols");
}

TEST(Huffman, RefusesStreamsThatDoNotFit) {
  for (int64_t count : {1000, 40000}) {
    const std::vector<uint8_t> symbols = Symbols(count, Geometric(0.2, 64));
    const std::string block = HuffmanEncode(symbols);
    ExpectRefused(block, 3 * count, "expected all symbols of stream");
    ExpectRefused(block, count / 3, "unused bits in stream");
    ExpectRefused(block.substr(0, block.size() / 100), count, "expected");
    ExpectRefused(block + std::string(40, '\0'), count, "unused bit");
  }
}

// Every place of a short block set to every value: the fast decoder and its twin agree.
TEST(Huffman, AgreesWithItsTwinOnBrokenBlocks) {
  const std::vector<uint8_t> symbols = Symbols(60, Geometric(0.3, 16));
  const std::string good = HuffmanEncode(symbols);
  int taken = 0;
  for (size_t at = 0; at < good.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      std::string block = good;
      block[at] = static_cast<char>(value);
      std::vector<uint8_t> fast(symbols.size()), plain(symbols.size());
      const absl::Status status = HuffmanDecode(block, absl::MakeSpan(fast));
      ASSERT_EQ(status.ok(), ReferenceHuffmanDecode(block, absl::MakeSpan(plain)).ok()) << at << " " << value << status;
      if (!status.ok()) continue;
      ++taken;
      EXPECT_EQ(fast, plain);
    }
  }
  EXPECT_GT(taken, 100);
}

}  // namespace
}  // namespace espalier
