#include "tools/eie_study.h"

#include <fstream>
#include <sstream>

#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Result {
  int code;
  std::string out, err;
};

Result Study(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "eie_study");
  std::ostringstream out, err;
  const int code = RunVerbs({EieStudyVerb()}, arguments, out, err);
  return {code, out.str(), err.str()};
}

std::string Read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(EieStudy, ShowsAndWritesALayer) {
  const std::string directory = testing::TempDir() + "/eie/study";
  // A layer that is named twice is one layer.
  const Result result =
      Study({"--layer", "NT-LSTM", "--layer", "NT-LSTM", "--seeds", "1", "--constants", "--output", directory});
  EXPECT_EQ(result.code, kExitDone) << result.err;
  EXPECT_THAT(result.out, AllOf(ContainsRegex("NT-LSTM +1 +5,[34].. +5,375 +[+-][01]\\.[0-9]%"),
                                HasSubstr("load balance by activations that a queue holds"),
                                HasSubstr("speed over one element's by processing elements"),
                                HasSubstr("energy of matrix reads, uJ by bits of a line"),
                                HasSubstr("the published chip's area from these: 40.84 mm2")));
  const std::vector<std::string> layers = absl::StrSplit(Read(directory + "/eie_layers.csv"), '\n', absl::SkipEmpty());
  EXPECT_THAT(layers, ElementsAre(StartsWith("layer,seed,"), StartsWith("NT-LSTM,1,1201,5")));
  EXPECT_THAT(Read(directory + "/eie_queue_depth.csv"),
              StartsWith("layer,queue_depth,cycles,us,energy_nj,load_balance\nNT-LSTM,1,"));
  EXPECT_THAT(Read(directory + "/eie_processing_elements.svg"), HasSubstr("NeuralTalk: padding among the entries"));
  EXPECT_THAT(Read(directory + "/eie_matrix_sram_width.csv"), HasSubstr("\nNT-LSTM,512,"));
}

TEST(EieStudy, NamesTheLayers) {
  EXPECT_EQ(Study({"--seeds", "9000000000"}).code, kExitBadUsage);

  const Result result = Study({"--layer", "FC1"});
  EXPECT_EQ(result.code, kExitBadUsage);
  EXPECT_THAT(result.err, HasSubstr("expected a layer among Alex-6"));
}

}  // namespace
}  // namespace espalier
