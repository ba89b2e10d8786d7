#include "proto/source_map.h"

#include <iterator>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "proto/field_path.h"

namespace espalier {
namespace {

// The node at `path` or its deepest existing ancestor; `nearest_location` follows the deepest one that has a location.
const SourceMap::Node* Descend(const SourceMap::Node* node, absl::string_view path, bool* found,
                               const SourceLocation** nearest_location) {
  *found = true;
  *nearest_location = &node->location;
  if (path.empty()) return node;
  for (absl::string_view segment : absl::StrSplit(path, '.')) {
    auto child = node->children.find(segment);
    if (child == node->children.end()) {
      *found = false;
      // An element that was not written itself stands with its field.
      child = node->children.find(segment.substr(0, segment.find('[')));
      if (child != node->children.end() && child->second->location.line > 0) {
        *nearest_location = &child->second->location;
      }
      return node;
    }
    node = child->second.get();
    if (node->location.line > 0) *nearest_location = &node->location;
  }
  return node;
}

}  // namespace

std::string SourceLocation::ToString() const {
  return file == nullptr ? "" : absl::StrCat(*file, ":", line, ":", column);
}

SourceMap::Node* SourceMap::Node::Child(absl::string_view segment) {
  auto child = children.find(segment);
  if (child == children.end()) child = children.emplace(std::string(segment), std::make_unique<Node>()).first;
  return child->second.get();
}

std::unique_ptr<SourceMap::Node> SourceMap::Node::Clone() const {
  auto copy = std::make_unique<Node>();
  copy->location = location;
  for (const auto& [segment, child] : children) copy->children.emplace(segment, child->Clone());
  return copy;
}

SourceMap& SourceMap::operator=(const SourceMap& other) {
  root_ = other.root_->Clone();
  return *this;
}

const SourceLocation& SourceMap::Find(absl::string_view path) const {
  bool found;
  const SourceLocation* location;
  Descend(root_.get(), path, &found, &location);
  return *location;
}

bool SourceMap::Contains(absl::string_view path) const {
  bool found;
  const SourceLocation* location;
  const Node* node = Descend(root_.get(), path, &found, &location);
  return found && node->location.line > 0;
}

SourceMap SourceMap::Under(absl::string_view path) const {
  bool found;
  const SourceLocation* location;
  const Node* node = Descend(root_.get(), path, &found, &location);
  SourceMap part;
  if (found) part.root_ = node->Clone();
  part.root_->location = *location;
  return part;
}

SourceMap::Node* SourceMap::Mutable(absl::string_view path) {
  Node* node = root_.get();
  if (path.empty()) return node;
  for (absl::string_view segment : absl::StrSplit(path, '.')) node = node->Child(segment);
  return node;
}

void SourceMap::Erase(absl::string_view path) {
  const absl::string_view parent = ParentFieldPath(path);
  const absl::string_view segment = parent.empty() ? path : path.substr(parent.size() + 1);
  bool found;
  const SourceLocation* location;
  Descend(root_.get(), parent, &found, &location);
  if (!found) return;
  auto& children = Mutable(parent)->children;
  const std::string elements = absl::StrCat(segment, "[");
  for (auto child = children.begin(); child != children.end();) {
    const bool erased = child->first == segment || absl::StartsWith(child->first, elements);
    child = erased ? children.erase(child) : std::next(child);
  }
}

}  // namespace espalier
