// The file `model.esp`, little-endian throughout:
//
//   file     = "ESP1" header section... crc32c
//   crc32c   = the CRC-32C of all before it, 4 bytes
//   header   = varint(2 * bytes) info                        a PackageInfo (proto/package.proto) in wire format,
//            | varint(2 * bytes + 1) varint(plain) info      or that deflated (RFC 1951), `plain` bytes when inflated
//   section  = kind content                                  one for each tensor of the model's evaluation graph, in
//                                                            its order, parameters first; names and shapes are the
//                                                            graph's
//   kind     = a byte: kind + 8 * float type (0 F32, 1 BF16, 2 F16)
//   content  = float                                         kind 0: a constant
//            | symbols                                       kind 1: floats
//            | byte(n) float*n symbols                       kind 2: shared values other than 0; a symbol is a code of
//                                                            the fewest bits for n + 1 values, code 0 is the value 0
//            | byte(0) float symbols                         kind 3, 4: two's complement of 8 or 16 bits, one scale
//            | byte(1) float*rows symbols                                                          a scale for each row
//   symbols  = coding sizes... stream...                     sizes of all blocks come before the streams of all blocks
//   coding   = a byte: index bits + 16 * column-major        0 index bits: all symbols, row by row
//   sizes    = varint(entries) size(gaps) size(plane)...     of a sparse block
//            | size(plane)...                                of a dense block
//   size     = varint(0) for packed symbols, varint(bytes + 1) for a Huffman block (compression/coding/huffman.h)
//
// A tensor is a matrix of its first dimension (rows) by all others. Its symbols, in the coding's order, are cut into
// blocks of 2^20; symbol_block.h says what entries, gaps and planes are. A varint has seven bits a byte, lowest first.
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "absl/strings/str_cat.h"
#include "compression/package/byte_reader.h"
#include "compression/package/float_storage.h"
#include "compression/package/package_file.h"
#include "compression/package/package_layout.h"
#include "compression/package/symbol_coding.h"
#include "core/files/crc32c.h"
#include "glog/logging.h"

namespace espalier {
namespace {

std::string Deflate(absl::string_view bytes) {
  z_stream stream = {};
  CHECK_EQ(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, -MAX_WBITS, /*memLevel=*/9, Z_DEFAULT_STRATEGY), Z_OK);
  std::string deflated(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(deflated.data());
  stream.avail_out = static_cast<uInt>(deflated.size());
  CHECK_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  deflated.resize(deflated.size() - stream.avail_out);
  deflateEnd(&stream);
  return deflated;
}

absl::StatusOr<std::string> EncodeHeader(const PackageInfo& info) {
  const std::string plain = info.SerializeAsString();
  if (plain.size() > kMaximumHeaderBytes) {
    return absl::InvalidArgumentError(absl::StrCat("expected a description of the network of at most ",
                                                   kMaximumHeaderBytes, " bytes, found ", plain.size()));
  }
  std::string stored, deflated;
  AppendVarint(2 * plain.size(), &stored);
  stored += plain;
  const std::string compressed = Deflate(plain);
  AppendVarint(2 * compressed.size() + 1, &deflated);
  AppendVarint(plain.size(), &deflated);
  deflated += compressed;
  return deflated.size() < stored.size() ? deflated : stored;
}

void AppendSymbols(const CodedSymbols& coded, std::string* out) {
  out->push_back(static_cast<char>(coded.coding.index_bits + (coded.coding.column_major ? 16 : 0)));
  for (const CodedBlock& block : coded.blocks) {
    if (coded.coding.index_bits > 0) AppendVarint(block.entries, out);
    for (const SymbolStream& stream : block.streams) AppendVarint(stream.huffman ? stream.bytes.size() + 1 : 0, out);
  }
  for (const CodedBlock& block : coded.blocks) {
    for (const SymbolStream& stream : block.streams) out->append(stream.bytes);
  }
}

void AppendKind(SectionKind kind, DType dtype, std::string* out) {
  const int type = dtype == DType::kF32 ? 0 : dtype == DType::kBF16 ? 1 : 2;
  out->push_back(static_cast<char>(static_cast<int>(kind) + 8 * type));
}

uint32_t BitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

// A codebook without its zero, sorted, each value once and in use; and the new number of each old code.
struct SortedCodebook {
  std::vector<float> values;
  std::array<uint8_t, 256> renumbered = {};
};

SortedCodebook SortCodebook(const SharedValues& shared) {
  std::array<bool, 256> used = {};
  for (uint8_t code : shared.codes) used[code] = true;
  // Bits in the order of the values: of negative ones all bits are turned.
  const auto key = [](float value) {
    const uint32_t bits = BitsOf(value);
    return (bits >> 31) != 0 ? ~bits : bits | 0x80000000u;
  };
  const auto less = [&](float a, float b) { return key(a) < key(b); };
  std::set<float, decltype(less)> sorted(less);
  for (size_t code = 1; code < shared.codebook.size(); ++code) {
    if (used[code]) sorted.insert(shared.codebook[code]);
  }
  SortedCodebook result;
  result.values.assign(sorted.begin(), sorted.end());
  for (size_t code = 1; code < shared.codebook.size(); ++code) {
    const auto place = std::lower_bound(result.values.begin(), result.values.end(), shared.codebook[code], less);
    result.renumbered[code] = static_cast<uint8_t>(place - result.values.begin() + 1);
  }
  return result;
}

absl::Status CheckFinite(absl::Span<const float> values) {
  if (AllFinite(values)) return absl::OkStatus();
  return absl::InvalidArgumentError("expected finite numbers, found others");
}

absl::Status CheckCount(size_t found, const Shape& shape) {
  if (static_cast<int64_t>(found) == shape.elements()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("expected ", shape.elements(), " values, found ", found));
}

// Appends a tensor's section.
class SectionWriter {
 public:
  SectionWriter(const Shape& shape, const PackOptions& options, std::string* out)
      : shape_(shape), options_(options), out_(out) {}

  absl::Status operator()(const ConstantValue& constant) const {
    RETURN_IF_ERROR(CheckFinite({constant.value}));
    const DType dtype = SmallestExactType({constant.value});
    AppendKind(SectionKind::kConstant, dtype, out_);
    out_->append(StoreFloats({constant.value}, dtype));
    return absl::OkStatus();
  }

  absl::Status operator()(const FloatValues& floats) const {
    RETURN_IF_ERROR(CheckCount(floats.values.size(), shape_));
    RETURN_IF_ERROR(CheckFinite(floats.values));
    if (!StoredExactly(floats.values, floats.dtype)) {
      return absl::InvalidArgumentError(
          absl::StrCat("expected values that ", Name(floats.dtype), " can hold, found others"));
    }
    AppendKind(SectionKind::kFloats, floats.dtype, out_);
    const std::string bytes = StoreFloats(floats.values, floats.dtype);
    AppendSymbols(Encode(bytes.data(), MatrixOf(shape_, static_cast<int>(SizeOf(floats.dtype)), 8)), out_);
    return absl::OkStatus();
  }

  absl::Status operator()(const SharedValues& shared) const {
    RETURN_IF_ERROR(CheckCount(shared.codes.size(), shape_));
    RETURN_IF_ERROR(CheckFinite(shared.codebook));
    RETURN_IF_ERROR(CheckCodebook(shared));
    const SortedCodebook codebook = SortCodebook(shared);
    std::vector<uint8_t> codes(shared.codes.size());
    std::transform(shared.codes.begin(), shared.codes.end(), codes.begin(),
                   [&](uint8_t code) { return codebook.renumbered[code]; });
    const DType dtype = SmallestExactType(codebook.values);
    AppendKind(SectionKind::kShared, dtype, out_);
    out_->push_back(static_cast<char>(codebook.values.size()));
    out_->append(StoreFloats(codebook.values, dtype));
    const SymbolMatrix matrix = MatrixOf(shape_, 1, BitsFor(static_cast<int64_t>(codebook.values.size()) + 1));
    AppendSymbols(Encode(codes.data(), matrix, options_.index_bits), out_);
    return absl::OkStatus();
  }

  absl::Status operator()(const IntegerValues& integers) const {
    RETURN_IF_ERROR(CheckCount(integers.values.size(), shape_));
    RETURN_IF_ERROR(CheckFinite(integers.scales));
    RETURN_IF_ERROR(CheckIntegers(integers));
    const DType dtype = SmallestExactType(integers.scales);
    AppendKind(integers.bits == 8 ? SectionKind::kIntegers8 : SectionKind::kIntegers16, dtype, out_);
    out_->push_back(integers.scales.size() == 1 ? 0 : 1);
    out_->append(StoreFloats(integers.scales, dtype));
    if (integers.bits == 16) {
      AppendSymbols(Encode(integers.values.data(), MatrixOf(shape_, 2, 8)), out_);
      return absl::OkStatus();
    }
    const std::vector<uint8_t> bytes(integers.values.begin(), integers.values.end());
    AppendSymbols(Encode(bytes.data(), MatrixOf(shape_, 1, 8)), out_);
    return absl::OkStatus();
  }

 private:
  CodedSymbols Encode(const void* symbols, const SymbolMatrix& matrix, int index_bits = 0) const {
    return EncodeSymbols(static_cast<const uint8_t*>(symbols), matrix, {index_bits, options_.huffman});
  }

  static absl::Status CheckCodebook(const SharedValues& shared) {
    const size_t size = shared.codebook.size();
    if (size < 1 || size > 256 || BitsOf(shared.codebook[0]) != 0 ||
        std::count(shared.codebook.begin() + 1, shared.codebook.end(), 0.0f) > 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("expected a codebook of 0 and up to 255 other values, found one of ", size));
    }
    const auto largest = std::max_element(shared.codes.begin(), shared.codes.end());
    if (largest == shared.codes.end() || *largest < size) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat("expected codes below ", size, ", found ", *largest));
  }

  absl::Status CheckIntegers(const IntegerValues& integers) const {
    if (integers.bits != 8 && integers.bits != 16) {
      return absl::InvalidArgumentError(absl::StrCat("expected integers of 8 or 16 bits, found ", integers.bits));
    }
    const size_t channels = shape_.rank() > 0 ? shape_[0] : 1;
    if (integers.scales.size() != 1 && integers.scales.size() != channels) {
      return absl::InvalidArgumentError(
          absl::StrCat("expected 1 or ", channels, " scales, found ", integers.scales.size()));
    }
    const auto outside = [](int16_t value) { return value < -128 || value > 127; };
    if (integers.bits == 16 || std::none_of(integers.values.begin(), integers.values.end(), outside)) {
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError("expected integers of 8 bits, found larger ones");
  }

  const Shape& shape_;
  const PackOptions& options_;
  std::string* const out_;
};

absl::Status CheckTensors(const Package& package) {
  ASSIGN_OR_RETURN(const std::vector<NetworkTensor> expected, NetworkTensors(package.info.model()));
  if (expected.size() != package.tensors.size()) {
    return absl::InvalidArgumentError(absl::StrCat("expected the ", expected.size(),
                                                   " parameters and states of the network, found ",
                                                   package.tensors.size(), " tensors"));
  }
  for (size_t i = 0; i < expected.size(); ++i) {
    const PackedTensor& tensor = package.tensors[i];
    if (tensor.name == expected[i].name && tensor.shape == expected[i].shape) continue;
    return absl::InvalidArgumentError(absl::StrCat("expected ", expected[i].name, " ", expected[i].shape.ToString(),
                                                   ", found ", tensor.name, " ", tensor.shape.ToString()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> EncodePackage(const Package& package, const PackOptions& options) {
  if (options.index_bits != 0 && (options.index_bits < 2 || options.index_bits > kMaxIndexBits)) {
    return absl::InvalidArgumentError(absl::StrCat("expected 2 to 8 index bits, found ", options.index_bits));
  }
  RETURN_IF_ERROR(CheckTensors(package));
  ASSIGN_OR_RETURN(const std::string header, EncodeHeader(package.info));
  std::string file = absl::StrCat(kPackageMagic, header);
  int64_t elements = 0;
  for (const PackedTensor& tensor : package.tensors) {
    if (absl::Status status = std::visit(SectionWriter(tensor.shape, options, &file), tensor.values); !status.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(tensor.name, ": ", status.message()));
    }
    elements += tensor.shape.elements();
  }
  const uint32_t checksum = Crc32c(file);
  file.append(reinterpret_cast<const char*>(&checksum), sizeof checksum);
  if (elements > kFreeElements + kElementsPerByte * static_cast<int64_t>(file.size())) {
    return absl::InvalidArgumentError(absl::StrCat("expected a network with some information in it, found ", elements,
                                                   " weights in ", file.size(), " bytes, which no reader would take"));
  }
  return file;
}

}  // namespace espalier
