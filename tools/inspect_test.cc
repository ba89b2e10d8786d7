#include "tools/inspect.h"

#include <fstream>
#include <sstream>

#include "absl/strings/str_split.h"
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

Result Inspect(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "inspect");
  std::ostringstream out, err;
  const int code = RunVerbs({InspectVerb()}, arguments, out, err);
  return {code, out.str(), err.str()};
}

std::string WriteFile(const std::string& name, const std::string& text) {
  const std::string path = testing::TempDir() + "/" + name;
  std::ofstream(path) << text;
  return path;
}

TEST(InspectTest, ATableWithTotals) {
  const Result result = Inspect({"configs/models/lenet5.pbtxt"});
  ASSERT_EQ(result.code, kExitDone) << result.err;
  EXPECT_THAT(result.out, HasSubstr("lenet5: configs/models/lenet5.pbtxt, batch 1"));
  EXPECT_THAT(result.out, ContainsRegex("image +input +\\[1, 1, 28, 28\\] +3.14 kB"));
  EXPECT_THAT(result.out, ContainsRegex("conv1 +convolution kernel 5x5 .*\\[1, 20, 24, 24\\] +520 +288,000 +46.1 kB"));
  EXPECT_THAT(result.out, ContainsRegex("fc1 +reshape \\+ matmul.*\\[1, 500\\] +400,500 +400,000 +2.00 kB"));
  EXPECT_THAT(result.out, ContainsRegex("total +431,080 +2,293,000"));
}

TEST(InspectTest, AShippedNetworkByItsNameAndABatch) {
  const Result result = Inspect({"lenet5", "--batch", "64"});
  ASSERT_EQ(result.code, kExitDone) << result.err;
  EXPECT_THAT(result.out, ContainsRegex("total +431,080 +146,752,000"));
}

TEST(InspectTest, AJobsModel) {
  const std::string path = WriteFile("job.pbtxt", R"(
      model { input { name: "x" dims: [4] } layer { name: "fc" dense { channels: 3 } } }
      data { train { builtin_digits {} } validation { builtin_digits {} } batch_size: 8 }
      optimizer { sgd {} }
      phase { name: "dense" epochs: 1 learning_rate { constant: 0.1 } })");
  const Result result = Inspect({path, "--set=model.layer[0].dense.channels=5"});
  ASSERT_EQ(result.code, kExitDone) << result.err;
  EXPECT_THAT(result.out, ContainsRegex("fc +matmul.*\\[1, 5\\] +25 +20 "));
}

TEST(InspectTest, Csv) {
  const Result result = Inspect({"configs/layers/dropout.pbtxt", "--csv"});
  EXPECT_EQ(result.out,
            "layer,operators,attributes,output,parameters,macs,activation_bytes\n"
            "x,input,,1x8,0,0,32\n"
            "dropout1,,,1x8,0,0,0\n");
}

TEST(InspectTest, Dot) {
  const std::string path = WriteFile("small.pbtxt", R"(name: "small" input { name: "x" dims: 4 }
      layer { name: "a" relu {} } layer { dropout {} } layer { name: "b" residual { body { layer { tanh {} } } } })");
  const Result result = Inspect({path, "--dot"});
  ASSERT_EQ(result.code, kExitDone) << result.err;
  const std::vector<std::string> lines = absl::StrSplit(result.out, '\n');
  EXPECT_EQ(lines.front(), "digraph \"small\" {");
  EXPECT_THAT(lines, testing::Contains("  \"x\" [label=\"x\\n[1, 4]\", shape=ellipse];"));
  EXPECT_THAT(lines, testing::Contains("  \"a\" [label=\"a\\nrelu\"];"));
  EXPECT_THAT(lines, testing::Contains("  \"x\" -> \"a\" [label=\"[1, 4]\"];"));
  EXPECT_THAT(lines, testing::Contains("  \"a\" -> \"b/tanh1\" [label=\"[1, 4]\"];"));
  EXPECT_THAT(lines, testing::Contains("  \"a\" -> \"b\" [label=\"[1, 4]\"];"));
  EXPECT_THAT(lines, testing::Contains("  \"b/tanh1\" -> \"b\" [label=\"[1, 4]\"];"));
}

TEST(InspectTest, Errors) {
  EXPECT_EQ(Inspect({"no_such_model"}).code, kExitBadUsage);
  EXPECT_THAT(Inspect({"no_such_model"}).err, HasSubstr("no_such_model"));
  const std::string path = WriteFile("broken.pbtxt", "input { name: 'x' dims: 4 }\nlayer {\n  slice { size: 9 }\n}\n");
  EXPECT_EQ(Inspect({path}).code, kExitBadUsage);
  EXPECT_THAT(Inspect({path}).err, HasSubstr("broken.pbtxt:3:11: layer[0].slice.size: layer \"slice1\": expected"));
  EXPECT_EQ(Inspect({"lenet5", "--batch=0"}).code, kExitBadUsage);
  EXPECT_EQ(Inspect({"lenet5", "--dot", "--csv"}).code, kExitBadUsage);
}

}  // namespace
}  // namespace espalier
