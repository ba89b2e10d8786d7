#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "compression/package/float_storage.h"
#include "compression/package/package_file.h"
#include "compression/package/package_layout.h"
#include "core/kernels/parallel.h"

namespace espalier {
namespace {

constexpr uint64_t kMaximumFileBytes = uint64_t{1} << 36;

// A section's symbols while they are decoded.
struct Decoding {
  const SectionLayout* section;
  PackedTensor* tensor;
  std::vector<uint8_t> symbols;  // unless they go straight into the tensor
  uint8_t* matrix = nullptr;
};

int AlphabetOf(const SectionLayout& section) {
  return section.kind == SectionKind::kShared ? static_cast<int>(section.values.size()) : 256;
}

// Makes room for the symbols, zeroed.
void Begin(Decoding* decoding) {
  const SectionLayout& section = *decoding->section;
  PackedTensor& tensor = *decoding->tensor;
  const int64_t count = section.matrix.count();
  switch (section.kind) {
    case SectionKind::kConstant:
      tensor.values = ConstantValue{section.values[0]};
      return;
    case SectionKind::kShared: {
      SharedValues& shared = tensor.values.emplace<SharedValues>();
      shared.codebook = section.values;
      shared.codes.resize(count);
      decoding->matrix = shared.codes.data();
      return;
    }
    case SectionKind::kFloats: {
      FloatValues& floats = tensor.values.emplace<FloatValues>();
      floats.dtype = section.dtype;
      floats.values.resize(count);
      if (floats.dtype == DType::kF32) {
        decoding->matrix = reinterpret_cast<uint8_t*>(floats.values.data());
        return;
      }
      break;
    }
    case SectionKind::kIntegers16:
    case SectionKind::kIntegers8: {
      IntegerValues& integers = tensor.values.emplace<IntegerValues>();
      integers.bits = section.kind == SectionKind::kIntegers8 ? 8 : 16;
      integers.scales = section.values;
      integers.values.resize(count);
      if (integers.bits == 16) {
        decoding->matrix = reinterpret_cast<uint8_t*>(integers.values.data());
        return;
      }
      break;
    }
  }
  decoding->symbols.resize(count * section.matrix.width);
  decoding->matrix = decoding->symbols.data();
}

// Turns symbols that are not the tensor's own memory into its values.
absl::Status Finish(Decoding* decoding) {
  auto* floats = std::get_if<FloatValues>(&decoding->tensor->values);
  auto* integers = std::get_if<IntegerValues>(&decoding->tensor->values);
  const std::vector<uint8_t>& symbols = decoding->symbols;
  if (floats != nullptr && !symbols.empty()) {
    const absl::string_view bytes(reinterpret_cast<const char*>(symbols.data()), symbols.size());
    LoadFloats(bytes, floats->dtype, absl::MakeSpan(floats->values));
  } else if (integers != nullptr && !symbols.empty()) {
    std::transform(symbols.begin(), symbols.end(), integers->values.begin(),
                   [](uint8_t symbol) { return static_cast<int8_t>(symbol); });
  }
  decoding->symbols = {};
  if (floats == nullptr || AllFinite(floats->values)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(decoding->tensor->name, ": expected finite numbers, found others"));
}

absl::Status DecodeBlocks(std::vector<Decoding>* decodings) {
  struct Work {
    const Decoding* decoding;
    const BlockView* block;
  };
  std::vector<Work> work;
  int64_t elements = 0;
  for (const Decoding& decoding : *decodings) {
    for (const BlockView& block : decoding.section->blocks) {
      work.push_back({&decoding, &block});
      elements += block.count;
    }
  }
  std::vector<absl::Status> statuses(work.size());
  const int64_t count = static_cast<int64_t>(work.size());
  ParallelRanges(count, 1, elements < kSerialElements ? count + 1 : 2, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const SectionLayout& section = *work[i].decoding->section;
      statuses[i] =
          DecodeBlock(*work[i].block, section.matrix, section.coding, AlphabetOf(section), work[i].decoding->matrix);
    }
  });
  for (int64_t i = 0; i < count; ++i) {
    if (statuses[i].ok()) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(work[i].decoding->section->tensor.name, ": ", statuses[i].message()));
  }
  return absl::OkStatus();
}

}  // namespace

bool IsPackage(absl::string_view bytes) { return bytes.substr(0, kPackageMagic.size()) == kPackageMagic; }

absl::StatusOr<Package> DecodePackage(absl::string_view bytes) {
  ASSIGN_OR_RETURN(PackageLayout layout, ReadLayout(bytes));
  Package package;
  package.info = std::move(layout.info);
  package.tensors.resize(layout.sections.size());
  std::vector<Decoding> decodings(layout.sections.size());
  for (size_t i = 0; i < decodings.size(); ++i) {
    const SectionLayout& section = layout.sections[i];
    package.tensors[i].name = section.tensor.name;
    package.tensors[i].shape = section.tensor.shape;
    package.tensors[i].is_state = section.tensor.is_state;
    decodings[i].section = &section;
    decodings[i].tensor = &package.tensors[i];
    Begin(&decodings[i]);
  }
  RETURN_IF_ERROR(DecodeBlocks(&decodings));
  for (Decoding& decoding : decodings) RETURN_IF_ERROR(Finish(&decoding));
  return package;
}

absl::StatusOr<std::string> ReadPackageBytes(FileSystem* files, const std::string& path) {
  return ReadFile(files, path, kMaximumFileBytes);
}

absl::StatusOr<Package> ReadPackage(FileSystem* files, const std::string& path) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadPackageBytes(files, path));
  absl::StatusOr<Package> package = DecodePackage(bytes);
  if (package.ok()) return package;
  return absl::Status(package.status().code(), absl::StrCat(path, ": ", package.status().message()));
}

}  // namespace espalier
