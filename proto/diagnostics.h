// The problems found in a job, gathered so that all are told at once.
#ifndef ESPALIER_PROTO_DIAGNOSTICS_H_
#define ESPALIER_PROTO_DIAGNOSTICS_H_

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "proto/source_map.h"

namespace espalier {

struct Diagnostic {
  SourceLocation where;
  std::string path;     // of the field: "phase[1].learning_rate.cosine.peak"; empty for the document itself
  std::string message;  // "expected ..., found ...; did you mean ...?"
};

class Diagnostics {
 public:
  // Beyond this many, nothing more is kept: a job so broken is another kind of file.
  static constexpr int kMaximum = 200;

  void Add(const SourceLocation& where, absl::string_view path, std::string message);

  const std::vector<Diagnostic>& all() const { return all_; }
  bool empty() const { return all_.empty(); }
  bool full() const { return all_.size() >= kMaximum; }

  // Brackets did not match, so fields may have been read into the wrong message: checks of what is missing say nothing.
  void set_structure_lost() { structure_lost_ = true; }
  bool structure_lost() const { return structure_lost_; }

  // Some text of the message or field at `path` was skipped, so what is missing there may have been meant.
  void MarkUnread(absl::string_view path) { unread_.emplace(path); }
  // Whether the absence of the field at `path` may be a consequence of an error reported before.
  bool ExplainsAbsenceOf(absl::string_view path) const;

  // OK, or InvalidArgument with one line per problem, "file:line:col: path: message", in the order of the text.
  absl::Status ToStatus() const;

 private:
  std::vector<Diagnostic> all_;
  bool structure_lost_ = false;
  std::set<std::string, std::less<>> unread_;
};

}  // namespace espalier

#endif  // ESPALIER_PROTO_DIAGNOSTICS_H_
