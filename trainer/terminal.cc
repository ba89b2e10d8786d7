#include "trainer/terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace espalier {
namespace {

bool IsSet(const char* value) { return value != nullptr && *value != '\0'; }

// mpirun gives its ranks a terminal of their own, of no width, wherever it writes itself: what counts is the terminal
// behind its own descriptor. A new descriptor of that, for ever; -1 if there is none.
int TerminalOfLauncher(int file_descriptor) {
  const std::string path = absl::StrCat("/proc/", getppid(), "/fd/", file_descriptor);
  struct stat info;
  if (stat(path.c_str(), &info) != 0 || !S_ISCHR(info.st_mode)) return -1;
  const int opened = open(path.c_str(), O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  winsize size = {};
  if (opened < 0 || (ioctl(opened, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)) return opened;
  close(opened);
  return -1;
}

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
  const GetEnvironment environment = ProcessEnvironment();
  if (IsSet(environment("OMPI_COMM_WORLD_RANK"))) file_descriptor = TerminalOfLauncher(file_descriptor);
  const auto width = [file_descriptor] {
    winsize size = {};
    return ioctl(file_descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? int{size.ws_col} : 80;
  };
  return DescribeTerminal(isatty(file_descriptor) == 1, width, environment);
}

}  // namespace espalier
