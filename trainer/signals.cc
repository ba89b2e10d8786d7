#include "trainer/signals.h"

#include <sys/time.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>

namespace espalier {
namespace {

volatile std::sig_atomic_t stop_signal = 0;
volatile std::sig_atomic_t signal_count = 0;  // without SIGUSR1
volatile std::sig_atomic_t speaks = 1;
volatile std::sig_atomic_t launcher = 0;  // the process of mpirun or its daemon; 0: none started this one

// Only what is safe in a signal handler.
void Say(const char* text) {
  if (speaks == 0) return;
  if (::write(STDERR_FILENO, text, std::strlen(text)) < 0) return;
}

// mpirun sends SIGTERM to the ranks of a job that it ends, most often because one of them died and the others wait for
// it; a second later, SIGKILL. What cannot be saved in less than that is better ended sooner.
void EndSoon() {
  const itimerval soon = {{0, 0}, {0, 500000}};
  std::signal(SIGALRM, SIG_DFL);
  ::setitimer(ITIMER_REAL, &soon, nullptr);
}

void OnSignal(int signal, siginfo_t* info, void* /*context*/) {
  const bool is_first = stop_signal == 0;
  if (is_first) stop_signal = signal;
  if (signal == SIGTERM && launcher != 0 && info->si_pid == launcher) {
    EndSoon();
    return;
  }
  // A scheduler's SIGUSR1 is no impatient user's, and may overtake another signal on another thread.
  if (signal != SIGUSR1) signal_count = signal_count + 1;
  if (is_first) {
    Say("\nstopping after this step, then saving\n");
  } else if (signal == SIGUSR1 || signal_count < 2) {
    return;
  } else if (signal_count == 2) {
    Say("\nstill saving; one more SIGINT or SIGTERM ends the run at once, back at its last checkpoint\n");
  } else {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
}

struct sigaction StopAction() {
  struct sigaction action = {};
  action.sa_sigaction = OnSignal;
  action.sa_flags = SA_RESTART | SA_SIGINFO;  // a write in progress goes on
  sigemptyset(&action.sa_mask);
  return action;
}

}  // namespace

void CatchUserSignal(bool speak) {
  speaks = speak ? 1 : 0;
  if (std::getenv("OMPI_COMM_WORLD_RANK") != nullptr) launcher = ::getppid();
  const struct sigaction action = StopAction();
  sigaction(SIGUSR1, &action, nullptr);
}

void CatchStopSignals(bool speak) {
  CatchUserSignal(speak);
  const struct sigaction action = StopAction();
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  struct sigaction hangup;
  sigaction(SIGHUP, nullptr, &hangup);
  if (hangup.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, nullptr);
  std::signal(SIGXFSZ, SIG_IGN);
}

int StopSignal() { return stop_signal; }

const char* StopSignalName() {
  switch (stop_signal) {
    case SIGINT:
      return "SIGINT";
    case SIGHUP:
      return "SIGHUP";
    case SIGTERM:
      return "SIGTERM";
    case SIGUSR1:
      return "SIGUSR1";
    default:
      return "a signal to another rank";
  }
}

}  // namespace espalier
