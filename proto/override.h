// Overrides of single fields: PATH=VALUE, as --set takes them.
#ifndef ESPALIER_PROTO_OVERRIDE_H_
#define ESPALIER_PROTO_OVERRIDE_H_

#include <google/protobuf/message.h>

#include <string>

#include "absl/strings/string_view.h"
#include "proto/diagnostics.h"
#include "proto/source_map.h"
#include "proto/text_reader.h"

namespace espalier {

// The field that an override names: "phase[1].epochs" of "phase[1].epochs=3".
absl::string_view OverridePath(absl::string_view text);

// Sets the field at PATH, which starts at `message`, to VALUE in text form; quotes around a string may be left out.
// Messages on the way are made if absent, a oneof switches, an index equal to the size appends, and a message or list
// as a value replaces the one before. Errors cite "--set 'PATH=VALUE'" as the file.
void ApplyOverride(absl::string_view text, const TextOptions& options, google::protobuf::Message* message,
                   SourceMap* sources, Diagnostics* diagnostics);

}  // namespace espalier

#endif  // ESPALIER_PROTO_OVERRIDE_H_
