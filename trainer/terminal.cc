#include "trainer/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace espalier {
namespace {

bool IsSet(const char* value) { return value != nullptr && *value != '\0'; }

}  // namespace

Terminal DescribeTerminal(bool is_tty, std::function<int()> width, const GetEnvironment& environment) {
  Terminal terminal;
  const char* const term = environment("TERM");
  terminal.is_terminal = is_tty && IsSet(term) && absl::string_view(term) != "dumb";
  terminal.color = terminal.is_terminal && !IsSet(environment("NO_COLOR"));
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* const locale = environment(name);
    if (!IsSet(locale)) continue;
    const std::string lower = absl::AsciiStrToLower(locale);
    terminal.utf8 = absl::StrContains(lower, "utf-8") || absl::StrContains(lower, "utf8");
    break;
  }
  terminal.width = std::move(width);
  return terminal;
}

Terminal DetectTerminal(int file_descriptor) {
  const auto width = [file_descriptor] {
    winsize size = {};
    return ioctl(file_descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? int{size.ws_col} : 80;
  };
  return DescribeTerminal(isatty(file_descriptor) == 1, width, ProcessEnvironment());
}

}  // namespace espalier
