#include "trainer/terminal.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace espalier {
namespace {

Terminal Describe(bool is_tty, const std::map<std::string, std::string>& variables) {
  return DescribeTerminal(
      is_tty, [] { return 100; },
      [&](const char* name) {
        const auto found = variables.find(name);
        return found == variables.end() ? nullptr : found->second.c_str();
      });
}

TEST(DescribeTerminal, NeedsATtyThatRewritesLines) {
  EXPECT_TRUE(Describe(true, {{"TERM", "xterm"}}).is_terminal);
  EXPECT_FALSE(Describe(false, {{"TERM", "xterm"}}).is_terminal);
  EXPECT_FALSE(Describe(true, {{"TERM", "dumb"}}).is_terminal);
  EXPECT_FALSE(Describe(true, {}).is_terminal);
  EXPECT_EQ(Describe(true, {}).width(), 100);
}

TEST(DescribeTerminal, NoColorIsObeyedUnlessEmpty) {
  EXPECT_TRUE(Describe(true, {{"TERM", "xterm"}}).color);
  EXPECT_TRUE(Describe(true, {{"TERM", "xterm"}, {"NO_COLOR", ""}}).color);
  EXPECT_FALSE(Describe(true, {{"TERM", "xterm"}, {"NO_COLOR", "1"}}).color);
  EXPECT_FALSE(Describe(false, {{"TERM", "xterm"}}).color);
}

TEST(DescribeTerminal, FirstLocaleVariableThatIsSetDecides) {
  EXPECT_TRUE(Describe(false, {{"LANG", "en_US.UTF-8"}}).utf8);
  EXPECT_TRUE(Describe(false, {{"LC_ALL", "C.utf8"}, {"LANG", "C"}}).utf8);
  EXPECT_FALSE(Describe(false, {{"LC_ALL", "C"}, {"LANG", "en_US.UTF-8"}}).utf8);
  EXPECT_TRUE(Describe(false, {{"LC_ALL", ""}, {"LC_CTYPE", "en_US.UTF-8"}, {"LANG", "C"}}).utf8);
  EXPECT_FALSE(Describe(false, {}).utf8);
}

}  // namespace
}  // namespace espalier
