#include "trainer/summary.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/human_readable.h"
#include "tools/curves.h"
#include "tools/table.h"

namespace espalier {
namespace {

using Split = MetricsRecord::Split;

std::string EpochText(const MetricsRecord& record) { return absl::StrFormat("epoch %.4g", record.epoch); }

std::string Headline(const RunSummary& summary) {
  std::string line = summary.job;
  if (!summary.records.empty()) {
    const MetricsRecord& last = summary.records.back();
    absl::StrAppend(&line, line.empty() ? "" : ": ", EpochText(last), ", step ", FormatCount(last.step));
  }
  absl::StrAppend(&line, line.empty() ? "" : ", ", FormatDuration(summary.seconds));
  if (summary.images_per_s) absl::StrAppend(&line, ", ", FormatFigure(*summary.images_per_s), " images/s");
  return line + "\n";
}

using Figure = std::optional<float> (*)(const MetricsRecord&);

// One row for a figure of a split: its last value and, of the validation, its best, which is always a number.
void AddFigure(const RunSummary& summary, Split split, const char* name, bool high_is_good, Figure figure,
               TextTable& table) {
  const MetricsRecord* last = nullptr;
  const MetricsRecord* best = nullptr;
  for (const MetricsRecord& record : summary.records) {
    const std::optional<float> value = record.split == split ? figure(record) : std::nullopt;
    if (!value) continue;
    last = &record;
    if (std::isnan(*value)) continue;
    if (best == nullptr || (high_is_good ? *value > *figure(*best) : *value < *figure(*best))) best = &record;
  }
  if (last == nullptr) return;
  const auto text = [&](const MetricsRecord& record) {
    const float value = *figure(record);
    return high_is_good ? FormatPercent(value) : absl::StrFormat("%.4g", value);
  };
  const bool shows_best = best != nullptr && split == Split::kValidation;
  table.AddRow({absl::StrCat(std::string(Name(split)), " ", name), text(*last),
                shows_best ? absl::StrCat("best ", text(*best), " (", EpochText(*best), ")") : ""});
}

std::string Figures(const RunSummary& summary) {
  using Align = TextTable::Align;
  TextTable table({{"", Align::kLeft}, {"", Align::kRight}, {"", Align::kLeft}});
  const auto loss = [](const MetricsRecord& record) { return std::optional<float>(record.loss); };
  const auto top1 = [](const MetricsRecord& record) { return record.top1; };
  const auto top5 = [](const MetricsRecord& record) { return record.top5; };
  for (const Split split : {Split::kValidation, Split::kTrain}) {
    AddFigure(summary, split, "top-1", true, top1, table);
    AddFigure(summary, split, "top-5", true, top5, table);
    AddFigure(summary, split, "loss", false, loss, table);
  }
  return table.ToString(2);
}

std::string Files(FileSystem* files, const std::vector<OutputFile>& outputs) {
  using Align = TextTable::Align;
  TextTable table({{"", Align::kLeft}, {"", Align::kRight}, {"", Align::kLeft}});
  for (const OutputFile& output : outputs) {
    const absl::StatusOr<uint64_t> size = SizeOnDisk(files, output.path);
    if (size.ok()) table.AddRow({output.path, FormatBytes(*size), output.what});
  }
  return table.ToString(2);
}

}  // namespace

absl::StatusOr<uint64_t> SizeOnDisk(FileSystem* files, const std::string& path) {
  ASSIGN_OR_RETURN(const FileInfo info, files->Stat(path));
  if (!info.is_directory) return info.bytes;
  ASSIGN_OR_RETURN(const std::vector<DirectoryEntry> entries, files->List(path));
  uint64_t total = 0;
  for (const DirectoryEntry& entry : entries) {
    const std::string entry_path = JoinPath(path, entry.name);
    // A symbolic link to a directory is no directory here, so that links in a circle do no harm.
    if (entry.is_directory) {
      ASSIGN_OR_RETURN(const uint64_t size, SizeOnDisk(files, entry_path));
      total += size;
    } else if (const auto entry_info = files->Stat(entry_path); entry_info.ok() && !entry_info->is_directory) {
      total += entry_info->bytes;
    }
  }
  return total;
}

std::vector<OutputFile> FilesOfRun(const std::string& directory, int64_t best_step, int64_t last_step,
                                   const std::string& tensorboard) {
  const auto checkpoint = [&directory](int64_t step) {
    return JoinPath(directory, absl::StrCat("checkpoints/step-", step));
  };
  std::vector<OutputFile> files;
  if (best_step != last_step) files.push_back({checkpoint(best_step), "weights of the best validation"});
  files.push_back({checkpoint(last_step), "weights at the end"});
  files.push_back({JoinPath(directory, "metrics.jsonl"), "all figures, one JSON object a line"});
  files.push_back({JoinPath(directory, "curves.svg"), "the curves"});
  if (!tensorboard.empty()) files.push_back({tensorboard, "for TensorBoard: tensorboard --logdir " + directory});
  files.push_back({JoinPath(directory, "job.pbtxt"), "the job as it ran"});
  return files;
}

TerminalChartOptions ChartOptionsFor(const Terminal& terminal) {
  TerminalChartOptions options;
  options.width = terminal.width();
  options.utf8 = terminal.utf8;
  options.color = terminal.color;
  return options;
}

std::string SummaryText(FileSystem* files, const RunSummary& summary, const TerminalChartOptions& options) {
  std::string text = absl::StrCat(Headline(summary), "\n", Figures(summary));
  for (const Chart& chart : CurvesOf(summary.records)) {
    if (chart.title == "loss" || chart.title == "top-1") absl::StrAppend(&text, "\n", TerminalChart(chart, options));
  }
  const std::string table = Files(files, summary.files);
  if (!table.empty()) absl::StrAppend(&text, "\nfiles\n", table);
  return text;
}

}  // namespace espalier
