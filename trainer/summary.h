// What a person reads at the end of a run: how well the network does, how long it took, where the files are.
#ifndef ESPALIER_TRAINER_SUMMARY_H_
#define ESPALIER_TRAINER_SUMMARY_H_

#include <optional>
#include <string>
#include <vector>

#include "core/files/file_system.h"
#include "tools/chart_terminal.h"
#include "tools/metrics_record.h"
#include "trainer/terminal.h"

namespace espalier {

struct OutputFile {
  std::string path;  // a file or a directory
  std::string what;  // "the weights of the best validation"
};

struct RunSummary {
  std::string job;
  std::vector<MetricsRecord> records;  // of the whole run, before a resume too
  double seconds = 0;                  // of this process, from start to end
  std::optional<double> images_per_s;  // of training alone
  std::vector<OutputFile> files;       // those that do not exist are left out
};

// What a trainer leaves in a run's directory. `tensorboard`: the path of its event file, if it has one.
std::vector<OutputFile> FilesOfRun(const std::string& directory, int64_t best_step, int64_t last_step,
                                   const std::string& tensorboard);

// The bytes of a file, or of all files below a directory.
absl::StatusOr<uint64_t> SizeOnDisk(FileSystem* files, const std::string& path);

// How charts look there.
TerminalChartOptions ChartOptionsFor(const Terminal& terminal);

// Lines that each end with a newline: a headline, the first and best figures, the curves, the files with their sizes.
std::string SummaryText(FileSystem* files, const RunSummary& summary, const TerminalChartOptions& options);

}  // namespace espalier

#endif  // ESPALIER_TRAINER_SUMMARY_H_
