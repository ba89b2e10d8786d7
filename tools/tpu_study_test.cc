#include "tools/tpu_study.h"

#include <fstream>
#include <iterator>
#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

struct Result {
  int code;
  std::string out, err;
};

Result Study(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "tpu_study");
  std::ostringstream out, err;
  const int code = RunVerbs({TpuStudyVerb()}, arguments, out, err);
  return {code, out.str(), err.str()};
}

std::string ReadAll(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(TpuStudy, PrintsTheTablesBesideThePublishedOnes) {
  const Result result = Study({"--application", "MLP1", "--constants"});
  ASSERT_EQ(result.code, kExitDone) << result.err;
  EXPECT_THAT(result.out, ContainsRegex("MLP1 +5.0M +168 +168 +[0-9.]+ +9.7"));
  EXPECT_THAT(result.out, ContainsRegex("weight_stall +[0-9.]+ \\| 44.2"));
  EXPECT_THAT(result.out, ContainsRegex("busy power +40 +W +Jouppi"));
}

TEST(TpuStudy, WritesTablesAndPlots) {
  const std::string directory = testing::TempDir() + "/tpu_study";
  const Result result = Study({"--application=MLP1", "--output", directory});
  ASSERT_EQ(result.code, kExitDone) << result.err;
  EXPECT_THAT(ReadAll(directory + "/tpu_counters.csv"), HasSubstr("\nMLP1,tera_operations_per_s,"));
  const std::string roofline = ReadAll(directory + "/tpu_roofline.csv");
  EXPECT_THAT(roofline, HasSubstr("\nTPU,1024,69.63\n"));
  EXPECT_THAT(roofline, HasSubstr("\nTPU,2048,91.75\n"));
  EXPECT_THAT(roofline, HasSubstr("\nMLP1 published,168,9.7\n"));
  EXPECT_THAT(ReadAll(directory + "/tpu_roofline.svg"), HasSubstr("</svg>"));
  EXPECT_THAT(ReadAll(directory + "/tpu_sensitivity.csv"), HasSubstr("\nmemory,1,1.0000,1.0000\n"));
}

// A quarter of 1,024 accumulator rows holds no image of CNN1 to pool.
TEST(TpuStudy, LeavesOutWhatHasNoRoom) {
  const std::string directory = testing::TempDir() + "/tpu_study_no_room";
  const Result result =
      Study({"--application=CNN1", "--set=accumulator_rows=1024", "--sensitivity", "--output", directory});
  ASSERT_EQ(result.code, kExitDone) << result.err;
  EXPECT_THAT(result.out, ContainsRegex("clock\\+ +0.25 +- +-"));
  EXPECT_THAT(ReadAll(directory + "/tpu_sensitivity.csv"), HasSubstr("\nclock+,0.25,,\n"));
  EXPECT_THAT(ReadAll(directory + "/tpu_sensitivity.csv"), HasSubstr("\nclock+,1,1.0000,1.0000\n"));
  EXPECT_THAT(ReadAll(directory + "/tpu_counters.csv"), HasSubstr("\nCNN1,"));
}

TEST(TpuStudy, TakesOtherParametersAndPrintsPrograms) {
  const Result result = Study({"--application=MLP1", "--disassemble", "--set=array_size=2048"});
  ASSERT_EQ(result.code, kExitDone) << result.err;
  EXPECT_THAT(result.out, HasSubstr("\n     2  matmul       ub "));
  EXPECT_EQ(Study({"--set", "array_size=0"}).code, kExitBadUsage);
  EXPECT_EQ(Study({"--application=MLP1", "--set=weight_memory_bytes=65536"}).code, kExitBadUsage);
  EXPECT_THAT(Study({"--application", "MLP2"}).err, HasSubstr("found MLP2"));
}

}  // namespace
}  // namespace espalier
