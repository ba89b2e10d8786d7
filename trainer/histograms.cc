#include "trainer/histograms.h"

#include "core/files/json_lines.h"

namespace espalier {

using Moment = WeightHistogram::Moment;

absl::StatusOr<HistogramsWriter> HistogramsWriter::Create(FileSystem* files, const std::string& path) {
  ASSIGN_OR_RETURN(LogFile file, LogFile::Create(files, path));
  return HistogramsWriter(std::move(file));
}

absl::StatusOr<HistogramsWriter> HistogramsWriter::Resume(FileSystem* files, const std::string& path, int64_t step,
                                                          bool keep_validation) {
  const auto stays = [&](absl::string_view line) -> absl::StatusOr<bool> {
    ASSIGN_OR_RETURN(const WeightHistogram histogram, ParseWeightHistogram(line));
    return histogram.step < step || (histogram.step == step && keep_validation && histogram.moment != Moment::kBegin);
  };
  ASSIGN_OR_RETURN(const uint64_t size, CutJsonLines(files, path, stays));
  ASSIGN_OR_RETURN(LogFile file, LogFile::Continue(files, path, size));
  return HistogramsWriter(std::move(file));
}

absl::Status HistogramsWriter::Write(const WeightHistogram& when, const ParameterStore& parameters) {
  std::string lines;
  WeightHistogram histogram = when;
  for (int i = 0; i < parameters.layout().size(); ++i) {
    const Parameter& parameter = parameters.layout()[i];
    if (parameter.role != ParameterRole::kWeight) continue;
    const Tensor weight = parameters.weight(i);
    histogram.parameter = parameter.name;
    CountWeights({weight.data<float>(), static_cast<size_t>(weight.elements())}, &histogram);
    lines += ToJson(histogram) + "\n";
  }
  return file_.Append(lines);
}

}  // namespace espalier
