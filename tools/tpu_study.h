// `espalier tpu_study`: the six published applications on the TPU, beside what was measured of them.
#ifndef ESPALIER_TOOLS_TPU_STUDY_H_
#define ESPALIER_TOOLS_TPU_STUDY_H_

#include "tools/verb.h"

namespace espalier {

Verb TpuStudyVerb();

}  // namespace espalier

#endif  // ESPALIER_TOOLS_TPU_STUDY_H_
