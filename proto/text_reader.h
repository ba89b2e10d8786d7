// Reads protobuf text into a message by reflection, reports every problem of the text at once and notes where each
// field stands. Reading goes on after a problem:
//   - an unknown name or a value that does not fit is skipped with its block;
//   - a name that belongs to an outer message and stands no further right than the block that surrounds it shows that a
//     closing brace is missing: the block ends there;
//   - anything else is skipped up to what looks like a field: a name that begins a line or that a colon or an opening
//     bracket follows, or the end of the block.
//
// The language is that of proto2 text without extensions, Any and groups:
//   message = { field [";" | ","] }
//   field   = name ":" (scalar | "[" [scalar {"," scalar}] "]")
//           | name [":"] (block | "[" [block {"," block}] "]")
//   block   = "{" message "}" | "<" message ">"
//   scalar  = ["-"] (integer | float | word) | string {string}       comments run from # to the end of the line
#ifndef ESPALIER_PROTO_TEXT_READER_H_
#define ESPALIER_PROTO_TEXT_READER_H_

#include <google/protobuf/message.h>

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "proto/diagnostics.h"
#include "proto/source_map.h"

namespace espalier {

struct TextOptions {
  int64_t max_bytes = 1 << 20;
  // Messages within messages; the outermost is at depth 0.
  int max_depth = 64;
  // Where the message stands in the document, if it is not the outermost: "model". Begins the paths of errors and
  // sources.
  std::string path;
};

// Adds the fields in `text` to `message`; `file` is what errors call the text. `message` holds all that could be read.
void ReadText(absl::string_view text, const std::string& file, const TextOptions& options,
              google::protobuf::Message* message, SourceMap* sources, Diagnostics* diagnostics);

// The same for the contents of a file.
void ReadTextFile(const std::string& file, const TextOptions& options, google::protobuf::Message* message,
                  SourceMap* sources, Diagnostics* diagnostics);

// For callers that have one file and want no sources.
absl::Status ReadTextFile(const std::string& file, google::protobuf::Message* message, const TextOptions& options = {});

// Reads the value of one field, written as after its name: `0.5`, `[1, 2]`, `{ momentum: 0.9 }`. Leading blanks keep
// columns right where the value is a part of a longer text. A field that is not repeated is set; with an index an
// element is replaced or, where the index equals the size, appended; a list without index replaces all elements.
// `options.path` is that of `message`.
void ReadFieldValue(absl::string_view text, const std::string& file, const TextOptions& options,
                    const google::protobuf::FieldDescriptor& field, int index, google::protobuf::Message* message,
                    SourceMap* sources, Diagnostics* diagnostics);

}  // namespace espalier

#endif  // ESPALIER_PROTO_TEXT_READER_H_
