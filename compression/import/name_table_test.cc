#include "compression/import/name_table.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(NameTable, PairsCommentsAndBlankLines) {
  const auto pairs =
      ParseNameTable("# all of them\n\nfeatures.0  conv1\r\n\tfc.weight\tfc/weight # the last\nx -\ny -", "names.txt");
  ASSERT_TRUE(pairs.ok()) << pairs.status();
  ASSERT_EQ(pairs->size(), 4);
  EXPECT_EQ((*pairs)[0].theirs, "features.0");
  EXPECT_EQ((*pairs)[0].ours, "conv1");
  EXPECT_EQ((*pairs)[0].line, 3);
  EXPECT_EQ((*pairs)[1].theirs, "fc.weight");
  EXPECT_EQ((*pairs)[1].ours, "fc/weight");
  EXPECT_EQ((*pairs)[3].ours, kLeaveOut);
}

TEST(NameTable, EmptyIsATableToo) {
  EXPECT_TRUE(ParseNameTable("", "names.txt")->empty());
  EXPECT_TRUE(ParseNameTable("# nothing", "names.txt")->empty());
}

TEST(NameTable, AllProblemsAtOnce) {
  const auto pairs = ParseNameTable("a b\nc\na d e\na f\ng b\n\xff\xff h", "names.txt");
  const std::string message(pairs.status().message());
  EXPECT_THAT(message, AllOf(HasSubstr("names.txt:2: expected two names, theirs and ours, found 1"),
                             HasSubstr("names.txt:3: expected two names, theirs and ours, found 3"),
                             HasSubstr("names.txt:4: expected each name once, found a, as in line 1"),
                             HasSubstr("names.txt:5: expected each name once, found b, as in line 1"),
                             HasSubstr("names.txt:6: expected names in UTF-8")));
}

}  // namespace
}  // namespace espalier
