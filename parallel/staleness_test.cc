#include "parallel/staleness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espalier {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Staleness, CountsSteps) {
  StalenessHistogram histogram;
  EXPECT_EQ(histogram.steps(), 0);
  EXPECT_EQ(histogram.mean(), 0);
  for (int64_t staleness : {2, 0, 2, 5}) histogram.Add(staleness);
  EXPECT_THAT(histogram.counts(), ElementsAre(1, 0, 2, 0, 0, 1));
  EXPECT_EQ(histogram.steps(), 4);
  EXPECT_EQ(histogram.mean(), 9.0 / 4);
}

TEST(Staleness, Table) {
  const std::string table = StalenessTable({StalenessHistogram({10, 6, 0, 0, 1, 0, 0, 2, 1}), StalenessHistogram()});
  EXPECT_THAT(table,
              HasSubstr("worker    steps    mean     max       0       1       2       3     4-7    8-15     16+\n"
                        "     0       20    1.60       8   50.0%   30.0%    0.0%    0.0%   15.0%    5.0%    0.0%\n"
                        "     1        0    0.00       0    0.0%    0.0%    0.0%    0.0%    0.0%    0.0%    0.0%\n"));
  EXPECT_THAT(StalenessTable({StalenessHistogram(std::vector<int64_t>(20, 1))}),
              HasSubstr("     0       20    9.50      19    5.0%    5.0%    5.0%    5.0%   20.0%   40.0%   20.0%\n"));
}

TEST(Staleness, Csv) {
  const std::string path = testing::TempDir() + "/staleness.csv";
  ASSERT_TRUE(
      WriteStalenessCsv(FileSystem::Posix(), path, {StalenessHistogram({3, 0, 2}), StalenessHistogram({0, 5})}).ok());
  EXPECT_EQ(*ReadFile(FileSystem::Posix(), path, 1000), "worker,staleness,steps\n0,0,3\n0,2,2\n1,1,5\n");
}

}  // namespace
}  // namespace espalier
