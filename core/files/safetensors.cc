#include "core/files/safetensors.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/files/json_scanner.h"

namespace espalier {
namespace {

constexpr uint64_t kLengthBytes = 8;
constexpr uint64_t kMaximumHeaderBytes = 100'000'000;
constexpr char kMetadataKey[] = "__metadata__";

struct DTypeName {
  DType dtype;
  const char* name;
};
constexpr DTypeName kDTypeNames[] = {{DType::kF32, "F32"}, {DType::kBF16, "BF16"}, {DType::kF16, "F16"},
                                     {DType::kS32, "I32"}, {DType::kS8, "I8"},     {DType::kU8, "U8"}};

// Types of the format that no Tensor has, and the bytes of an element.
struct ForeignDType {
  const char* name;
  uint64_t bytes;
};
constexpr ForeignDType kForeignDTypes[] = {{"F64", 8}, {"I64", 8},  {"U64", 8},     {"U32", 4},    {"I16", 2},
                                           {"U16", 2}, {"BOOL", 1}, {"F8_E4M3", 1}, {"F8_E5M2", 1}};

// Bytes of an element of that foreign type; 0 if the format has no such type.
uint64_t ForeignBytes(const std::string& name) {
  for (const ForeignDType& foreign : kForeignDTypes) {
    if (foreign.name == name) return foreign.bytes;
  }
  return 0;
}

const char* FormatName(DType dtype) {
  for (const DTypeName& known : kDTypeNames) {
    if (known.dtype == dtype) return known.name;
  }
  LOG(FATAL) << "no safetensors name for " << Name(dtype);
  return nullptr;
}

std::optional<DType> FromFormatName(const std::string& name) {
  for (const DTypeName& known : kDTypeNames) {
    if (known.name == name) return known.dtype;
  }
  return std::nullopt;
}

std::vector<const NamedTensor*> InFileOrder(absl::Span<const NamedTensor> tensors) {
  std::vector<const NamedTensor*> order;
  for (const NamedTensor& tensor : tensors) order.push_back(&tensor);
  std::sort(order.begin(), order.end(), [](const NamedTensor* a, const NamedTensor* b) {
    const size_t a_width = SizeOf(a->tensor.dtype()), b_width = SizeOf(b->tensor.dtype());
    return a_width != b_width ? a_width > b_width : a->name < b->name;
  });
  return order;
}

absl::Status CheckNames(absl::Span<const NamedTensor> tensors) {
  std::set<absl::string_view> names;
  for (const NamedTensor& tensor : tensors) {
    if (!IsUtf8(tensor.name))
      return absl::InvalidArgumentError(absl::StrCat("tensor name is not UTF-8: ", tensor.name));
    if (tensor.name == kMetadataKey) {
      return absl::InvalidArgumentError(absl::StrCat("tensor name ", kMetadataKey, " is reserved by the file format"));
    }
    if (!names.insert(tensor.name).second) {
      return absl::InvalidArgumentError(absl::StrCat("two tensors of one name: ", tensor.name));
    }
  }
  return absl::OkStatus();
}

// Length and header, padded so that the data begins at a multiple of kAlignment.
std::string MakeHeader(const std::vector<const NamedTensor*>& order,
                       const std::map<std::string, std::string>& metadata) {
  std::vector<std::string> members;
  if (!metadata.empty()) {
    members.push_back(absl::StrCat(JsonQuoted(kMetadataKey), ":{",
                                   absl::StrJoin(metadata, ",",
                                                 [](std::string* out, const auto& pair) {
                                                   absl::StrAppend(out, JsonQuoted(pair.first), ":",
                                                                   JsonQuoted(pair.second));
                                                 }),
                                   "}"));
  }
  uint64_t begin = 0;
  for (const NamedTensor* named : order) {
    const uint64_t end = begin + named->tensor.bytes();
    members.push_back(absl::StrCat(JsonQuoted(named->name), ":{\"dtype\":\"", FormatName(named->tensor.dtype()),
                                   "\",\"shape\":[", absl::StrJoin(named->tensor.shape().dims(), ","),
                                   "],\"data_offsets\":[", begin, ",", end, "]}"));
    begin = end;
  }
  std::string header(kLengthBytes, '\0');
  absl::StrAppend(&header, "{", absl::StrJoin(members, ","), "}");
  header.resize((header.size() + kAlignment - 1) / kAlignment * kAlignment, ' ');
  const uint64_t length = header.size() - kLengthBytes;
  std::memcpy(header.data(), &length, kLengthBytes);
  return header;
}

}  // namespace

absl::Status WriteSafetensors(absl::Span<const NamedTensor> tensors, const std::map<std::string, std::string>& metadata,
                              WritableFile* file) {
  RETURN_IF_ERROR(CheckNames(tensors));
  const std::vector<const NamedTensor*> order = InFileOrder(tensors);
  const std::string header = MakeHeader(order, metadata);
  if (header.size() - kLengthBytes > kMaximumHeaderBytes) {
    return absl::InvalidArgumentError(absl::StrCat("names and metadata of ", tensors.size(),
                                                   " tensors make a header of ", header.size(),
                                                   " bytes; readers accept ", kMaximumHeaderBytes));
  }
  RETURN_IF_ERROR(file->Append(header));
  for (const NamedTensor* named : order) {
    const Tensor& tensor = named->tensor;
    RETURN_IF_ERROR(file->Append({reinterpret_cast<const char*>(tensor.raw()), tensor.bytes()}));
  }
  return absl::OkStatus();
}

namespace {

// Product of the dims, zeros counted as ones so that no partial product of a proven shape can overflow; nothing if it
// is above 2^63 - 1.
std::optional<int64_t> CheckedProduct(absl::Span<const int64_t> dims) {
  int64_t product = 1;
  for (const int64_t dim : dims) {
    if (__builtin_mul_overflow(product, std::max<int64_t>(dim, 1), &product)) return std::nullopt;
  }
  return product;
}

absl::StatusOr<Shape> ParseShape(JsonScanner* scanner) {
  std::vector<int64_t> dims;
  RETURN_IF_ERROR(scanner->Array([&]() -> absl::Status {
    ASSIGN_OR_RETURN(const uint64_t dim, scanner->Unsigned());
    if (dim > INT64_MAX) return scanner->Error("a dimension below 2^63");
    if (dims.size() == Shape::kMaxRank) return scanner->Error(absl::StrCat("at most ", Shape::kMaxRank, " dimensions"));
    dims.push_back(static_cast<int64_t>(dim));
    return absl::OkStatus();
  }));
  if (!CheckedProduct(dims).has_value()) return scanner->Error("dimensions whose product is below 2^63");
  return Shape(dims);
}

absl::Status ParseOffsets(JsonScanner* scanner, SafetensorsReader::Entry* entry) {
  std::vector<uint64_t> offsets;
  RETURN_IF_ERROR(scanner->Array([&]() -> absl::Status {
    if (offsets.size() == 2) return scanner->Error("two data_offsets");
    ASSIGN_OR_RETURN(const uint64_t offset, scanner->Unsigned());
    offsets.push_back(offset);
    return absl::OkStatus();
  }));
  if (offsets.size() != 2 || offsets[0] > offsets[1]) return scanner->Error("two rising data_offsets");
  entry->begin = offsets[0];
  entry->end = offsets[1];
  return absl::OkStatus();
}

absl::Status ParseEntry(JsonScanner* scanner, SafetensorsReader::Entry* entry) {
  std::set<std::string> seen;
  RETURN_IF_ERROR(scanner->Object([&](const std::string& key) -> absl::Status {
    seen.insert(key);
    if (key == "dtype") {
      ASSIGN_OR_RETURN(const std::string name, scanner->String());
      const std::optional<DType> dtype = FromFormatName(name);
      if (dtype.has_value()) {
        entry->dtype = *dtype;
      } else if (ForeignBytes(name) > 0) {
        entry->foreign_dtype = name;
      } else {
        return absl::DataLossError(absl::StrCat("dtype ", JsonQuoted(name),
                                                "; expected F32, BF16, F16, I32, I8, U8 or another of the format's"));
      }
      return absl::OkStatus();
    }
    if (key == "shape") {
      ASSIGN_OR_RETURN(entry->shape, ParseShape(scanner));
      return absl::OkStatus();
    }
    if (key == "data_offsets") return ParseOffsets(scanner, entry);
    return scanner->Error("one of the members dtype, shape, data_offsets");
  }));
  if (seen.size() != 3) return scanner->Error("all of the members dtype, shape, data_offsets before this");
  const bool foreign = !entry->foreign_dtype.empty();
  const uint64_t width = foreign ? ForeignBytes(entry->foreign_dtype) : SizeOf(entry->dtype);
  uint64_t bytes;
  if (__builtin_mul_overflow(static_cast<uint64_t>(entry->shape.elements()), width, &bytes) ||
      bytes != entry->end - entry->begin) {
    return absl::DataLossError(absl::StrCat("shape ", entry->shape.ToString(), " of ",
                                            foreign ? entry->foreign_dtype : FormatName(entry->dtype),
                                            " does not fill data_offsets [", entry->begin, ", ", entry->end, "]"));
  }
  return absl::OkStatus();
}

absl::Status Prefixed(const std::string& prefix, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrCat(prefix, ": ", status.message()));
}

}  // namespace

absl::Status SafetensorsReader::ParseHeader(absl::string_view header) {
  JsonScanner scanner(header);
  if (header.empty() || header.front() != '{') return scanner.Error("'{'");  // no white space before it
  RETURN_IF_ERROR(scanner.Object([&](const std::string& key) -> absl::Status {
    if (key == kMetadataKey) {
      return scanner.Object([&](const std::string& name) -> absl::Status {
        ASSIGN_OR_RETURN(metadata_[name], scanner.String());
        return absl::OkStatus();
      });
    }
    Entry entry;
    entry.name = key;
    RETURN_IF_ERROR(Prefixed(absl::StrCat("tensor ", JsonQuoted(key)), ParseEntry(&scanner, &entry)));
    entries_.push_back(std::move(entry));
    return absl::OkStatus();
  }));
  return scanner.End();
}

absl::Status SafetensorsReader::CheckTiling(uint64_t data_begin) const {
  uint64_t covered = 0;
  for (const Entry& entry : entries_) {
    if (entry.begin != covered) {
      return absl::DataLossError(absl::StrCat("tensor ", JsonQuoted(entry.name), ": data_offsets begin at ",
                                              entry.begin, ", expected ", covered, " (no hole, no overlap)"));
    }
    covered = entry.end;
  }
  if (covered != file_->size() - data_begin) {
    return absl::DataLossError(absl::StrCat("data of ", file_->size() - data_begin, " bytes, expected ", covered));
  }
  return absl::OkStatus();
}

absl::StatusOr<SafetensorsReader> SafetensorsReader::Open(std::unique_ptr<ReadableFile> file) {
  SafetensorsReader reader;
  reader.file_ = std::move(file);
  const std::string& path = reader.file_->path();
  const uint64_t file_bytes = reader.file_->size();
  if (file_bytes < kLengthBytes) {
    return absl::DataLossError(absl::StrCat(path, ": has ", file_bytes, " bytes, expected at least ", kLengthBytes));
  }
  uint64_t length;
  RETURN_IF_ERROR(reader.file_->Read(0, kLengthBytes, reinterpret_cast<char*>(&length)));
  if (length > std::min(kMaximumHeaderBytes, file_bytes - kLengthBytes)) {
    return absl::DataLossError(absl::StrCat(path, ": header of ", length, " bytes, expected at most ",
                                            std::min(kMaximumHeaderBytes, file_bytes - kLengthBytes)));
  }
  std::string header(length, '\0');
  RETURN_IF_ERROR(reader.file_->Read(kLengthBytes, length, header.data()));
  RETURN_IF_ERROR(Prefixed(absl::StrCat(path, ": header"), reader.ParseHeader(header)));
  std::sort(reader.entries_.begin(), reader.entries_.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  RETURN_IF_ERROR(Prefixed(path, reader.CheckTiling(kLengthBytes + length)));
  for (Entry& entry : reader.entries_) {
    entry.begin += kLengthBytes + length;
    entry.end += kLengthBytes + length;
  }
  return reader;
}

absl::Status SafetensorsReader::Read(const Entry& entry, const Tensor& tensor) const {
  CHECK(entry.foreign_dtype.empty() && tensor.dtype() == entry.dtype && tensor.shape() == entry.shape) << entry.name;
  return file_->Read(entry.begin, entry.end - entry.begin, reinterpret_cast<char*>(tensor.raw()));
}

namespace {

std::string Description(DType dtype, const Shape& shape) {
  return absl::StrCat(std::string(Name(dtype)), " ", shape.ToString());
}

std::string Description(const SafetensorsReader::Entry& entry) {
  if (entry.foreign_dtype.empty()) return Description(entry.dtype, entry.shape);
  return absl::StrCat(entry.foreign_dtype, " ", entry.shape.ToString());
}

}  // namespace

absl::Status SafetensorsReader::ReadAll(absl::Span<const NamedTensor> tensors) const {
  std::unordered_map<std::string, const Tensor*> wanted;
  for (const NamedTensor& named : tensors) {
    CHECK(wanted.emplace(named.name, &named.tensor).second) << "two tensors of one name: " << named.name;
  }
  std::vector<std::string> problems;
  std::set<absl::string_view> present;
  for (const Entry& entry : entries_) {
    present.insert(entry.name);
    const auto found = wanted.find(entry.name);
    if (found == wanted.end()) {
      problems.push_back(absl::StrCat("unexpected ", entry.name));
    } else if (const Tensor& tensor = *found->second;
               !entry.foreign_dtype.empty() || tensor.dtype() != entry.dtype || tensor.shape() != entry.shape) {
      problems.push_back(entry.name + ": expected " + Description(tensor.dtype(), tensor.shape()) + ", found " +
                         Description(entry));
    }
  }
  for (const NamedTensor& named : tensors) {
    if (present.count(named.name) == 0) problems.push_back(absl::StrCat("missing ", named.name));
  }
  if (!problems.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(file_->path(), ": does not fit this model: ", absl::StrJoin(problems, "; ")));
  }
  for (const Entry& entry : entries_) RETURN_IF_ERROR(Read(entry, *wanted[entry.name]));
  return absl::OkStatus();
}

}  // namespace espalier
