#include "compression/package/make_package.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "compression/package/fold_batch_norm.h"
#include "compression/package/network_tensors.h"
#include "glog/logging.h"

namespace espalier {
namespace {

constexpr size_t kShortCodebook = 16;

float Rounded(float value, DType dtype) {
  if (dtype == DType::kF16) return ToFloat(ToFloat16(value));
  if (dtype == DType::kBF16) return ToFloat(ToBFloat16(value));
  return value;
}

// The values other than 0 that stand in a tensor, with a number each; at most 255.
class DistinctValues {
 public:
  // The value's number, from 1 on; 0 if there are too many.
  int NumberOf(float value) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    for (uint32_t slot = bits * 2654435761u >> (32 - kSlotBits);; slot = (slot + 1) % kSlots) {
      if (numbers_[slot] == 0) {
        if (values_.size() == 255) return 0;
        values_.push_back(value);
        keys_[slot] = bits;
        numbers_[slot] = static_cast<uint8_t>(values_.size());
        return numbers_[slot];
      }
      if (keys_[slot] == bits) return numbers_[slot];
    }
  }

  const std::vector<float>& values() const { return values_; }

 private:
  static constexpr int kSlotBits = 10;
  static constexpr uint32_t kSlots = 1 << kSlotBits;

  std::array<uint32_t, kSlots> keys_ = {};
  std::array<uint8_t, kSlots> numbers_ = {};  // 0: the slot is free
  std::vector<float> values_;
};

// Nothing if the tensor has too many values to share them.
std::optional<SharedValues> Share(absl::Span<const float> values, DType dtype) {
  DistinctValues distinct;
  SharedValues shared;
  shared.codes.resize(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] == 0) continue;
    const int number = distinct.NumberOf(values[i]);
    if (number == 0) return std::nullopt;
    shared.codes[i] = static_cast<uint8_t>(number);
  }
  // A float for each value and a byte for each code, against a float for each element.
  if (4 * distinct.values().size() + values.size() >= 4 * values.size()) return std::nullopt;
  shared.codebook = {0};
  for (float value : distinct.values()) shared.codebook.push_back(Rounded(value, dtype));
  // What rounding has made 0 is pruned.
  for (uint8_t& code : shared.codes) {
    if (shared.codebook[code] == 0) code = 0;
  }
  for (size_t code = 1; code < shared.codebook.size(); ++code) {
    if (shared.codebook[code] == 0) shared.codebook[code] = 1;  // of a code that nothing has
  }
  return shared;
}

// Nothing unless all values are a power of two times integers of at most 16 bits.
std::optional<IntegerValues> ToIntegers(absl::Span<const float> values) {
  constexpr int kMantissaBits = 24;
  int highest = std::numeric_limits<int>::min(), lowest = std::numeric_limits<int>::max();
  for (float value : values) {
    if (value == 0) continue;
    int exponent;
    auto mantissa = static_cast<uint32_t>(std::ldexp(std::frexp(std::abs(value), &exponent), kMantissaBits));
    highest = std::max(highest, exponent);
    exponent -= kMantissaBits;
    for (; mantissa % 2 == 0; mantissa /= 2) ++exponent;
    lowest = std::min(lowest, exponent);
    if (highest - lowest > 15) return std::nullopt;
  }
  if (highest < lowest) return std::nullopt;  // all zero
  const float unit = std::ldexp(1.0f, lowest);
  if (!std::isnormal(unit)) return std::nullopt;
  IntegerValues integers;
  integers.bits = highest - lowest <= 7 ? 8 : 16;
  integers.scales = {unit};
  integers.values.resize(values.size());
  std::transform(values.begin(), values.end(), integers.values.begin(),
                 [unit](float value) { return static_cast<int16_t>(value / unit); });
  return integers;
}

PackedTensor Pack(const NetworkTensor& tensor, std::vector<float> values, const MakePackageOptions& options) {
  PackedTensor packed{tensor.name, tensor.shape, {}, tensor.is_state};
  const bool weight = !tensor.is_state && tensor.role == ParameterRole::kWeight;
  std::replace(values.begin(), values.end(), -0.0f, 0.0f);
  if (!weight && std::all_of(values.begin(), values.end(), [&](float value) { return value == values[0]; })) {
    packed.values = ConstantValue{values[0]};
    return packed;
  }
  std::optional<SharedValues> shared = Share(values, options.shared_values);
  // A long codebook says of numbers on a grid what a unit says, too.
  if (weight && !(shared && shared->codebook.size() <= kShortCodebook)) {
    std::optional<IntegerValues> integers = ToIntegers(values);
    if (integers && (integers->bits == 8 || !shared)) {
      packed.values = *std::move(integers);
      return packed;
    }
  }
  if (shared) {
    packed.values = *std::move(shared);
    return packed;
  }
  FloatValues& floats = packed.values.emplace<FloatValues>();
  if (!weight) floats.dtype = options.small_tensors;
  for (float& value : values) value = Rounded(value, floats.dtype);
  floats.values = std::move(values);
  return packed;
}

// The values of all expected tensors, by name.
absl::StatusOr<std::map<std::string, std::vector<float>>> Gather(absl::Span<const NetworkTensor> expected,
                                                                 absl::Span<const NamedTensor> tensors) {
  std::map<std::string, const Tensor*> given;
  for (const NamedTensor& tensor : tensors) given[tensor.name] = &tensor.tensor;
  std::map<std::string, std::vector<float>> values;
  std::vector<std::string> errors;
  for (const NetworkTensor& tensor : expected) {
    const auto found = given.find(tensor.name);
    if (found == given.end()) {
      errors.push_back(absl::StrCat(tensor.name, ": expected ", tensor.shape.ToString(), ", found no such tensor"));
      continue;
    }
    const Tensor& data = *found->second;
    given.erase(found);
    if (data.shape() != tensor.shape || data.dtype() != DType::kF32) {
      errors.push_back(absl::StrCat(tensor.name, ": expected f32 ", tensor.shape.ToString(), ", found ",
                                    Name(data.dtype()), " ", data.shape().ToString()));
      continue;
    }
    const absl::Span<const float> span = data.span<float>();
    if (std::any_of(span.begin(), span.end(), [](float value) { return !std::isfinite(value); })) {
      errors.push_back(absl::StrCat(tensor.name, ": expected finite numbers, found others"));
    }
    values[tensor.name].assign(span.begin(), span.end());
  }
  for (const auto& [name, tensor] : given) {
    errors.push_back(absl::StrCat(name, ": expected no such tensor, found ", tensor->shape().ToString()));
  }
  if (!errors.empty()) return absl::InvalidArgumentError(absl::StrJoin(errors, "\n"));
  return values;
}

}  // namespace

absl::StatusOr<Package> MakePackage(PackageInfo info, absl::Span<const NamedTensor> tensors,
                                    const MakePackageOptions& options) {
  ASSIGN_OR_RETURN(const std::vector<NetworkTensor> expected, NetworkTensors(info.model()));
  std::map<std::string, std::vector<float>> values;
  ASSIGN_OR_RETURN(values, Gather(expected, tensors));
  if (options.fold_batch_norm) {
    ASSIGN_OR_RETURN(const Graph graph, BuildEvaluationGraph(info.model()));
    RETURN_IF_ERROR(FoldBatchNorms(graph, &values));
  }
  Package package;
  package.info = std::move(info);
  for (const NetworkTensor& tensor : expected) {
    package.tensors.push_back(Pack(tensor, std::move(values[tensor.name]), options));
  }
  return package;
}

PackageInfo InfoOf(const Job& job) {
  PackageInfo info;
  *info.mutable_model() = job.model();
  if (!job.data().has_validation()) return info;
  *info.mutable_data()->mutable_validation() = job.data().validation();
  // That of training may be of many ranks together.
  if (job.data().has_validation_batch_size()) {
    info.mutable_data()->set_validation_batch_size(job.data().validation_batch_size());
  }
  return info;
}

std::vector<NamedTensor> TensorsOf(const ParameterStore& store) {
  std::vector<NamedTensor> tensors;
  for (int i = 0; i < store.layout().size(); ++i) tensors.push_back({store.layout()[i].name, store.weight(i)});
  for (const auto& [name, state] : store.states()) tensors.push_back({name, state});
  return tensors;
}

}  // namespace espalier
