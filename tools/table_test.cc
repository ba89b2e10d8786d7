#include "tools/table.h"

#include <gtest/gtest.h>

namespace espalier {
namespace {

constexpr auto kRight = TextTable::Align::kRight;

TEST(TextTable, AlignsColumnsAndTotals) {
  TextTable table({{"layer"}, {"output"}, {"parameters", kRight}});
  table.AddSeparator();
  table.AddRow({"conv1", "[20, 24, 24]", "520"});
  table.AddRow({"ip1", "[500]", "400,500"});
  table.AddTotals({"total", "", "431,080"});
  EXPECT_EQ(table.ToString(), R"(layer  output        parameters
-----  ------------  ----------
conv1  [20, 24, 24]         520
ip1    [500]            400,500
-----  ------------  ----------
total                   431,080
)");
}

TEST(TextTable, IndentsAndLeavesOutAnEmptyHeader) {
  TextTable table({{""}, {"", kRight}});
  table.AddRow({"out/model.esp", "1.20 MB"});
  table.AddRow({"out", ""});
  EXPECT_EQ(table.ToString(2), "  out/model.esp  1.20 MB\n  out\n");
}

TEST(TextTable, CountsCharactersNotBytes) {
  TextTable table({{"kernel"}, {"n", kRight}});
  table.AddRow({"3×3", "1"});
  table.AddRow({"11x11 é", "2"});
  EXPECT_EQ(table.ToString(), "kernel   n\n-------  -\n3×3      1\n11x11 é  2\n");
}

TEST(TextTable, WithoutRowsOnlyTheHeaderStands) { EXPECT_EQ(TextTable({{"a"}, {"b"}}).ToString(), "a  b\n-  -\n"); }

TEST(TextTableDeathTest, RowsHaveOneCellForEachColumn) {
  TextTable table({{"a"}, {"b"}});
  EXPECT_DEATH(table.AddRow({"1"}), "cells.size");
}

}  // namespace
}  // namespace espalier
