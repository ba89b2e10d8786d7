// Runs a launcher to its end and passes on to it what asks for a stop.
#ifndef ESPALIER_TOOLS_SUPERVISE_H_
#define ESPALIER_TOOLS_SUPERVISE_H_

#include <string>
#include <vector>

#include "core/status.h"

namespace espalier {

// While it lives, SIGINT, SIGTERM, SIGHUP and SIGUSR1 wait until they are asked for. One object in a process, before
// any thread is started.
class Supervisor {
 public:
  Supervisor();
  // Signals that wait are dropped, so that they do not end a process that has heeded them.
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // Starts `command`, found by PATH, as leader of a process group of its own, without input, `environment` added to
  // this process's, and returns its exit code once it ends (128 and the number of the signal that ended it). A signal
  // that comes meanwhile is passed on as SIGUSR1, which mpirun hands to all ranks: they save and stop. A second one
  // changes nothing; a third SIGINT, SIGTERM or SIGHUP ends the command at once. If this process is killed, the command
  // gets SIGTERM.
  absl::StatusOr<int> Run(const std::vector<std::string>& command, const std::vector<std::string>& environment);

  // Waits; whether it was to the end: false if a signal came.
  bool Sleep(double seconds);

  // Whether a signal has come.
  bool stop_requested() const { return signals_ > 0; }

 private:
  void Heed(int signal, int child);

  int signals_ = 0;
};

}  // namespace espalier

#endif  // ESPALIER_TOOLS_SUPERVISE_H_
