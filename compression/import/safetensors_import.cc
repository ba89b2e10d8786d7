#include "compression/import/safetensors_import.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "compression/import/name_matching.h"
#include "compression/package/make_package.h"
#include "core/check_finite.h"
#include "core/status.h"

namespace espalier {
namespace {

template <typename Half>
Tensor Widened(const Tensor& tensor) {
  const absl::Span<const Half> halves = tensor.span<Half>();
  const Tensor wide(DType::kF32, tensor.shape());
  std::transform(halves.begin(), halves.end(), wide.data<float>(), [](Half half) { return ToFloat(half); });
  return wide;
}

// In f32.
absl::StatusOr<Tensor> ReadFloats(const SafetensorsReader& file, const SafetensorsReader::Entry& entry) {
  if (!entry.foreign_dtype.empty() || !IsFloat(entry.dtype)) {
    return absl::InvalidArgumentError(
        absl::StrCat(entry.name, ": expected F32, F16 or BF16, found ",
                     entry.foreign_dtype.empty() ? std::string(Name(entry.dtype)) : entry.foreign_dtype));
  }
  Tensor tensor(entry.dtype, entry.shape);
  RETURN_IF_ERROR(file.Read(entry, tensor));
  if (entry.dtype == DType::kF16) tensor = Widened<Float16>(tensor);
  if (entry.dtype == DType::kBF16) tensor = Widened<BFloat16>(tensor);
  RETURN_IF_ERROR(CheckFinite(entry.name, tensor));
  return tensor;
}

}  // namespace

absl::StatusOr<ImportedTensors> ImportSafetensors(const SafetensorsReader& file, ImportTarget target,
                                                  const std::vector<NamePair>& table, const std::string& table_path) {
  const std::vector<SafetensorsReader::Entry>& entries = file.entries();
  std::vector<ForeignTensor> theirs;
  for (const SafetensorsReader::Entry& entry : entries) theirs.push_back({entry.name, entry.shape});
  const absl::StatusOr<NameMatching> matching = MatchNames(theirs, target, table, table_path);
  if (!matching.ok()) {
    return absl::Status(matching.status().code(),
                        absl::StrCat(file.path(), " does not fit the model:\n", matching.status().message()));
  }
  ImportedTensors imported;
  std::vector<NamedTensor> tensors;
  std::vector<std::string> problems;
  for (size_t i = 0; i < target.package.tensors.size(); ++i) {
    const SafetensorsReader::Entry& entry = entries[matching->theirs[i]];
    absl::StatusOr<Tensor> tensor = ReadFloats(file, entry);
    if (!tensor.ok() && !absl::IsInvalidArgument(tensor.status())) return tensor.status();
    if (!tensor.ok()) {
      problems.emplace_back(tensor.status().message());
      continue;
    }
    tensors.push_back({target.package.tensors[i].name, *std::move(tensor)});
    imported.theirs.push_back(entry.name);
  }
  for (const int index : matching->left_out) imported.left_out.push_back(entries[index].name);
  if (!problems.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(file.path(), " cannot be imported:\n", absl::StrJoin(problems, "\n")));
  }
  MakePackageOptions options;
  options.fold_batch_norm = false;
  ASSIGN_OR_RETURN(imported.package, MakePackage(std::move(target.package.info), tensors, options));
  return imported;
}

}  // namespace espalier
