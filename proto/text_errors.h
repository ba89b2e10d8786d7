// What the text reader says of each kind of mistake, and where.
#ifndef ESPALIER_PROTO_TEXT_ERRORS_H_
#define ESPALIER_PROTO_TEXT_ERRORS_H_

#include <google/protobuf/message.h>

#include <memory>
#include <string>

#include "proto/diagnostics.h"
#include "proto/source_map.h"
#include "proto/token_stream.h"

namespace espalier {

// A message that is being read, within those around it.
struct TextScope {
  const TextScope* parent = nullptr;
  google::protobuf::Message* message = nullptr;
  SourceMap::Node* node = nullptr;  // null where locations are not wanted: the field stands a second time
  std::string segment;              // of the path; the whole path for the outermost message
  char close = 0;                   // the bracket that ends it; 0: the end of the text
  bool in_list = false;             // between [ and ]
  int depth = 0;
  int line = 0, column = 0;  // of the field's name, from 0

  std::string Path() const;
  const std::string& type() const { return message->GetDescriptor()->name(); }
  // The nearest message around this one that has a field of this name; null if none has.
  const TextScope* OuterOwner(const std::string& field) const;
};

class TextErrors {
 public:
  using Field = google::protobuf::FieldDescriptor;

  TextErrors(std::shared_ptr<const std::string> file, Diagnostics* diagnostics)
      : file_(std::move(file)), diagnostics_(diagnostics) {}

  SourceLocation Location(const Token& token) const { return {file_, token.line + 1, token.column + 1}; }
  bool full() const { return diagnostics_->full(); }
  int count() const { return diagnostics_->all().size(); }

  // What is no token at all; line and column from 0.
  void Lexical(const TextScope& scope, int line, int column, std::string message);

  // Something else than the name of a field.
  void NotAField(const TextScope& scope, const Token& found);
  void Extension(const TextScope& scope, const Token& found);
  // A name that the message does not have.
  void UnknownField(const TextScope& scope, const Token& name);
  // A field that is not repeated, or a second member of its oneof, although `present` was read.
  void SecondOccurrence(const TextScope& scope, const Field& field, const Field& present, const Token& name);
  void TooDeep(const TextScope& scope, const Token& opening, int max_depth);

  // In the value of a field; index -1 for the field as a whole.
  void Value(const TextScope& scope, const Field& field, int index, const Token& where, const std::string& message);
  void Expected(const TextScope& scope, const Field& field, int index, const std::string& expected, const Token& found);

  // Brackets that do not match.
  void StrayClosing(const TextScope& scope, const Token& found);
  // Messages from `innermost` outwards up to, without, `outermost` (null: all) should have ended before `found`.
  void Unclosed(const TextScope& innermost, const TextScope* outermost, const Token& found);
  void UnclosedSkipped(const TextScope& scope, const Token& opening);
  void UnclosedList(const TextScope& scope, const Field& field, const Token& found);

 private:
  void Add(const Token& where, const std::string& path, std::string message);

  const std::shared_ptr<const std::string> file_;
  Diagnostics* const diagnostics_;
};

}  // namespace espalier

#endif  // ESPALIER_PROTO_TEXT_ERRORS_H_
