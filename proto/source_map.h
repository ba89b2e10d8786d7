// Where each field of a job was written, so that any later stage can cite file, line and column.
#ifndef ESPALIER_PROTO_SOURCE_MAP_H_
#define ESPALIER_PROTO_SOURCE_MAP_H_

#include <map>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace espalier {

struct SourceLocation {
  std::shared_ptr<const std::string> file;
  // Both count from 1; a tab advances the column to the next multiple of 8, plus 1.
  int line = 0;
  int column = 0;

  // "job.pbtxt:3:15"; empty if the location is unknown.
  std::string ToString() const;
};

// A tree of locations that mirrors the message. Paths are dotted field names, repeated fields with their index:
// "model.layer[3].conv.kernel". The empty path is the message itself.
class SourceMap {
 public:
  struct Node {
    SourceLocation location;
    // Keys are path segments: "conv", "layer[3]".
    std::map<std::string, std::unique_ptr<Node>, std::less<>> children;

    // The child's node, made if absent.
    Node* Child(absl::string_view segment);
    std::unique_ptr<Node> Clone() const;
  };

  SourceMap() : root_(std::make_unique<Node>()) {}
  SourceMap(const SourceMap& other) : root_(other.root_->Clone()) {}
  SourceMap& operator=(const SourceMap& other);
  SourceMap(SourceMap&&) = default;
  SourceMap& operator=(SourceMap&&) = default;

  // Location of the field, or of its nearest ancestor that has one (a defaulted field is cited at its message).
  const SourceLocation& Find(absl::string_view path) const;
  // Find(path).ToString().
  std::string Cite(absl::string_view path) const { return Find(path).ToString(); }
  // Whether the field itself was written.
  bool Contains(absl::string_view path) const;
  // The part below `path`, with paths relative to it.
  SourceMap Under(absl::string_view path) const;

  // The field's node, made with its ancestors if absent.
  Node* Mutable(absl::string_view path);
  // Forgets the field, its elements if it is repeated, and all below.
  void Erase(absl::string_view path);

 private:
  std::unique_ptr<Node> root_;
};

}  // namespace espalier

#endif  // ESPALIER_PROTO_SOURCE_MAP_H_
