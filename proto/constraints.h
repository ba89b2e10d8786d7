// Checks messages against the constraints that their schema states (proto/constraints.proto).
#ifndef ESPALIER_PROTO_CONSTRAINTS_H_
#define ESPALIER_PROTO_CONSTRAINTS_H_

#include <google/protobuf/message.h>

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/diagnostics.h"
#include "proto/source_map.h"

namespace espalier {

// An interval of numbers. Infinity and NaN are never in it.
struct Range {
  double low, high;
  bool low_open, high_open;

  bool Contains(double value) const;
  // "at least 0 and below 1", "above 0", "at least 1".
  std::string Describe() const;
};

// Reads "[0, 1)", "(0, inf)", "(-inf, inf)".
absl::StatusOr<Range> ParseRange(absl::string_view text);

// Reports, for `message` at `path` of the document and all messages in it: numbers out of range, required fields that
// are absent and oneofs without a choice. What a problem reported before explains is not reported again.
void CheckConstraints(const google::protobuf::Message& message, const std::string& path, const SourceMap& sources,
                      Diagnostics* diagnostics);

}  // namespace espalier

#endif  // ESPALIER_PROTO_CONSTRAINTS_H_
