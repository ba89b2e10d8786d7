#include "tools/picture_labels.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

TEST(ClassNames, ALineEach) {
  EXPECT_THAT(*ParseClassNames("tench, Tinca tinca\r\n\n goldfish \n\n", "names.txt", 3),
              ElementsAre("tench, Tinca tinca", "", "goldfish"));
  EXPECT_THAT(std::string(ParseClassNames("a\nb\n", "names.txt", 3).status().message()),
              HasSubstr("names.txt: expected a line for each of the network's 3 classes, found 2 lines"));
}

TEST(PictureLabels, NumbersAndNames) {
  EXPECT_THAT(*ParsePictureLabels("# mine\n\ncat.jpg 2\r\nfish.png\t great white \n", "labels.txt", 3,
                                  {"tench", "great white", "cat"}),
              ElementsAre(Pair("cat.jpg", 2), Pair("fish.png", 1)));
}

TEST(PictureLabels, AllProblemsAtOnce) {
  const std::string message(ParsePictureLabels("a.jpg 3\nb.jpg\nc.jpg -1\nd.jpg tnech\ne.jpg 0\ne.jpg 1", "labels.txt",
                                               3, {"tench", "b", "c"})
                                .status()
                                .message());
  EXPECT_THAT(
      message,
      AllOf(HasSubstr("labels.txt:1: expected a picture and its class, a number from 0 to 2 or a name; "
                      "found a.jpg 3"),
            HasSubstr("labels.txt:2:"), HasSubstr("labels.txt:3:"), HasSubstr("found d.jpg tnech; did you mean tench?"),
            HasSubstr("labels.txt:6: expected each picture once, found e.jpg again")));
}

}  // namespace
}  // namespace espalier
