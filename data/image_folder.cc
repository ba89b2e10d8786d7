#include "data/image_folder.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/files/file_system.h"
#include "core/status.h"
#include "data/picture_file.h"

namespace espalier {
namespace {

class ImageFolderSource : public ImageSource {
 public:
  struct Class {
    std::string folder;
    std::vector<std::string> files;
  };

  ImageFolderSource(std::vector<Class> classes, int min_side) : classes_(std::move(classes)), min_side_(min_side) {
    for (size_t label = 0; label < classes_.size(); ++label) {
      for (size_t file = 0; file < classes_[label].files.size(); ++file) {
        samples_.push_back({static_cast<int32_t>(label), static_cast<int32_t>(file)});
      }
    }
  }

  int64_t size() const override { return static_cast<int64_t>(samples_.size()); }
  int classes() const override { return static_cast<int>(classes_.size()); }
  int channels() const override { return 3; }
  int height() const override { return 0; }
  int width() const override { return 0; }

  absl::Status Read(int64_t index, ReadScratch* scratch, ImageView* image, int32_t* label) const override {
    const Sample& sample = samples_[index];
    const Class& owner = classes_[sample.label];
    const std::string path = JoinPath(owner.folder, owner.files[sample.file]);
    RETURN_IF_ERROR(ReadPicture(path, min_side_, scratch, image));
    *label = sample.label;
    return absl::OkStatus();
  }

 private:
  struct Sample {
    int32_t label;
    int32_t file;  // in its class
  };

  std::vector<Class> classes_;
  std::vector<Sample> samples_;
  int min_side_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ImageSource>> OpenImageFolder(const std::string& folder, int min_side) {
  FileSystem* files = FileSystem::Posix();
  const absl::StatusOr<std::vector<DirectoryEntry>> entries = files->List(folder);
  if (!entries.ok()) {
    return absl::Status(entries.status().code(), absl::StrCat(entries.status().message(),
                                                              "; expected a folder with one sub-folder of pictures "
                                                              "per class; relative ones start at --data_dir"));
  }
  std::vector<ImageFolderSource::Class> classes;
  for (const DirectoryEntry& entry : *entries) {
    ImageFolderSource::Class found{JoinPath(folder, entry.name), {}};
    const absl::StatusOr<FileInfo> info = files->Stat(found.folder);  // links count as what they point to
    if (entry.name[0] == '.' || !info.ok() || !info->is_directory) continue;
    ASSIGN_OR_RETURN(const std::vector<DirectoryEntry> inside, files->List(found.folder));
    for (const DirectoryEntry& file : inside) {
      if (IsPictureName(file.name)) found.files.push_back(file.name);
    }
    if (found.files.empty()) {
      return absl::NotFoundError(
          absl::StrCat(found.folder, ": expected pictures of the class (*.jpg, *.jpeg, *.png), found none"));
    }
    classes.push_back(std::move(found));
  }
  if (classes.empty()) {
    return absl::NotFoundError(absl::StrCat(folder, ": expected one sub-folder of pictures per class, found none"));
  }
  return std::make_unique<ImageFolderSource>(std::move(classes), min_side);
}

}  // namespace espalier
