// `espalier scaling`: predicts how fast a job trains on 16 to 4,096 ranks (parallel/scaling_model.h).
#ifndef ESPALIER_TOOLS_SCALING_H_
#define ESPALIER_TOOLS_SCALING_H_

#include "tools/verb.h"

namespace espalier {

Verb ScalingVerb();

}  // namespace espalier

#endif  // ESPALIER_TOOLS_SCALING_H_
