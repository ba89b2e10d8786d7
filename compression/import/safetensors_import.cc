#include "compression/import/safetensors_import.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "compression/import/name_matching.h"
#include "core/status.h"

namespace espalier {
namespace {

template <typename Half>
std::vector<float> Widened(const Tensor& tensor) {
  std::vector<float> values;
  for (const Half half : tensor.span<Half>()) values.push_back(ToFloat(half));
  return values;
}

absl::StatusOr<std::vector<float>> ReadFloats(const SafetensorsReader& file, const SafetensorsReader::Entry& entry) {
  if (!entry.foreign_dtype.empty() || !IsFloat(entry.dtype)) {
    return absl::InvalidArgumentError(
        absl::StrCat(entry.name, ": expected F32, F16 or BF16, found ",
                     entry.foreign_dtype.empty() ? std::string(Name(entry.dtype)) : entry.foreign_dtype));
  }
  const Tensor tensor(entry.dtype, entry.shape);
  RETURN_IF_ERROR(file.Read(entry, tensor));
  std::vector<float> values;
  if (entry.dtype == DType::kF32) {
    values.assign(tensor.span<float>().begin(), tensor.span<float>().end());
  } else {
    values = entry.dtype == DType::kF16 ? Widened<Float16>(tensor) : Widened<BFloat16>(tensor);
  }
  const auto bad = std::find_if_not(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
  if (bad == values.end()) return values;
  return absl::InvalidArgumentError(
      absl::StrCat(entry.name, ": element ", bad - values.begin(), ": expected a finite number, found ", *bad));
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
  imported.package = std::move(target.package);
  std::vector<std::string> problems;
  for (size_t i = 0; i < imported.package.tensors.size(); ++i) {
    const SafetensorsReader::Entry& entry = entries[matching->theirs[i]];
    absl::StatusOr<std::vector<float>> values = ReadFloats(file, entry);
    if (!values.ok() && !absl::IsInvalidArgument(values.status())) return values.status();
    if (!values.ok()) {
      problems.emplace_back(values.status().message());
      continue;
    }
    imported.package.tensors[i].values = FloatValues{DType::kF32, *std::move(values)};
    imported.theirs.push_back(entry.name);
  }
  for (const int index : matching->left_out) imported.left_out.push_back(entries[index].name);
  if (problems.empty()) return imported;
  return absl::InvalidArgumentError(absl::StrCat(file.path(), " cannot be imported:\n", absl::StrJoin(problems, "\n")));
}

}  // namespace espalier
