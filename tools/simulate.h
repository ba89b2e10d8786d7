// `espalier simulate`: runs a package on an emulated accelerator.
#ifndef ESPALIER_TOOLS_SIMULATE_H_
#define ESPALIER_TOOLS_SIMULATE_H_

#include "tools/verb.h"

namespace espalier {

Verb SimulateVerb();

}  // namespace espalier

#endif  // ESPALIER_TOOLS_SIMULATE_H_
