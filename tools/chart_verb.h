// `espalier chart`: curves of a CSV file, in the terminal or as SVG.
#ifndef ESPALIER_TOOLS_CHART_VERB_H_
#define ESPALIER_TOOLS_CHART_VERB_H_

#include "tools/verb.h"

namespace espalier {

Verb ChartVerb();

}  // namespace espalier

#endif  // ESPALIER_TOOLS_CHART_VERB_H_
