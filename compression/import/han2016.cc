#include "compression/import/han2016.h"

#include <cmath>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/status.h"
#include "glog/logging.h"

namespace espalier {
namespace {

constexpr int kGapBits = 4;
constexpr uint64_t kCountBytes = sizeof(uint32_t);

uint64_t PackedBytes(int64_t entries, int bits) { return (static_cast<uint64_t>(entries) * bits + 7) / 8; }

// A layer of the target, as the format sees it.
struct WeightLayer {
  const TargetTensor* weight;
  const TargetTensor* bias;
  int code_bits;
};

absl::StatusOr<std::vector<WeightLayer>> WeightLayersOf(const ImportTarget& target) {
  std::vector<WeightLayer> layers;
  std::vector<std::string> problems;
  for (const TargetLayer& layer : target.layers) {
    const bool conv = layer.kind == "conv";
    if (!conv && layer.kind != "dense") {
      problems.push_back(absl::StrCat("layer ", layer.name, ": expected conv or dense, found ", layer.kind));
    } else if (layer.tensors.size() != 2) {
      problems.push_back(absl::StrCat("layer ", layer.name, ": expected a bias, found none"));
    } else {
      layers.push_back({&layer.tensors[0], &layer.tensors[1], conv ? 8 : 4});
    }
  }
  if (problems.empty() && layers.empty()) problems.push_back("expected layers with weights, found none");
  if (problems.empty()) return layers;
  return absl::InvalidArgumentError(
      absl::StrCat("the model cannot come from a han2016 file, which holds conv and dense layers, each with a bias:\n",
                   absl::StrJoin(problems, "\n")));
}

class Reader {
 public:
  Reader(absl::string_view bytes, const std::string& path, ImportTarget target)
      : bytes_(bytes), path_(path), target_(std::move(target)) {}

  absl::StatusOr<Han2016File> Read() {
    ASSIGN_OR_RETURN(layers_, WeightLayersOf(target_));
    RETURN_IF_ERROR(ReadCounts());
    for (size_t i = 0; i < layers_.size(); ++i) RETURN_IF_ERROR(ReadLayer(layers_[i], &file_.layers[i]));
    CHECK_EQ(at_, bytes_.size());
    file_.package = std::move(target_.package);
    return std::move(file_);
  }

 private:
  // Of the byte `at`.
  template <typename... Text>
  absl::Status Error(uint64_t at, const Text&... text) const {
    return absl::DataLossError(absl::StrCat(path_, ": byte ", at, ": ", text...));
  }

  // The next `bytes` bytes; ReadCounts has proven that they are there.
  absl::string_view Take(uint64_t bytes) {
    CHECK_LE(bytes, bytes_.size() - at_);
    at_ += bytes;
    return bytes_.substr(at_ - bytes, bytes);
  }

  // The counts, and with them the size of the file.
  absl::Status ReadCounts() {
    file_.header_bytes = layers_.size() * kCountBytes;
    if (bytes_.size() < file_.header_bytes) {
      return absl::DataLossError(absl::StrCat(path_, ": expected ", file_.header_bytes,
                                              " bytes of counts for the model's ", layers_.size(),
                                              " layers, found a file of ", bytes_.size(), " bytes"));
    }
    uint64_t expected = file_.header_bytes;
    for (size_t i = 0; i < layers_.size(); ++i) {
      uint32_t entries;
      std::memcpy(&entries, Take(kCountBytes).data(), kCountBytes);
      const WeightLayer& layer = layers_[i];
      Han2016Layer account;
      account.name = target_.layers[i].name;
      account.weights = layer.weight->shape.elements();
      account.entries = entries;
      if (account.entries > account.weights) {
        return Error(i * kCountBytes, "layer ", account.name, ": expected at most ", account.weights,
                     " entries, its weights, found ", entries, "; the file may be of another network");
      }
      account.codebook_bytes = sizeof(float) << layer.code_bits;
      account.bias_bytes = layer.bias->shape.elements() * sizeof(float);
      account.code_bytes = PackedBytes(entries, layer.code_bits);
      account.gap_bytes = PackedBytes(entries, kGapBits);
      expected += account.bytes();
      file_.layers.push_back(std::move(account));
    }
    if (bytes_.size() == expected) return absl::OkStatus();
    return absl::DataLossError(absl::StrCat(
        path_, ": expected ", expected, " bytes for the model and the counts in the file, found ", bytes_.size(),
        bytes_.size() < expected ? "; the file is cut off" : "; there are bytes behind the last layer",
        ", or of another network"));
  }

  absl::StatusOr<std::vector<float>> ReadFloats(const std::string& layer, const char* what, uint64_t bytes) {
    const uint64_t begin = at_;
    std::vector<float> values(bytes / sizeof(float));
    std::memcpy(values.data(), Take(bytes).data(), bytes);
    for (size_t i = 0; i < values.size(); ++i) {
      if (!std::isfinite(values[i])) {
        return Error(begin + i * sizeof(float), "layer ", layer, ": ", what, " ", i,
                     ": expected a finite number, found ", values[i]);
      }
    }
    return values;
  }

  // Unpacks `entries` numbers of 4 or 8 bits.
  absl::StatusOr<std::vector<uint8_t>> ReadBits(const std::string& layer, int64_t entries, int bits) {
    const absl::string_view packed = Take(PackedBytes(entries, bits));
    if (bits == 8) return std::vector<uint8_t>(packed.begin(), packed.end());
    std::vector<uint8_t> values(entries);
    for (int64_t i = 0; i < entries; ++i) {
      const auto byte = static_cast<uint8_t>(packed[i / 2]);
      values[i] = i % 2 == 0 ? byte & 15 : byte >> 4;
    }
    if (entries % 2 == 1 && (static_cast<uint8_t>(packed.back()) >> 4) != 0) {
      return Error(at_ - 1, "layer ", layer, ": expected 0 in the unused half of the byte, found ",
                   static_cast<uint8_t>(packed.back()) >> 4);
    }
    return values;
  }

  absl::Status ReadLayer(const WeightLayer& layer, Han2016Layer* account) {
    const uint64_t codebook_begin = at_;
    ASSIGN_OR_RETURN(const std::vector<float> codebook,
                     ReadFloats(account->name, "codebook entry", account->codebook_bytes));
    if (codebook[0] != 0) {
      return Error(codebook_begin, "layer ", account->name, ": expected 0 as the codebook's first entry, found ",
                   codebook[0]);
    }
    ASSIGN_OR_RETURN(std::vector<float> bias, ReadFloats(account->name, "bias", account->bias_bytes));
    ASSIGN_OR_RETURN(const std::vector<uint8_t> codes, ReadBits(account->name, account->entries, layer.code_bits));
    const uint64_t gaps_begin = at_;
    ASSIGN_OR_RETURN(const std::vector<uint8_t> gaps, ReadBits(account->name, account->entries, kGapBits));
    std::vector<uint8_t> dense(account->weights, 0);
    int64_t position = -1;
    for (int64_t i = 0; i < account->entries; ++i) {
      position += gaps[i] + 1;
      if (position >= account->weights) {
        return Error(gaps_begin + i / 2, "layer ", account->name, ": entry ", i, ": expected a position below ",
                     account->weights, ", the layer's weights, found ", position);
      }
      dense[position] = codes[i];
      account->fillers += codes[i] == 0;
    }
    target_.package.tensors[layer.weight->index].values = Share(codebook, std::move(dense));
    target_.package.tensors[layer.bias->index].values = FloatValues{DType::kF32, std::move(bias)};
    return absl::OkStatus();
  }

  // Drops codebook entries that are not used, and further zeros.
  static SharedValues Share(const std::vector<float>& codebook, std::vector<uint8_t> codes) {
    std::vector<bool> used(codebook.size(), false);
    for (const uint8_t code : codes) used[code] = true;
    SharedValues shared;
    shared.codebook = {0.0f};
    std::vector<uint8_t> renumbered(codebook.size(), 0);
    for (size_t code = 0; code < codebook.size(); ++code) {
      if (!used[code] || codebook[code] == 0) continue;
      renumbered[code] = static_cast<uint8_t>(shared.codebook.size());
      shared.codebook.push_back(codebook[code]);
    }
    for (uint8_t& code : codes) code = renumbered[code];
    shared.codes = std::move(codes);
    return shared;
  }

  const absl::string_view bytes_;
  const std::string& path_;
  ImportTarget target_;
  std::vector<WeightLayer> layers_;
  Han2016File file_;
  uint64_t at_ = 0;
};

}  // namespace

absl::StatusOr<Han2016File> ReadHan2016(absl::string_view bytes, const std::string& path, ImportTarget target) {
  return Reader(bytes, path, std::move(target)).Read();
}

}  // namespace espalier
