// What the place that text goes to can show: a terminal of some width, a pipe or a log file.
#ifndef ESPALIER_TRAINER_TERMINAL_H_
#define ESPALIER_TRAINER_TERMINAL_H_

#include <functional>

#include "core/environment.h"

namespace espalier {

struct Terminal {
  bool is_terminal = false;  // a line can be rewritten in place
  bool color = false;
  bool utf8 = false;
  // Columns now: a window may be resized at any time. 80 where the system does not say.
  std::function<int()> width = [] { return 80; };
};

// Colour needs a terminal and no NO_COLOR (https://no-color.org); TERM=dumb or none cannot rewrite a line, so it counts
// as a pipe. UTF-8 follows the locale's variables LC_ALL, LC_CTYPE and LANG, the first that is set deciding.
Terminal DescribeTerminal(bool is_tty, std::function<int()> width, const GetEnvironment& environment);

// The terminal or file behind a file descriptor of this process, or, for a rank that mpirun started, of mpirun's where
// that runs on this host.
Terminal DetectTerminal(int file_descriptor);

}  // namespace espalier

#endif  // ESPALIER_TRAINER_TERMINAL_H_
