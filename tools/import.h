// `espalier import`: networks from files of other programs.
#ifndef ESPALIER_TOOLS_IMPORT_H_
#define ESPALIER_TOOLS_IMPORT_H_

#include "tools/verb.h"

namespace espalier {

Verb ImportVerb();

}  // namespace espalier

#endif  // ESPALIER_TOOLS_IMPORT_H_
