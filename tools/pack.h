// `espalier pack`: a package of a run's weights, its table and its ledger.
#ifndef ESPALIER_TOOLS_PACK_H_
#define ESPALIER_TOOLS_PACK_H_

#include "tools/verb.h"

namespace espalier {

Verb PackVerb();

}  // namespace espalier

#endif  // ESPALIER_TOOLS_PACK_H_
