// Rules of a model that join several fields and need no graph: names, kernels and their sides, groups, permutations.
#ifndef ESPALIER_PROTO_MODEL_RULES_H_
#define ESPALIER_PROTO_MODEL_RULES_H_

#include <string>

#include "proto/diagnostics.h"
#include "proto/model.pb.h"
#include "proto/source_map.h"

namespace espalier {

// `path` is the model's place in the document: empty if it is the document.
void CheckModelRules(const Model& model, const std::string& path, const SourceMap& sources, Diagnostics* diagnostics);

}  // namespace espalier

#endif  // ESPALIER_PROTO_MODEL_RULES_H_
