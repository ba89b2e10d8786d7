// The clock by which durations are measured.
#ifndef ESPALIER_CORE_CLOCK_H_
#define ESPALIER_CORE_CLOCK_H_

#include <chrono>

namespace espalier {

// Seconds since any moment, never going back.
inline double SteadySeconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace espalier

#endif  // ESPALIER_CORE_CLOCK_H_
