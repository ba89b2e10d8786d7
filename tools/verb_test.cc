#include "tools/verb.h"

#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::vector<Flag> kFlags = {{"batch", "N", "images"}, {"csv", "", "commas"}, {"set", "PATH=VALUE", "a field"}};

absl::StatusOr<Arguments> Parse(const std::vector<std::string>& arguments) {
  return ParseArguments(arguments, kFlags, 1, 1);
}

TEST(CommandLineTest, FlagsAndArgumentsInAnyOrder) {
  const Arguments arguments = Parse({"--batch=8", "file", "--csv", "--set", "a=1", "--set=b=2"}).value();
  EXPECT_THAT(arguments.positional(), ElementsAre("file"));
  EXPECT_TRUE(arguments.Has("csv"));
  EXPECT_EQ(arguments.GetInteger("batch", 1, 1).value(), 8);
  EXPECT_THAT(arguments.GetAll("set"), ElementsAre("a=1", "b=2"));
  EXPECT_THAT(Parse({"--", "--csv"})->positional(), ElementsAre("--csv"));
  EXPECT_EQ(Parse({"file"})->GetInteger("batch", 1, 1).value(), 1);
}

TEST(CommandLineTest, Errors) {
  EXPECT_EQ(Parse({"file", "--btach=8"}).status().message(), "unknown flag --btach; did you mean batch?");
  EXPECT_EQ(Parse({"file", "--csv=1"}).status().message(), "--csv takes no value");
  EXPECT_EQ(Parse({"file", "--batch"}).status().message(), "--batch: expected N, found nothing");
  EXPECT_EQ(Parse({"--batch", "--csv", "file"}).status().message(), "--batch: expected N, found --csv");
  EXPECT_EQ(Parse({}).status().message(), "expected 1 argument, found 0");
  EXPECT_EQ(Parse({"a", "b"}).status().message(), "expected 1 argument, found 2");
  for (const char* value : {"0", "-1", "x", "", "100", "99999999999999999999"}) {
    EXPECT_EQ(Parse({"f", std::string("--batch=") + value})->GetInteger("batch", 1, 1, 99).status().message(),
              std::string("--batch: expected a whole number from 1 to 99, found ") + value);
  }
  EXPECT_EQ(Parse({"f", "--batch=99"})->GetInteger("batch", 1, 1, 99).value(), 99);
  EXPECT_FALSE(Parse({"f", "--batch=2147483648"})->GetInteger("batch", 1, 1).ok()) << "what an int holds";
}

TEST(CommandLineTest, PositiveNumbers) {
  EXPECT_EQ(Parse({"f", "--batch=2.5"})->GetPositive("batch", 1).value(), 2.5);
  EXPECT_EQ(Parse({"f"})->GetPositive("batch", 1).value(), 1);
  for (const char* value : {"0", "-1", "x", "", "inf", "nan", "1e999"}) {
    EXPECT_EQ(Parse({"f", std::string("--batch=") + value})->GetPositive("batch", 1).status().message(),
              std::string("--batch: expected a positive number, found ") + value);
  }
}

struct Result {
  int code;
  std::string out, err;
};

Result Espalier(const std::vector<std::string>& arguments) {
  Verb verb;
  verb.name = "greet";
  verb.arguments = "NAME";
  verb.summary = "Greets.";
  verb.flags = {{"loud", "", "shouts"}};
  verb.minimum_arguments = verb.maximum_arguments = 1;
  verb.run = [](const Arguments& arguments, std::ostream& out) {
    const std::string& name = arguments.positional()[0];
    if (name == "nobody") return absl::NotFoundError("nobody is there");
    if (name == "damaged") return absl::DataLossError("half a name");
    if (name == "disk") return absl::InternalError("no space");
    out << "hello " << name << (arguments.Has("loud") ? "!" : "") << "\n";
    return absl::OkStatus();
  };
  std::ostringstream out, err;
  const int code = RunVerbs({verb}, arguments, out, err);
  return {code, out.str(), err.str()};
}

TEST(VerbTest, RunsAndReportsByExitCode) {
  EXPECT_EQ(Espalier({"greet", "world", "--loud"}).out, "hello world!\n");
  EXPECT_EQ(Espalier({"greet", "world"}).code, kExitDone);
  EXPECT_EQ(Espalier({"greet", "nobody"}).code, kExitBadUsage);
  EXPECT_EQ(Espalier({"greet", "nobody"}).err, "espalier greet: nobody is there\n");
  EXPECT_EQ(Espalier({"greet", "damaged"}).code, kExitBadUsage);
  EXPECT_EQ(Espalier({"greet", "disk"}).code, kExitFailed);
}

TEST(VerbTest, Help) {
  for (const auto& arguments : std::vector<std::vector<std::string>>{{"help"}, {"--help"}}) {
    EXPECT_EQ(Espalier(arguments).code, kExitDone);
    EXPECT_THAT(Espalier(arguments).out, HasSubstr("greet  Greets."));
  }
  for (const auto& arguments : std::vector<std::vector<std::string>>{{"help", "greet"}, {"greet", "--help"}}) {
    EXPECT_EQ(Espalier(arguments).code, kExitDone);
    EXPECT_THAT(Espalier(arguments).out, StartsWith("usage: espalier greet NAME [--FLAGS]\n"));
    EXPECT_THAT(Espalier(arguments).out, HasSubstr("--loud  shouts"));
  }
}

TEST(VerbTest, BadUsage) {
  EXPECT_EQ(Espalier({}).code, kExitBadUsage);
  EXPECT_THAT(Espalier({}).err, StartsWith("usage: espalier VERB"));
  EXPECT_EQ(Espalier({"gret", "x"}).code, kExitBadUsage);
  EXPECT_EQ(Espalier({"gret"}).err, "espalier: unknown verb gret; did you mean greet?\nSee `espalier help`.\n");
  EXPECT_EQ(Espalier({"greet"}).code, kExitBadUsage);
  EXPECT_THAT(Espalier({"greet", "x", "--lod"}).err, HasSubstr("did you mean loud?\nSee `espalier greet --help`."));
}

}  // namespace
}  // namespace espalier
