// `espalier sensitivity`: how much each layer of a trained network can be pruned.
#ifndef ESPALIER_TOOLS_SENSITIVITY_H_
#define ESPALIER_TOOLS_SENSITIVITY_H_

#include "tools/verb.h"

namespace espalier {

Verb SensitivityVerb();

}  // namespace espalier

#endif  // ESPALIER_TOOLS_SENSITIVITY_H_
