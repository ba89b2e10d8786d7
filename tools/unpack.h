// `espalier unpack`: a package's effective weights as safetensors.
#ifndef ESPALIER_TOOLS_UNPACK_H_
#define ESPALIER_TOOLS_UNPACK_H_

#include "tools/verb.h"

namespace espalier {

Verb UnpackVerb();

}  // namespace espalier

#endif  // ESPALIER_TOOLS_UNPACK_H_
