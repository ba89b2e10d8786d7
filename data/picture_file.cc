#include "data/picture_file.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/files/file_system.h"
#include "core/status.h"
#include "data/image_codec.h"

namespace espalier {
namespace {

// Encoded; far above any picture within kMostImagePixels.
constexpr uint64_t kMostFileBytes = uint64_t{1} << 29;

}  // namespace

bool IsPictureName(const std::string& name) {
  const std::string lower = absl::AsciiStrToLower(name);
  return !absl::StartsWith(lower, ".") &&
         (absl::EndsWith(lower, ".jpg") || absl::EndsWith(lower, ".jpeg") || absl::EndsWith(lower, ".png"));
}

absl::Status ReadPicture(const std::string& path, int min_side, ReadScratch* scratch, ImageView* image) {
  ASSIGN_OR_RETURN(const auto file, FileSystem::Posix()->OpenForReading(path));
  if (file->size() > kMostFileBytes) {
    return absl::DataLossError(
        absl::StrCat(path, ": expected at most ", kMostFileBytes, " bytes, found ", file->size()));
  }
  scratch->file.resize(file->size());
  RETURN_IF_ERROR(file->Read(0, scratch->file.size(), reinterpret_cast<char*>(scratch->file.data())));
  const absl::Status decoded = DecodeImage(scratch->file, min_side, &scratch->picture, image);
  if (!decoded.ok()) return absl::Status(decoded.code(), absl::StrCat(path, ": ", decoded.message()));
  return absl::OkStatus();
}

}  // namespace espalier
