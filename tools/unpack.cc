#include "tools/unpack.h"

#include "absl/strings/str_cat.h"
#include "compression/package/effective_weights.h"
#include "compression/package/package_file.h"
#include "core/files/file_system.h"
#include "core/human_readable.h"

namespace espalier {
namespace {

absl::Status Unpack(const Arguments& arguments, std::ostream& out) {
  FileSystem* files = FileSystem::Posix();
  ASSIGN_OR_RETURN(const Package package, ReadPackage(files, arguments.positional()[0]));
  const std::string output = arguments.Get("output", "weights.safetensors");
  ASSIGN_OR_RETURN(const uint64_t bytes, WriteEffectiveWeights(files, output, package));
  int64_t elements = 0;
  for (const PackedTensor& tensor : package.tensors) elements += tensor.shape.elements();
  out << output << ": " << FormatCount(static_cast<int64_t>(package.tensors.size())) << " tensors, "
      << FormatCount(elements) << " numbers, " << FormatBytes(bytes) << "\n";
  return absl::OkStatus();
}

}  // namespace

Verb UnpackVerb() {
  Verb verb;
  verb.name = "unpack";
  verb.arguments = "PACKAGE";
  verb.summary = "Writes a package's weights, exactly as its network computes with them, as safetensors.";
  verb.details =
      "Names and shapes are those of a checkpoint's weights.safetensors; all numbers are f32. A job's initial_weights "
      "takes\n"
      "the file.";
  verb.flags = {{"output", "FILE", "weights.safetensors by default"}};
  verb.minimum_arguments = verb.maximum_arguments = 1;
  verb.run = Unpack;
  return verb;
}

}  // namespace espalier
