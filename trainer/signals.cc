#include "trainer/signals.h"

#include <unistd.h>

#include <csignal>
#include <cstring>

namespace espalier {
namespace {

volatile std::sig_atomic_t stop_signal = 0;
volatile std::sig_atomic_t signal_count = 0;

// Only what is safe in a signal handler.
void Say(const char* text) {
  if (::write(STDERR_FILENO, text, std::strlen(text)) < 0) return;
}

void OnSignal(int signal) {
  if (stop_signal == 0) stop_signal = signal;
  signal_count = signal_count + 1;
  if (signal_count == 1) {
    Say("\nstopping after this step, then saving\n");
  } else if (signal_count == 2) {
    Say("\nstill saving; a third signal ends the run at once, back at its last checkpoint\n");
  } else {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
}

}  // namespace

void CatchStopSignals() {
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  action.sa_flags = SA_RESTART;  // a write in progress goes on
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  struct sigaction hangup;
  sigaction(SIGHUP, nullptr, &hangup);
  if (hangup.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, nullptr);
  std::signal(SIGXFSZ, SIG_IGN);
}

int StopSignal() { return stop_signal; }

}  // namespace espalier
