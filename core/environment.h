// Environment variables as an argument, so that what depends on them can be tested.
#ifndef ESPALIER_CORE_ENVIRONMENT_H_
#define ESPALIER_CORE_ENVIRONMENT_H_

#include <cstdlib>
#include <functional>

namespace espalier {

// The value of an environment variable, or nullptr.
using GetEnvironment = std::function<const char*(const char* name)>;

// This process's own.
inline GetEnvironment ProcessEnvironment() {
  return [](const char* name) { return std::getenv(name); };
}

}  // namespace espalier

#endif  // ESPALIER_CORE_ENVIRONMENT_H_
