// What this machine calls itself.
#ifndef ESPALIER_CORE_HOST_NAME_H_
#define ESPALIER_CORE_HOST_NAME_H_

#include <unistd.h>

#include <string>

namespace espalier {

// `unknown` where the system does not say.
inline std::string HostName(const std::string& unknown) {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : unknown;
}

}  // namespace espalier

#endif  // ESPALIER_CORE_HOST_NAME_H_
