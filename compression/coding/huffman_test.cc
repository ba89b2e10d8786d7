#include "compression/coding/huffman.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

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

}  // namespace
}  // namespace espalier
