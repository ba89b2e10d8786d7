// Mutates a good table: single bytes, pieces of the text, and words of the language in wrong places.
#include "tests/fuzz/name_table_fuzz.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "core/random.h"

namespace espalier {
namespace {

constexpr char kTable[] =
    "# theirs  ours\n"
    "a.weight  conv1/weight\n"
    "n         bn1\n"
    "b conv2   # a module and a layer\n"
    "\n"
    "out fc\n"
    "extra -\n";

constexpr const char* kWords[] = {" ",        "\n",    "\t",  "#",     "-",          "\xff",          "\xc3\xa9",
                                  "a.weight", "conv1", "bn1", "extra", "conv2/bias", "n.running_var", "."};

TEST(NameTableFuzz, TheTableMatches) {
  EXPECT_TRUE(CheckNameTable(kTable).matched);
  EXPECT_FALSE(CheckNameTable("").matched);  // nothing has a use for the extra tensor
  EXPECT_TRUE(CheckNameTable("extra -").matched);
}

TEST(NameTableFuzz, EveryTruncationIsRead) {
  const std::string table = kTable;
  for (size_t size = 0; size < table.size(); ++size) CheckNameTable(table.substr(0, size));
}

TEST(NameTableFuzz, EveryFlippedBitIsRead) {
  std::string table = kTable;
  for (size_t bit = 0; bit < 8 * table.size(); ++bit) {
    table[bit / 8] ^= static_cast<char>(1 << bit % 8);
    CheckNameTable(table);
    table[bit / 8] ^= static_cast<char>(1 << bit % 8);
  }
}

TEST(NameTableFuzz, MutatedTables) {
  int parsed = 0, matched = 0;
  for (int trial = 0; trial < 10'000; ++trial) {
    Random random(1, "name tables", 0, trial);
    std::string text = kTable;
    for (int edits = 1 + random.Below(4); edits > 0; --edits) {
      const size_t at = random.Below(text.size() + 1);
      const size_t length = std::min<size_t>(random.Below(12), text.size() - at);
      switch (random.Below(3)) {
        case 0:
          text.erase(at, length);
          break;
        case 1:
          text.insert(random.Below(text.size() + 1), text.substr(at, length));
          break;
        default:
          text.insert(at, kWords[random.Below(std::size(kWords))]);
          break;
      }
    }
    const NameTableOutcome outcome = CheckNameTable(text);
    parsed += outcome.parsed;
    matched += outcome.matched;
  }
  EXPECT_GT(parsed, 1000);
  EXPECT_LT(parsed, 9500);
  EXPECT_GT(matched, 200);
  EXPECT_LT(matched, parsed);
}

}  // namespace
}  // namespace espalier
