#include "proto/text_errors.h"

#include <google/protobuf/descriptor.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/field_path.h"
#include "proto/nearest_name.h"

namespace espalier {

std::string TextScope::Path() const { return parent == nullptr ? segment : FieldPath(parent->Path(), segment); }

const TextScope* TextScope::OuterOwner(const std::string& field) const {
  const TextScope* scope = parent;
  while (scope != nullptr && scope->message->GetDescriptor()->FindFieldByName(field) == nullptr) scope = scope->parent;
  return scope;
}

void TextErrors::Add(const Token& where, const std::string& path, std::string message) {
  diagnostics_->Add(Location(where), path, std::move(message));
  diagnostics_->MarkUnread(path);
}

void TextErrors::Lexical(const TextScope& scope, int line, int column, std::string message) {
  Token where{};
  where.line = line;
  where.column = column;
  Add(where, scope.Path(), std::move(message));
}

void TextErrors::NotAField(const TextScope& scope, const Token& found) {
  Add(found, scope.Path(), absl::StrCat("expected a field of ", scope.type(), ", found ", DescribeToken(found)));
}

void TextErrors::Extension(const TextScope& scope, const Token& found) {
  Add(found, scope.Path(),
      absl::StrCat("expected a field of ", scope.type(), ", found '[': extensions and Any have no place here"));
}

void TextErrors::UnknownField(const TextScope& scope, const Token& name) {
  const std::string shown = DescribeToken(name);
  std::string error = absl::StrCat("expected a field of ", scope.type(), ", found ", shown);
  if (const TextScope* owner = scope.OuterOwner(name.text); owner != nullptr) {
    absl::StrAppend(&error, "; ", shown, " is a field of ", owner->type(),
                    ": is a closing bracket missing or misplaced?");
  } else {
    absl::StrAppend(&error, Suggestion(name.text, FieldNames(*scope.message->GetDescriptor())));
  }
  Add(name, FieldPath(scope.Path(), shown), std::move(error));
  diagnostics_->MarkUnread(scope.Path());
}

void TextErrors::SecondOccurrence(const TextScope& scope, const Field& field, const Field& present, const Token& name) {
  std::string first;
  if (scope.node != nullptr) {
    first = absl::StrCat(" at ", scope.node->Child(present.name())->location.ToString());
  }
  std::string error = absl::StrCat("expected ", field.name(), " once, found it again after the one", first);
  if (&present != &field) {
    error = absl::StrCat("expected a single ", field.containing_oneof()->name(), ", found ", field.name(), " beside ",
                         present.name(), first);
  }
  Add(name, FieldPath(scope.Path(), field.name()), std::move(error));
}

void TextErrors::TooDeep(const TextScope& scope, const Token& opening, int max_depth) {
  Add(opening, scope.Path(), absl::StrCat("expected at most ", max_depth, " nested messages, found more"));
}

void TextErrors::Value(const TextScope& scope, const Field& field, int index, const Token& where,
                       const std::string& message) {
  const std::string path = scope.Path();
  Add(where, FieldPath(path, PathSegment(field, index)), message);
  if (index >= 0) diagnostics_->MarkUnread(FieldPath(path, field.name()));
}

void TextErrors::Expected(const TextScope& scope, const Field& field, int index, const std::string& expected,
                          const Token& found) {
  Value(scope, field, index, found, absl::StrCat("expected ", expected, ", found ", DescribeToken(found)));
}

void TextErrors::StrayClosing(const TextScope& scope, const Token& found) {
  diagnostics_->set_structure_lost();
  Add(found, scope.Path(),
      scope.close == 0
          ? absl::StrCat("expected a field of ", scope.type(), ", found ", DescribeToken(found), " that closes nothing")
          : absl::StrCat("expected '", std::string(1, scope.close), "', found ", DescribeToken(found)));
}

void TextErrors::Unclosed(const TextScope& innermost, const TextScope* outermost, const Token& found) {
  std::vector<std::string> open;
  for (const TextScope* scope = &innermost; scope != outermost && scope->parent != nullptr; scope = scope->parent) {
    open.push_back(absl::StrCat(scope->segment, " (line ", scope->line + 1, ")"));
  }
  // At the end of the text there is no telling which bracket is missing.
  if (outermost == nullptr) diagnostics_->set_structure_lost();
  Add(found, innermost.Path(),
      absl::StrCat("expected '", std::string(1, innermost.close), "' to close ", absl::StrJoin(open, ", "), ", found ",
                   DescribeToken(found)));
}

void TextErrors::UnclosedSkipped(const TextScope& scope, const Token& opening) {
  diagnostics_->set_structure_lost();
  Add(opening, scope.Path(),
      absl::StrCat("expected a bracket that closes this '", opening.text, "', found the end of the text"));
}

void TextErrors::UnclosedList(const TextScope& scope, const Field& field, const Token& found) {
  diagnostics_->set_structure_lost();
  Expected(scope, field, -1, "',' or ']'", found);
}

}  // namespace espalier
