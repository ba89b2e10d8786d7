// Paths of fields, "model.layer[3].conv.kernel", as errors, sources and overrides write them.
#ifndef ESPALIER_PROTO_FIELD_PATH_H_
#define ESPALIER_PROTO_FIELD_PATH_H_

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace espalier {

// "path.segment"; either may be empty.
std::string FieldPath(absl::string_view path, absl::string_view segment);

// "conv", or "layer[3]" for an index that is not negative.
std::string PathSegment(const google::protobuf::FieldDescriptor& field, int index);

// Without its last segment.
absl::string_view ParentFieldPath(absl::string_view path);

inline bool IsMessage(const google::protobuf::FieldDescriptor& field) {
  return field.cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE;
}

// Of all fields of a message; of all members of a oneof.
std::vector<std::string> FieldNames(const google::protobuf::Descriptor& type);
std::vector<std::string> FieldNames(const google::protobuf::OneofDescriptor& oneof);

}  // namespace espalier

#endif  // ESPALIER_PROTO_FIELD_PATH_H_
