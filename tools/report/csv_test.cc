#include "tools/report/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "core/random.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string ErrorOf(absl::string_view text) { return std::string(ParseCsv(text).status().message()); }

TEST(Csv, CellsWithAndWithoutQuotes) {
  const auto table = ParseCsv("layer,cycles,\"a \"\"b\"\", c\"\r\nconv1,12,\n\"x\ny\",-1.5e3,z\n\n");
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_THAT(table->header, ElementsAre("layer", "cycles", "a \"b\", c"));
  ASSERT_EQ(table->rows.size(), 2u);
  EXPECT_THAT(table->rows[0], ElementsAre("conv1", "12", ""));
  EXPECT_THAT(table->rows[1], ElementsAre("x\ny", "-1.5e3", "z"));
  EXPECT_EQ(table->Column("cycles"), 1u);
  EXPECT_EQ(table->Column("bytes"), std::nullopt);
  EXPECT_EQ(table->Number(1, 1), -1500);
  EXPECT_EQ(table->Number(0, 2), std::nullopt);
  EXPECT_TRUE(table->IsNumeric(1));
  EXPECT_FALSE(table->IsNumeric(2));
}

TEST(Csv, LastLineMayLackItsEnd) {
  const auto table = ParseCsv("a\n1");
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_THAT(table->rows, ElementsAre(ElementsAre("1")));
  EXPECT_TRUE(ParseCsv("a,b")->rows.empty());
}

TEST(Csv, OnlyFiniteNumbersCount) {
  const auto table = ParseCsv("a,b,c\n1,nan,\n2,1,\n");
  ASSERT_TRUE(table.ok());
  EXPECT_FALSE(table->IsNumeric(1));
  EXPECT_FALSE(table->IsNumeric(2));
  EXPECT_EQ(table->Number(0, 1), std::nullopt);
}

TEST(Csv, ErrorsNameTheLine) {
  EXPECT_THAT(ErrorOf(""), HasSubstr("line 1: expected the columns' names"));
  EXPECT_EQ(ErrorOf("a,b\n1,2\n1\n"), "line 3: expected 2 cells, found 1");
  EXPECT_EQ(ErrorOf("a,b\n\"1\n\n\",2\n1,2,3\n"), "line 5: expected 2 cells, found 3");
  EXPECT_EQ(ErrorOf("a\n\"b"), "line 2: expected a closing quote, found the end");
  EXPECT_EQ(ErrorOf("a\n\"b\"c\n"), "line 2: expected a comma or the line's end, found c");
  EXPECT_EQ(ErrorOf("a\nb\"c\"\n"), "line 2: expected a comma or the line's end, found \"");
  EXPECT_THAT(std::string(ReadCsv(FileSystem::Posix(), "/nowhere.csv").status().message()), HasSubstr("/nowhere.csv"));
}

// Text of any kind gives a table whose rows are as long as its header, or an error.
TEST(Csv, TrustsNoByte) {
  constexpr absl::string_view kBytes = "a1,\"\n\r.\xff";
  for (uint32_t seed = 0; seed < 20000; ++seed) {
    Random random(seed, "csv", 0, 0);
    std::string text;
    for (uint32_t length = random.Below(24); length > 0; --length) text += kBytes[random.Below(kBytes.size())];
    const auto table = ParseCsv(text);
    if (!table.ok()) continue;
    for (const auto& row : table->rows) ASSERT_EQ(row.size(), table->header.size()) << text;
  }
}

}  // namespace
}  // namespace espalier
