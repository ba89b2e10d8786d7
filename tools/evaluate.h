// `espalier evaluate`: how often a package's network is right.
#ifndef ESPALIER_TOOLS_EVALUATE_H_
#define ESPALIER_TOOLS_EVALUATE_H_

#include <string>

#include "compression/package/evaluation_network.h"
#include "tools/verb.h"

namespace espalier {

Verb EvaluateVerb();

// EvaluatePackage, with a line of progress on standard error if that is a terminal.
absl::StatusOr<TopCounts> EvaluateWithProgress(const Package& package, const std::string& data_dir);

// "top-1 98.40% (9,840), top-5 99.95% (9,995) of 10,000 samples".
std::string DescribeCounts(const TopCounts& counts);

// --data_dir, else $ESPALIER_DATA_DIR.
std::string DataDirectory(const Arguments& arguments);

}  // namespace espalier

#endif  // ESPALIER_TOOLS_EVALUATE_H_
