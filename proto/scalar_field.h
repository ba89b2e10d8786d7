// Stores a scalar written in protobuf text into a message's field, with the checks of its type and range.
#ifndef ESPALIER_PROTO_SCALAR_FIELD_H_
#define ESPALIER_PROTO_SCALAR_FIELD_H_

#include <google/protobuf/message.h>

#include <optional>
#include <string>

#include "proto/token_stream.h"

namespace espalier {

// What may stand in the field, for error messages: "a number", "true or false", "a whole number from 0 to 4294967295".
std::string DescribeExpected(const google::protobuf::FieldDescriptor& field);

// Sets a field that is not repeated (index -1), replaces an element, or appends (index equal to the size). Whole
// numbers may be decimal, hexadecimal (0x) or octal (0); floating point ones are decimal, "inf" or "nan"; strings are
// UTF-8. Returns what was expected and found if the value does not fit; the message is unchanged then.
std::optional<std::string> StoreScalar(const Scalar& scalar, const google::protobuf::FieldDescriptor& field, int index,
                                       google::protobuf::Message* message);

}  // namespace espalier

#endif  // ESPALIER_PROTO_SCALAR_FIELD_H_
