// `espalier inspect`: the flat graph of a model or of a job's model.
#ifndef ESPALIER_TOOLS_INSPECT_H_
#define ESPALIER_TOOLS_INSPECT_H_

#include "tools/verb.h"

namespace espalier {

Verb InspectVerb();

}  // namespace espalier

#endif  // ESPALIER_TOOLS_INSPECT_H_
