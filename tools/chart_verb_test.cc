#include "tools/chart_verb.h"

#include <fstream>
#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

using ::testing::HasSubstr;

struct Result {
  int code;
  std::string out, err;
};

Result DrawCsv(const std::string& csv, std::vector<std::string> flags = {}) {
  const std::string path = testing::TempDir() + "/points.csv";
  std::ofstream(path) << csv;
  std::vector<std::string> arguments = {"chart", path};
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  std::ostringstream out, err;
  const int code = RunVerbs({ChartVerb()}, arguments, out, err);
  return {code, out.str(), err.str()};
}

TEST(ChartVerbTest, DrawsInTheTerminal) {
  const Result result =
      DrawCsv("series,x,y\na,0,0.1\n\"b, c\",0,0.2\na,10,0.5\n", {"--title=accuracy", "--percent", "--width=60"});
  ASSERT_EQ(result.code, kExitDone) << result.err;
  EXPECT_THAT(result.out, HasSubstr("accuracy\n"));
  EXPECT_THAT(result.out, HasSubstr("a 50.00%"));
  EXPECT_THAT(result.out, HasSubstr("b, c 20.00%"));
}

TEST(ChartVerbTest, WritesSvg) {
  const std::string path = testing::TempDir() + "/chart.svg";
  const Result result = DrawCsv("series,x,y\na,1,1\na,2,4\na,4,nan\n", {"--svg", path, "--log_x", "--x_label=ranks"});
  ASSERT_EQ(result.code, kExitDone) << result.err;
  EXPECT_EQ(result.out, "");
  std::ostringstream svg;
  svg << std::ifstream(path).rdbuf();
  EXPECT_THAT(svg.str(), HasSubstr("<title>a</title>"));
  EXPECT_THAT(svg.str(), HasSubstr(">ranks</text>"));
}

TEST(ChartVerbTest, BadFilesAreCited) {
  for (const char* line : {"a,1", "a", ",", "a,b,1,2", "a,x,1", "a,1,y", "a,nan,1"}) {
    const Result result = DrawCsv(std::string("series,x,y\na,0,1\n") + line);
    EXPECT_EQ(result.code, kExitBadUsage) << line;
    EXPECT_THAT(result.err, HasSubstr("points.csv:3: expected a name")) << line;
  }
  EXPECT_THAT(DrawCsv("series,x,y\na,1,1\na,0,1\n").err, HasSubstr("points.csv:3: expected"));
  EXPECT_THAT(DrawCsv("x,y\n1,1\n").err, HasSubstr("points.csv:1: expected the header series,x,y, found \"x,y\""));
  std::ostringstream out, err;
  EXPECT_EQ(RunVerbs({ChartVerb()}, {"chart", "/nowhere/at/all.csv"}, out, err), kExitBadUsage);
}

}  // namespace
}  // namespace espalier
