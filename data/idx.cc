#include "data/idx.h"

#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/status.h"
#include "data/byte_reader.h"

namespace espalier {
namespace {

constexpr uint8_t kUnsignedByte = 0x08;
// Of one picture; larger ones do not come as IDX.
constexpr int64_t kLargestSide = 4096;

// `stem` with or without ".gz"; the plain file wins, since it needs no inflating.
absl::StatusOr<std::string> FindFile(const std::string& folder, const std::string& stem) {
  for (const char* suffix : {"", ".gz"}) {
    const std::string path = absl::StrCat(folder, "/", stem, suffix);
    if (access(path.c_str(), F_OK) == 0) return path;
  }
  return absl::NotFoundError(absl::StrCat(folder, ": expected ", stem, ".gz or ", stem,
                                          ", found neither; give --data_dir (or ESPALIER_DATA_DIR) the folder that "
                                          "holds mnist/, or set the source's `folder`"));
}

}  // namespace

absl::StatusOr<IdxArray> ReadIdx(const std::string& path, int min_rank, int max_rank) {
  ASSIGN_OR_RETURN(ByteReader reader, ByteReader::Open(path));
  uint8_t magic[4];
  RETURN_IF_ERROR(reader.Read(magic, sizeof magic, "IDX magic"));
  if (magic[0] != 0 || magic[1] != 0 || magic[2] != kUnsignedByte || magic[3] < min_rank || magic[3] > max_rank) {
    return absl::DataLossError(
        absl::StrCat(path, ": offset 0: expected the magic of an IDX file of bytes, 00 00 08 0",
                     min_rank == max_rank ? absl::StrCat(min_rank) : absl::StrCat(min_rank, " to 0", max_rank),
                     ", found ", absl::Hex(magic[0], absl::kZeroPad2), " ", absl::Hex(magic[1], absl::kZeroPad2), " ",
                     absl::Hex(magic[2], absl::kZeroPad2), " ", absl::Hex(magic[3], absl::kZeroPad2)));
  }
  IdxArray array;
  int64_t elements = 1;
  for (int axis = 0; axis < magic[3]; ++axis) {
    uint8_t word[4];
    RETURN_IF_ERROR(reader.Read(word, sizeof word, "IDX dimensions"));
    const int64_t dim = int64_t{word[0]} << 24 | int64_t{word[1]} << 16 | int64_t{word[2]} << 8 | word[3];
    array.dims.push_back(dim);
    // Before any product can overflow: no factor exceeds 2^32, and the product so far fits the file.
    if (dim == 0 || (axis > 0 && dim > kLargestSide) || dim > reader.most_bytes() / elements) {
      return absl::DataLossError(absl::StrCat(path, ": offset ", reader.offset() - 4, ": dimension ", axis,
                                              ": expected what a file of this size can hold, found ", dim,
                                              " (dimensions so far: ", absl::StrJoin(array.dims, " x "), ")"));
    }
    elements *= dim;
  }
  if (!reader.compressed() && reader.most_bytes() != reader.offset() + elements) {
    return absl::DataLossError(absl::StrCat(path, ": expected ", reader.offset() + elements, " bytes for ",
                                            absl::StrJoin(array.dims, " x "), " values, found ", reader.most_bytes(),
                                            "; fetch or unpack the file again"));
  }
  RETURN_IF_ERROR(reader.ReadGrowing(&array.values, elements, "values"));
  RETURN_IF_ERROR(reader.ExpectEnd());
  return array;
}

absl::StatusOr<std::unique_ptr<ImageSource>> OpenIdx(const std::string& images_path, const std::string& labels_path,
                                                     int classes) {
  ASSIGN_OR_RETURN(IdxArray labels, ReadIdx(labels_path, 1, 1));
  for (size_t i = 0; i < labels.values.size(); ++i) {
    if (labels.values[i] >= classes) {
      return absl::DataLossError(absl::StrCat(labels_path, ": offset ", 8 + i, ": expected a label below ", classes,
                                              ", found ", int{labels.values[i]}));
    }
  }
  ASSIGN_OR_RETURN(IdxArray images, ReadIdx(images_path, 3, 4));
  if (images.dims[0] != labels.dims[0]) {
    return absl::DataLossError(absl::StrCat(images_path, ": holds ", images.dims[0], " pictures, but ", labels_path,
                                            " holds ", labels.dims[0], " labels"));
  }
  if (images.dims.size() == 3) images.dims.insert(images.dims.begin() + 1, 1);
  return std::make_unique<MemorySource>(static_cast<int>(images.dims[1]), static_cast<int>(images.dims[2]),
                                        static_cast<int>(images.dims[3]), classes, std::move(images.values),
                                        std::move(labels.values));
}

absl::StatusOr<std::unique_ptr<ImageSource>> OpenMnist(const std::string& folder, bool train) {
  const std::string prefix = train ? "train" : "t10k";
  ASSIGN_OR_RETURN(const std::string images, FindFile(folder, prefix + "-images-idx3-ubyte"));
  ASSIGN_OR_RETURN(const std::string labels, FindFile(folder, prefix + "-labels-idx1-ubyte"));
  return OpenIdx(images, labels, 10);
}

}  // namespace espalier
