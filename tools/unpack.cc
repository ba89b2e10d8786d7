#include "tools/unpack.h"

#include "absl/strings/str_cat.h"
#include "compression/package/package_file.h"
#include "core/files/file_system.h"
#include "core/files/safetensors.h"
#include "core/human_readable.h"

namespace espalier {
namespace {

// Keeps the bytes, for a file that is then written at once.
class StringFile : public WritableFile {
 public:
  explicit StringFile(std::string* bytes) : bytes_(*bytes) {}
  absl::Status Append(absl::string_view bytes) override {
    bytes_.append(bytes.data(), bytes.size());
    return absl::OkStatus();
  }
  absl::Status Sync() override { return absl::OkStatus(); }
  absl::Status Close() override { return absl::OkStatus(); }

 private:
  std::string& bytes_;
};

absl::Status Unpack(const Arguments& arguments, std::ostream& out) {
  FileSystem* files = FileSystem::Posix();
  ASSIGN_OR_RETURN(const Package package, ReadPackage(files, arguments.positional()[0]));
  std::vector<NamedTensor> tensors;
  int64_t elements = 0;
  for (const PackedTensor& packed : package.tensors) {
    tensors.push_back({packed.name, Tensor(DType::kF32, packed.shape)});
    EffectiveValues(packed, tensors.back().tensor.data<float>());
    elements += packed.shape.elements();
  }
  std::string bytes;
  StringFile file(&bytes);
  RETURN_IF_ERROR(WriteSafetensors(tensors, {}, &file));
  const std::string output = arguments.Get("output", "weights.safetensors");
  RETURN_IF_ERROR(WriteFileAtomically(files, output, bytes));
  out << output << ": " << FormatCount(static_cast<int64_t>(tensors.size())) << " tensors, " << FormatCount(elements)
      << " numbers, " << FormatBytes(bytes.size()) << "\n";
  return absl::OkStatus();
}

}  // namespace

Verb UnpackVerb() {
  Verb verb;
  verb.name = "unpack";
  verb.arguments = "PACKAGE";
  verb.summary = "Writes a package's weights, exactly as its network computes with them, as safetensors.";
  verb.details = "Names and shapes are those of a checkpoint's weights.safetensors; all numbers are f32.";
  verb.flags = {{"output", "FILE", "weights.safetensors by default"}};
  verb.minimum_arguments = verb.maximum_arguments = 1;
  verb.run = Unpack;
  return verb;
}

}  // namespace espalier
