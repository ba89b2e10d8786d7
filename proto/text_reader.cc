#include "proto/text_reader.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/files/file_system.h"
#include "proto/field_path.h"
#include "proto/scalar_field.h"
#include "proto/text_errors.h"
#include "proto/token_stream.h"

namespace espalier {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

class Reader {
 public:
  Reader(absl::string_view text, const std::string& file, const TextOptions& options, Message* message,
         SourceMap* sources, Diagnostics* diagnostics)
      : file_(std::make_shared<std::string>(file)),
        max_depth_(options.max_depth),
        errors_(file_, diagnostics),
        root_{nullptr, message, sources->Mutable(options.path), options.path},
        scope_(&root_),
        tokens_(text, [this](int line, int column, std::string error) {
          errors_.Lexical(*scope_, line, column, std::move(error));
        }) {
    if (root_.node->location.line == 0) root_.node->location = {file_, 1, 1};
  }

  void ReadDocument() { ReadFields(root_); }

  void ReadOneValue(const FieldDescriptor& field, int index) {
    const int errors = errors_.count();
    if (!field.is_repeated() || index >= 0) {
      ReadElement(root_, field, index, tokens_.current());
    } else if (tokens_.At('[')) {
      root_.message->GetReflection()->ClearField(root_.message, &field);
      ReadList(root_, field);
    } else {
      errors_.Expected(root_, field, index, absl::StrCat("a list in [ ], or an index as in ", field.name(), "[0]"),
                       tokens_.current());
    }
    if (!tokens_.AtEnd() && errors_.count() == errors) {
      errors_.Expected(root_, field, index, "the end of the value", tokens_.current());
    }
  }

 private:
  // Reads up to and including the closing bracket.
  void ReadFields(const TextScope& scope) {
    const TextScope* const outer = scope_;
    scope_ = &scope;
    while (!errors_.full()) {
      if (unwind_to_depth_ >= 0) {
        if (unwind_to_depth_ != scope.depth) break;
        unwind_to_depth_ = -1;
      }
      if (tokens_.AtEnd()) {
        if (scope.close != 0 && !end_reported_) errors_.Unclosed(scope, nullptr, tokens_.current());
        end_reported_ = true;
        break;
      }
      if (tokens_.At(']') && EndListElement(scope)) continue;
      if (!tokens_.AtClosing()) {
        ReadField(scope);
        continue;
      }
      if (!tokens_.At(scope.close)) errors_.StrayClosing(scope, tokens_.current());
      tokens_.Advance();
      if (scope.close != 0) break;
    }
    scope_ = outer;
  }

  void ReadField(const TextScope& scope) {
    const Descriptor& type = *scope.message->GetDescriptor();
    if (tokens_.At('[')) {
      errors_.Extension(scope, tokens_.current());
      SkipBlock(scope);
      SkipValue(scope);
    } else if (!tokens_.AtIdentifier()) {
      if (!tokens_.InBrokenLine()) errors_.NotAField(scope, tokens_.current());
      Resynchronize(scope);
    } else if (const FieldDescriptor* field = type.FindFieldByName(tokens_.current().text); field != nullptr) {
      ReadKnownField(scope, *field);
    } else {
      if (EndOuterBlocks(scope)) return;
      if (!tokens_.AtBroken()) errors_.UnknownField(scope, tokens_.current());
      tokens_.Advance();
      SkipValue(scope);
    }
    if (!tokens_.Consume(';')) tokens_.Consume(',');
  }

  void ReadKnownField(const TextScope& scope, const FieldDescriptor& field) {
    const Token name = tokens_.current();
    tokens_.Advance();
    const FieldDescriptor* present = Present(scope, field);
    if (present == nullptr) return ReadValue(scope, field, name);
    errors_.SecondOccurrence(scope, field, *present, name);
    // Read all the same for its errors, into a message that is thrown away.
    const std::unique_ptr<Message> unwanted(scope.message->New());
    TextScope aside = scope;
    aside.message = unwanted.get();
    aside.node = nullptr;
    ReadValue(aside, field, name);
  }

  // What forbids the field: itself, if it is not repeated and was read before, or another member of its oneof.
  const FieldDescriptor* Present(const TextScope& scope, const FieldDescriptor& field) {
    if (field.is_repeated()) return nullptr;
    const Reflection& reflection = *scope.message->GetReflection();
    if (field.containing_oneof() != nullptr) {
      return reflection.GetOneofFieldDescriptor(*scope.message, field.containing_oneof());
    }
    return reflection.HasField(*scope.message, &field) ? &field : nullptr;
  }

  // Stands after the field's name.
  void ReadValue(const TextScope& scope, const FieldDescriptor& field, const Token& name) {
    bool colon = tokens_.Consume(':');
    if (!colon && (tokens_.At('=') || (!IsMessage(field) && !tokens_.InBrokenLine()))) {
      errors_.Expected(scope, field, -1, IsMessage(field) ? "'{'" : "':'", tokens_.current());
      colon = tokens_.Consume('=');
      // A value that follows on the same line was meant for this field.
      if (!colon && (tokens_.AtLineStart() || !tokens_.AtScalar())) return SkipValue(scope);
    }
    if (field.is_repeated() && tokens_.At('[')) return ReadList(scope, field);
    const int index = field.is_repeated() ? scope.message->GetReflection()->FieldSize(*scope.message, &field) : -1;
    ReadElement(scope, field, index, name);
  }

  void ReadList(const TextScope& scope, const FieldDescriptor& field) {
    tokens_.Advance();
    if (tokens_.Consume(']')) return;
    int index = scope.message->GetReflection()->FieldSize(*scope.message, &field);
    while (!errors_.full()) {
      const int errors = errors_.count();
      ReadElement(scope, field, index++, tokens_.current(), /*in_list=*/true);
      if (tokens_.At(']') && unwind_to_depth_ == scope.depth) unwind_to_depth_ = -1;
      if (unwind_to_depth_ >= 0 || (tokens_.AtEnd() && end_reported_)) return;
      if (tokens_.Consume(',')) continue;
      if (tokens_.Consume(']')) return;
      // A forgotten bracket, else a forgotten comma, else something that is no element.
      const bool at_element = IsMessage(field) ? tokens_.AtOpening() : tokens_.AtScalar();
      if (!at_element && (tokens_.AtIdentifier() || tokens_.AtEnd() || tokens_.AtClosing())) {
        end_reported_ = tokens_.AtEnd();
        return errors_.UnclosedList(scope, field, tokens_.current());
      }
      if (errors_.count() == errors) errors_.Expected(scope, field, -1, "',' or ']'", tokens_.current());
      if (!at_element) tokens_.Advance();
    }
  }

  // Stands at the value. `where` is what later stages cite for the field.
  void ReadElement(const TextScope& scope, const FieldDescriptor& field, int index, const Token& where,
                   bool in_list = false) {
    if (IsMessage(field) ? !tokens_.AtOpening() : !tokens_.AtScalar()) {
      errors_.Expected(scope, field, index, DescribeExpected(field), tokens_.current());
      if (tokens_.AtOpening() || tokens_.At('[')) {
        SkipBlock(scope);
      } else if (tokens_.AtScalar() && !tokens_.AtLineStart()) {
        tokens_.ConsumeScalar();
      }
      return;
    }
    SourceMap::Node* node = Record(scope, field, index, where);
    if (IsMessage(field)) return ReadBlock(scope, field, index, where, in_list, node);
    const Reflection& reflection = *scope.message->GetReflection();
    const Scalar scalar = tokens_.ConsumeScalar();
    // Elements that were refused leave no gap.
    const int place = index < 0 ? -1 : std::min(index, reflection.FieldSize(*scope.message, &field));
    if (std::optional<std::string> error = StoreScalar(scalar, field, place, scope.message);
        error.has_value() && !scalar.broken) {
      errors_.Value(scope, field, index, scalar.first, *error);
    }
  }

  void ReadBlock(const TextScope& scope, const FieldDescriptor& field, int index, const Token& where, bool in_list,
                 SourceMap::Node* node) {
    const Reflection& reflection = *scope.message->GetReflection();
    TextScope inner;
    inner.parent = &scope;
    inner.node = node;
    inner.segment = PathSegment(field, index);
    inner.close = tokens_.At('{') ? '}' : '>';
    inner.in_list = in_list;
    inner.depth = scope.depth + 1;
    inner.line = where.line;
    inner.column = where.column;
    if (inner.depth > max_depth_) {
      errors_.TooDeep(inner, tokens_.current(), max_depth_);
      return SkipBlock(scope);
    }
    inner.message = index < 0 ? reflection.MutableMessage(scope.message, &field)
                    : index < reflection.FieldSize(*scope.message, &field)
                        ? reflection.MutableRepeatedMessage(scope.message, &field, index)
                        : reflection.AddMessage(scope.message, &field);
    tokens_.Advance();
    ReadFields(inner);
  }

  SourceMap::Node* Record(const TextScope& scope, const FieldDescriptor& field, int index, const Token& where) {
    if (scope.node == nullptr) return nullptr;
    if (index == 0) scope.node->Child(field.name())->location = errors_.Location(where);
    SourceMap::Node* node = scope.node->Child(PathSegment(field, index));
    node->location = errors_.Location(where);
    return node;
  }

  // If the name at which the reader stands shows that blocks around it were not closed: says so, makes ReadFields
  // return to the message that has this name, and returns true.
  bool EndOuterBlocks(const TextScope& scope) {
    const Token& name = tokens_.current();
    const TextScope* owner = scope.OuterOwner(name.text);
    if (owner == nullptr || !tokens_.AtLineStart()) return false;
    const TextScope* block = &scope;
    while (block->parent != owner) block = block->parent;
    if (name.column > block->column) return false;
    errors_.Unclosed(scope, owner, name);
    unwind_to_depth_ = owner->depth;
    return true;
  }

  // The same at the ] of a list around this message.
  bool EndListElement(const TextScope& scope) {
    const TextScope* element = &scope;
    while (element != nullptr && !element->in_list) element = element->parent;
    if (element == nullptr) return false;
    errors_.Unclosed(scope, element->parent, tokens_.current());
    unwind_to_depth_ = element->parent->depth;
    return true;
  }

  void SkipBlock(const TextScope& scope) {
    const Token opening = tokens_.current();
    if (tokens_.SkipBlock() || end_reported_) return;
    end_reported_ = true;
    errors_.UnclosedSkipped(scope, opening);
  }

  // After a name: whatever looks like its value.
  void SkipValue(const TextScope& scope) {
    const bool colon = tokens_.Consume(':') || tokens_.Consume('=');
    if (tokens_.AtOpening() || tokens_.At('[')) {
      SkipBlock(scope);
    } else if (tokens_.AtScalar() && (colon || (!tokens_.AtLineStart() && !tokens_.AtIdentifier()))) {
      tokens_.ConsumeScalar();
    }
  }

  // Past at least one token, to what looks like a field or the end of the block.
  void Resynchronize(const TextScope& scope) {
    do {
      if (tokens_.AtOpening() || tokens_.At('[')) {
        SkipBlock(scope);
      } else {
        tokens_.Advance();
      }
    } while (!tokens_.AtEnd() && !tokens_.AtClosing() && !tokens_.AtFieldName());
  }

  const std::shared_ptr<const std::string> file_;
  const int max_depth_;
  TextErrors errors_;
  const TextScope root_;
  const TextScope* scope_;  // for what the tokenizer reports
  TokenStream tokens_;
  // Where a missing bracket was found: the depth of the message in which reading goes on; else -1.
  int unwind_to_depth_ = -1;
  bool end_reported_ = false;
};

// Of a text that cannot be read at all.
void AddUnreadable(const std::string& file, const TextOptions& options, std::string message, Diagnostics* diagnostics) {
  diagnostics->Add({std::make_shared<std::string>(file), 1, 1}, options.path, std::move(message));
  diagnostics->set_structure_lost();
}

void AddTooLong(const std::string& file, const TextOptions& options, Diagnostics* diagnostics) {
  AddUnreadable(file, options, absl::StrCat("expected a text of at most ", options.max_bytes, " bytes, found more"),
                diagnostics);
}

}  // namespace

void ReadText(absl::string_view text, const std::string& file, const TextOptions& options, Message* message,
              SourceMap* sources, Diagnostics* diagnostics) {
  if (text.size() > options.max_bytes) return AddTooLong(file, options, diagnostics);
  Reader(text, file, options, message, sources, diagnostics).ReadDocument();
  if (message->IsInitialized()) return;
  std::vector<std::string> missing;
  message->FindInitializationErrors(&missing);
  for (const std::string& field : missing) {
    diagnostics->Add(sources->Find(FieldPath(options.path, ParentFieldPath(field))), FieldPath(options.path, field),
                     "expected a value (it is required), found none");
  }
}

void ReadTextFile(const std::string& file, const TextOptions& options, Message* message, SourceMap* sources,
                  Diagnostics* diagnostics) {
  const absl::StatusOr<std::string> text = ReadFile(FileSystem::Posix(), file, options.max_bytes);
  if (text.ok()) {
    ReadText(*text, file, options, message, sources, diagnostics);
  } else if (absl::IsResourceExhausted(text.status())) {
    AddTooLong(file, options, diagnostics);
  } else {
    AddUnreadable(file, options, std::string(text.status().message()), diagnostics);
  }
}

absl::Status ReadTextFile(const std::string& file, Message* message, const TextOptions& options) {
  SourceMap sources;
  Diagnostics diagnostics;
  ReadTextFile(file, options, message, &sources, &diagnostics);
  return diagnostics.ToStatus();
}

void ReadFieldValue(absl::string_view text, const std::string& file, const TextOptions& options,
                    const FieldDescriptor& field, int index, Message* message, SourceMap* sources,
                    Diagnostics* diagnostics) {
  if (text.size() > options.max_bytes) return AddTooLong(file, options, diagnostics);
  Reader(text, file, options, message, sources, diagnostics).ReadOneValue(field, index);
}

}  // namespace espalier
