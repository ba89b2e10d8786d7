// `espalier launch`: a job of many ranks, started with what Open MPI needs to be told, and started again when it dies.
#ifndef ESPALIER_TOOLS_LAUNCH_H_
#define ESPALIER_TOOLS_LAUNCH_H_

#include "tools/verb.h"

namespace espalier {

Verb LaunchVerb();

}  // namespace espalier

#endif  // ESPALIER_TOOLS_LAUNCH_H_
