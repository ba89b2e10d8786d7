#include "proto/nearest_name.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/random.h"

namespace espalier {
namespace {

TEST(EditDistance, CountsEdits) {
  EXPECT_EQ(EditDistance("", ""), 0);
  EXPECT_EQ(EditDistance("", "abc"), 3);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3);
  EXPECT_EQ(EditDistance("peek", "peak"), 1);
  EXPECT_EQ(EditDistance("chanels", "channels"), 1);
  EXPECT_EQ(EditDistance("epohcs", "epochs"), 1);  // neighbours swapped
  EXPECT_EQ(EditDistance("ca", "abc"), 3);         // no edit inside a swapped pair
}

// The definition, by recursion on prefixes.
int PlainDistance(absl::string_view a, absl::string_view b) {
  if (a.empty() || b.empty()) return std::max(a.size(), b.size());
  const auto cut = [](absl::string_view text, int n) { return text.substr(0, text.size() - n); };
  int least = std::min({PlainDistance(cut(a, 1), b) + 1, PlainDistance(a, cut(b, 1)) + 1,
                        PlainDistance(cut(a, 1), cut(b, 1)) + (a.back() != b.back())});
  if (a.size() > 1 && b.size() > 1 && a.back() == b[b.size() - 2] && b.back() == a[a.size() - 2]) {
    least = std::min(least, PlainDistance(cut(a, 2), cut(b, 2)) + 1);
  }
  return least;
}

TEST(EditDistance, EqualsItsDefinition) {
  Random random(1, "edit distance", 0, 0);
  for (int i = 0; i < 300; ++i) {
    std::string words[2];
    for (std::string& word : words) {
      for (int length = random.Below(7); length > 0; --length) word += "abc"[random.Below(3)];
    }
    EXPECT_EQ(EditDistance(words[0], words[1]), PlainDistance(words[0], words[1])) << words[0] << " " << words[1];
  }
}

TEST(NearestName, FindsTheLikelyOne) {
  const std::vector<std::string> names = {"channels", "kernel", "kernel_h", "pad", "stride", "bias"};
  EXPECT_EQ(NearestName("chanels", names), "channels");
  EXPECT_EQ(NearestName("Stride", names), "stride");
  EXPECT_EQ(NearestName("kernel_size", names), "kernel");
  EXPECT_EQ(NearestName("padding", names), "pad");
  EXPECT_EQ(NearestName("out_channels", names), "channels");
  EXPECT_EQ(NearestName("momentum", names), "");
  EXPECT_EQ(NearestName("x", names), "");
  EXPECT_EQ(NearestName("", names), "");
  EXPECT_EQ(NearestName("pad", {}), "");
  EXPECT_EQ(NearestName(std::string(1 << 20, 'p'), names), "");
}

TEST(Suggestion, ListsNamesWhenNoneResembles) {
  EXPECT_EQ(Suggestion("peek", {"peak", "end"}), "; did you mean peak?");
  EXPECT_EQ(Suggestion("momentum", {"peak", "end"}), "; the valid names are peak, end");
  EXPECT_EQ(Suggestion("momentum", {}), "");
}

}  // namespace
}  // namespace espalier
