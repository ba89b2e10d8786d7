// What a finished job leaves beside its checkpoints: the package, its ledger, runs on emulated accelerators.
#ifndef ESPALIER_TRAINER_EXPORT_H_
#define ESPALIER_TRAINER_EXPORT_H_

#include <string>
#include <vector>

#include "core/files/file_system.h"
#include "core/status.h"
#include "trainer/prepared_job.h"
#include "trainer/summary.h"

namespace espalier {

struct ExportResult {
  std::string text;  // for people: the package's table, what the accelerators did; nothing if the job exports nothing
  std::vector<OutputFile> files;
};

// Does what the job's `export` says with the network's current weights. Data paths are relative to `data_dir`. Files
// are written whole or not at all.
absl::StatusOr<ExportResult> ExportModel(const PreparedJob& job, const std::string& data_dir, FileSystem* files,
                                         const std::string& output_dir);

}  // namespace espalier

#endif  // ESPALIER_TRAINER_EXPORT_H_
