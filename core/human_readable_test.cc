#include "core/human_readable.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace espalier {
namespace {

TEST(FormatCount, GroupsThousands) {
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(1000), "1,000");
  EXPECT_EQ(FormatCount(11689512), "11,689,512");
  EXPECT_EQ(FormatCount(-999), "-999");
  EXPECT_EQ(FormatCount(-123456), "-123,456");
  EXPECT_EQ(FormatCount(std::numeric_limits<int64_t>::min()), "-9,223,372,036,854,775,808");
}

TEST(FormatBytes, HasThreeSignificantDigits) {
  EXPECT_EQ(FormatBytes(0), "0 B");
  EXPECT_EQ(FormatBytes(999), "999 B");
  EXPECT_EQ(FormatBytes(1000), "1.00 kB");
  EXPECT_EQ(FormatBytes(46758048), "46.8 MB");
  EXPECT_EQ(FormatBytes(999499), "999 kB");
  EXPECT_EQ(FormatBytes(999500), "1.00 MB");
  EXPECT_EQ(FormatBytes(99960), "100 kB");
  EXPECT_EQ(FormatBytes(std::numeric_limits<uint64_t>::max()), "18.4 EB");
}

TEST(FormatDuration, GrowsItsUnits) {
  EXPECT_EQ(FormatDuration(0), "0:00");
  EXPECT_EQ(FormatDuration(7.4), "0:07");
  EXPECT_EQ(FormatDuration(59.6), "1:00");
  EXPECT_EQ(FormatDuration(133), "2:13");
  EXPECT_EQ(FormatDuration(3765), "1:02:45");
  EXPECT_EQ(FormatDuration(3 * 86400 + 4 * 3600 + 12 * 60), "3d 04:12");
  EXPECT_EQ(FormatDuration(-1), "?");
  EXPECT_EQ(FormatDuration(std::nan("")), "?");
  EXPECT_EQ(FormatDuration(INFINITY), "?");
}

TEST(FormatFigure, KeepsThreeDigitsOrTheUnit) {
  EXPECT_EQ(FormatFigure(0), "0");
  EXPECT_EQ(FormatFigure(0.03125), "0.0312");
  EXPECT_EQ(FormatFigure(7.254), "7.25");
  EXPECT_EQ(FormatFigure(9.999), "10.0");
  EXPECT_EQ(FormatFigure(61.25), "61.2");
  EXPECT_EQ(FormatFigure(611.7), "612");
  EXPECT_EQ(FormatFigure(12345.4), "12,345");
  EXPECT_EQ(FormatFigure(NAN), "nan");
  EXPECT_EQ(FormatFigure(-INFINITY), "-inf");
}

TEST(FormatPercent, HasTwoDecimals) {
  EXPECT_EQ(FormatPercent(0.84213), "84.21%");
  EXPECT_EQ(FormatPercent(1), "100.00%");
}

TEST(Columns, CountAndTrimCodePoints) {
  EXPECT_EQ(ColumnsOf("caf\xC3\xA9 \xE2\x94\x81"), 6);
  EXPECT_EQ(TrimToColumns("caf\xC3\xA9s", 4), "caf\xC3\xA9");
  EXPECT_EQ(TrimToColumns("caf\xC3\xA9s", 3), "caf");
  EXPECT_EQ(TrimToColumns("abc", 9), "abc");
  EXPECT_EQ(TrimToColumns("abc", 0), "");
  EXPECT_EQ(TrimToColumns("abc", -1), "");
}

}  // namespace
}  // namespace espalier
