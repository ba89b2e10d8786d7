// `espalier eie_study`: the nine published layers on EIE, and what its parameters do to them.
#ifndef ESPALIER_TOOLS_EIE_STUDY_H_
#define ESPALIER_TOOLS_EIE_STUDY_H_

#include "tools/verb.h"

namespace espalier {

Verb EieStudyVerb();

}  // namespace espalier

#endif  // ESPALIER_TOOLS_EIE_STUDY_H_
