#include "compression/package/package_layout.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "compression/package/byte_reader.h"
#include "compression/package/float_storage.h"
#include "core/files/crc32c.h"

namespace espalier {
namespace {

constexpr uint64_t kMaximumInflation = 1032;  // deflate makes no more bytes of one

absl::StatusOr<std::string> Inflate(absl::string_view deflated, uint64_t size) {
  std::string bytes(size, '\0');
  z_stream stream = {};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return absl::ResourceExhaustedError("no memory to inflate the header");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(deflated.data()));
  stream.avail_in = static_cast<uInt>(deflated.size());
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  const int result = inflate(&stream, Z_FINISH);
  const bool whole = result == Z_STREAM_END && stream.avail_in == 0 && stream.avail_out == 0;
  inflateEnd(&stream);
  if (whole) return bytes;
  return absl::InvalidArgumentError(absl::StrCat("expected a header that inflates to ", size, " bytes, found another"));
}

absl::StatusOr<PackageInfo> ReadHeader(ByteReader* reader) {
  ASSIGN_OR_RETURN(const uint64_t word, reader->TakeVarint(2 * kMaximumHeaderBytes, "the header's size"));
  const uint64_t stored = word / 2;
  uint64_t plain = stored;
  if (word % 2 == 1) {
    const uint64_t maximum = std::min(kMaximumHeaderBytes, stored * kMaximumInflation);
    ASSIGN_OR_RETURN(plain, reader->TakeVarint(maximum, "the header's size inflated"));
  }
  ASSIGN_OR_RETURN(const absl::string_view bytes, reader->Take(stored, "the header"));
  std::string inflated;
  if (word % 2 == 1) {
    ASSIGN_OR_RETURN(inflated, Inflate(bytes, plain));
  }
  const absl::string_view message = word % 2 == 1 ? absl::string_view(inflated) : bytes;
  PackageInfo info;
  if (info.ParseFromArray(message.data(), static_cast<int>(message.size()))) return info;
  return absl::InvalidArgumentError("expected a header that describes a network, found other bytes");
}

class SectionReader {
 public:
  SectionReader(ByteReader* reader, SectionLayout* section) : reader_(*reader), section_(*section) {}

  absl::Status Read() {
    const size_t before = reader_.remaining();
    RETURN_IF_ERROR(ReadKind());
    RETURN_IF_ERROR(ReadContent());
    section_.bytes = static_cast<int64_t>(before - reader_.remaining());
    return absl::OkStatus();
  }

 private:
  // Kind in the lowest three bits, float type in the next two, zeros above.
  absl::Status ReadKind() {
    ASSIGN_OR_RETURN(const uint8_t byte, reader_.TakeByte("the section's kind"));
    const int dtype = byte >> 3;
    if ((byte & 7) > static_cast<int>(SectionKind::kIntegers16) || dtype > 2) {
      return absl::InvalidArgumentError(absl::StrCat("expected a kind of section, found ", byte));
    }
    section_.kind = static_cast<SectionKind>(byte & 7);
    section_.dtype = dtype == 0 ? DType::kF32 : dtype == 1 ? DType::kBF16 : DType::kF16;
    return absl::OkStatus();
  }

  absl::Status ReadContent() {
    const Shape& shape = section_.tensor.shape;
    switch (section_.kind) {
      case SectionKind::kConstant:
        return ReadValues(1, "constants");
      case SectionKind::kFloats:
        section_.matrix = MatrixOf(shape, static_cast<int>(SizeOf(section_.dtype)), 8);
        return ReadCoding();
      case SectionKind::kShared:
        return ReadShared();
      default:
        return ReadIntegers();
    }
  }

  absl::Status ReadShared() {
    ASSIGN_OR_RETURN(const uint8_t entries, reader_.TakeByte("the number of shared values"));
    RETURN_IF_ERROR(ReadValues(entries, "shared values"));
    if (std::count(section_.values.begin(), section_.values.end(), 0.0f) > 0) {
      return absl::InvalidArgumentError("expected shared values other than 0, found 0");
    }
    section_.values.insert(section_.values.begin(), 0.0f);
    section_.matrix = MatrixOf(section_.tensor.shape, 1, BitsFor(entries + 1));
    return ReadCoding();
  }

  absl::Status ReadIntegers() {
    const Shape& shape = section_.tensor.shape;
    ASSIGN_OR_RETURN(const uint8_t per_channel, reader_.TakeByte("the kind of scales"));
    if (per_channel > 1 || (per_channel == 1 && shape.rank() == 0)) {
      return absl::InvalidArgumentError(
          absl::StrCat("expected one scale or one for each channel, found ", per_channel));
    }
    RETURN_IF_ERROR(ReadValues(per_channel == 1 ? shape[0] : 1, "scales"));
    section_.matrix = MatrixOf(shape, section_.kind == SectionKind::kIntegers8 ? 1 : 2, 8);
    return ReadCoding();
  }

  absl::Status ReadValues(int64_t count, absl::string_view what) {
    section_.value_bytes = count * static_cast<int64_t>(SizeOf(section_.dtype));
    ASSIGN_OR_RETURN(const absl::string_view bytes, reader_.Take(section_.value_bytes, what));
    section_.values.resize(count);
    LoadFloats(bytes, section_.dtype, absl::MakeSpan(section_.values));
    if (AllFinite(section_.values)) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat("expected ", what, " that are finite, found others"));
  }

  // Index bits in the lowest four bits, the order in the next, zeros above; then the sizes of all blocks' streams, then
  // the streams.
  absl::Status ReadCoding() {
    ASSIGN_OR_RETURN(const uint8_t byte, reader_.TakeByte("the coding"));
    section_.coding.index_bits = byte & 15;
    section_.coding.column_major = (byte & 16) != 0;
    if (section_.coding.index_bits > kMaxIndexBits || byte > 31 || byte == 16) {
      return absl::InvalidArgumentError(absl::StrCat("expected a coding of symbols, found ", byte));
    }
    std::vector<uint64_t> sizes;  // of Huffman streams one more, of packed ones 0
    for (int64_t begin = 0; begin < section_.matrix.count(); begin += kBlockSymbols) {
      RETURN_IF_ERROR(ReadBlockSizes(begin, &sizes));
    }
    const uint64_t* size = sizes.data();
    for (BlockView& block : section_.blocks) {
      for (int i = 0; i < streams(); ++i) RETURN_IF_ERROR(ReadStream(i, *size++, &block));
    }
    return absl::OkStatus();
  }

  int streams() const { return section_.coding.streams(section_.matrix.width); }

  absl::Status ReadBlockSizes(int64_t begin, std::vector<uint64_t>* sizes) {
    BlockView block;
    block.begin = begin;
    block.count = std::min(kBlockSymbols, section_.matrix.count() - begin);
    block.entries = block.count;
    if (section_.coding.index_bits > 0) {
      ASSIGN_OR_RETURN(block.entries, reader_.TakeVarint(block.count, "the number of entries"));
    }
    for (int i = 0; i < streams(); ++i) {
      ASSIGN_OR_RETURN(const uint64_t size, reader_.TakeVarint(reader_.remaining() + 1, "the size of a stream"));
      sizes->push_back(size);
    }
    section_.blocks.push_back(block);
    return absl::OkStatus();
  }

  absl::Status ReadStream(int index, uint64_t size, BlockView* block) {
    const bool gaps = index == 0 && section_.coding.index_bits > 0;
    const int bits = gaps ? section_.coding.index_bits : section_.matrix.bits;
    BlockView::Stream& stream = block->streams[index];
    stream.huffman = size > 0;
    ASSIGN_OR_RETURN(stream.bytes,
                     reader_.Take(size > 0 ? size - 1 : PackedBytes(block->entries, bits), gaps ? "gaps" : "symbols"));
    section_.stream_bytes += static_cast<int64_t>(stream.bytes.size());
    return absl::OkStatus();
  }

  ByteReader& reader_;
  SectionLayout& section_;
};

absl::StatusOr<absl::string_view> CheckFile(absl::string_view file) {
  if (file.substr(0, kPackageMagic.size()) != kPackageMagic) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected a package, which begins with \"", kPackageMagic, "\", found other bytes"));
  }
  if (file.size() < kPackageMagic.size() + kChecksumBytes) {
    return absl::InvalidArgumentError(absl::StrCat("expected a whole package, found ", file.size(), " bytes of one"));
  }
  const absl::string_view covered = file.substr(0, file.size() - kChecksumBytes);
  uint32_t stored;
  std::memcpy(&stored, file.data() + covered.size(), sizeof stored);
  const uint32_t computed = Crc32c(covered);
  if (stored == computed) return covered;
  return absl::InvalidArgumentError(absl::StrCat("the package is torn or corrupt: expected the CRC-32C ",
                                                 absl::Hex(stored, absl::kZeroPad8), ", found ",
                                                 absl::Hex(computed, absl::kZeroPad8)));
}

absl::Status CheckElements(absl::Span<const NetworkTensor> tensors, size_t file_bytes) {
  const int64_t maximum = kFreeElements + kElementsPerByte * static_cast<int64_t>(file_bytes);
  int64_t total = 0;
  for (const NetworkTensor& tensor : tensors) {
    total += tensor.shape.elements();
    if (total <= maximum) continue;
    return absl::InvalidArgumentError(absl::StrCat("expected a network of at most ", maximum,
                                                   " weights in a package of ", file_bytes, " bytes, found more at ",
                                                   tensor.name, " ", tensor.shape.ToString()));
  }
  return absl::OkStatus();
}

}  // namespace

SymbolMatrix MatrixOf(const Shape& shape, int width, int bits) {
  const int64_t rows = shape.rank() > 0 ? shape[0] : 1;
  return {rows, shape.elements() / rows, width, bits};
}

absl::StatusOr<PackageLayout> ReadLayout(absl::string_view file) {
  ASSIGN_OR_RETURN(const absl::string_view covered, CheckFile(file));
  ByteReader reader(covered.substr(kPackageMagic.size()));
  PackageLayout layout;
  ASSIGN_OR_RETURN(layout.info, ReadHeader(&reader));
  layout.header_bytes = static_cast<int64_t>(covered.size() - reader.remaining());
  ASSIGN_OR_RETURN(const std::vector<NetworkTensor> tensors, NetworkTensors(layout.info.model()));
  RETURN_IF_ERROR(CheckElements(tensors, file.size()));
  for (const NetworkTensor& tensor : tensors) {
    SectionLayout section;
    section.tensor = tensor;
    if (absl::Status status = SectionReader(&reader, &section).Read(); !status.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(tensor.name, ": ", status.message()));
    }
    layout.sections.push_back(std::move(section));
  }
  if (reader.remaining() == 0) return layout;
  return absl::InvalidArgumentError(
      absl::StrCat("expected the end after ", tensors.size(), " sections, found ", reader.remaining(), " bytes more"));
}

}  // namespace espalier
