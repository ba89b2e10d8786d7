#include "core/files/csv.h"

#include <gtest/gtest.h>

namespace espalier {
namespace {

TEST(CsvCell, QuotesWhatAReaderWouldTakeApart) {
  EXPECT_EQ(CsvCell(""), "");
  EXPECT_EQ(CsvCell("conv1/group 2"), "conv1/group 2");
  EXPECT_EQ(CsvCell("a,b"), "\"a,b\"");
  EXPECT_EQ(CsvCell("the \"last\""), "\"the \"\"last\"\"\"");
  EXPECT_EQ(CsvCell("a\r\nb"), "\"a\r\nb\"");
}

}  // namespace
}  // namespace espalier
