// `espalier report`: a run as one page to look at.
#ifndef ESPALIER_TOOLS_REPORT_REPORT_VERB_H_
#define ESPALIER_TOOLS_REPORT_REPORT_VERB_H_

#include "tools/verb.h"

namespace espalier {

Verb ReportVerb();

}  // namespace espalier

#endif  // ESPALIER_TOOLS_REPORT_REPORT_VERB_H_
