// From a data set's message to its source of pictures.
#ifndef ESPALIER_DATA_OPEN_SOURCE_H_
#define ESPALIER_DATA_OPEN_SOURCE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "data/augment.h"
#include "data/source.h"
#include "proto/data.pb.h"

namespace espalier {

// A source and what it says about itself.
struct OpenedSource {
  std::unique_ptr<ImageSource> source;
  ChannelStatistics statistics;
  FolderSize folder;
};

// How the data set's pictures become numbers: as it says, else as published with its source.
ChannelStatistics StatisticsOf(const Dataset& dataset, int channels);

FolderSize FolderSizeOf(const ImageFolder& images);

// Relative paths start at `data_dir`. Pictures of a folder may come reduced as far as evaluation or, with `training`,
// the data set's random crops never notice.
absl::StatusOr<OpenedSource> OpenSource(const Dataset& dataset, const std::string& data_dir, bool training);

}  // namespace espalier

#endif  // ESPALIER_DATA_OPEN_SOURCE_H_
