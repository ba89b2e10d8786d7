#include "proto/diagnostics.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/field_path.h"

namespace espalier {
void Diagnostics::Add(const SourceLocation& where, absl::string_view path, std::string message) {
  if (!full()) all_.push_back({where, std::string(path), std::move(message)});
}

bool Diagnostics::ExplainsAbsenceOf(absl::string_view path) const {
  return unread_.count(path) > 0 || unread_.count(ParentFieldPath(path)) > 0;
}

absl::Status Diagnostics::ToStatus() const {
  if (all_.empty()) return absl::OkStatus();
  std::map<std::string, int> file_order;
  const auto file = [](const Diagnostic& diagnostic) {
    return diagnostic.where.file == nullptr ? std::string() : *diagnostic.where.file;
  };
  for (const Diagnostic& diagnostic : all_) file_order.emplace(file(diagnostic), file_order.size());
  std::vector<const Diagnostic*> sorted;
  for (const Diagnostic& diagnostic : all_) sorted.push_back(&diagnostic);
  const auto key = [&](const Diagnostic* d) {
    return std::make_tuple(file_order[file(*d)], d->where.line, d->where.column);
  };
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const Diagnostic* a, const Diagnostic* b) { return key(a) < key(b); });
  std::string text;
  for (const Diagnostic* diagnostic : sorted) {
    const std::string where = diagnostic->where.ToString();  // empty for a message that was never text
    absl::StrAppend(&text, text.empty() ? "" : "\n", where, where.empty() ? "" : ": ", diagnostic->path,
                    diagnostic->path.empty() ? "" : ": ", diagnostic->message);
  }
  if (full()) absl::StrAppend(&text, "\nstopped after ", kMaximum, " errors");
  return absl::InvalidArgumentError(text);
}

}  // namespace espalier
