#include "tools/tpu_study.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/files/file_system.h"
#include "core/status.h"
#include "proto/nearest_name.h"
#include "tools/chart_svg.h"
#include "tools/tpu_study_report.h"

namespace espalier {
namespace {

absl::StatusOr<tpu::Config> ReadConfig(const Arguments& arguments) {
  tpu::Config config;
  for (const std::string& assignment : arguments.GetAll("set")) RETURN_IF_ERROR(tpu::SetField(assignment, &config));
  RETURN_IF_ERROR(config.Validate());
  return config;
}

absl::StatusOr<std::vector<tpu::Application>> ChosenApplications(const std::vector<std::string>& names) {
  const std::vector<tpu::Application> all = tpu::Applications();
  if (names.empty()) return all;
  std::vector<std::string> known;
  for (const tpu::Application& application : all) known.push_back(application.name);
  std::vector<tpu::Application> chosen;
  for (const std::string& name : names) {
    const auto found = std::find(known.begin(), known.end(), name);
    if (found == known.end()) {
      return absl::InvalidArgumentError(absl::StrCat("application: expected one of ", absl::StrJoin(known, ", "),
                                                     ", found ", name, Suggestion(name, known)));
    }
    chosen.push_back(all[found - known.begin()]);
  }
  return chosen;
}

absl::Status WriteRuns(const std::string& directory, const tpu::Config& config, const std::vector<TpuRun>& runs) {
  FileSystem* const files = FileSystem::Posix();
  RETURN_IF_ERROR(CreateDirectories(files, directory));
  const auto path = [&](const char* name) { return JoinPath(directory, name); };
  RETURN_IF_ERROR(WriteFileAtomically(files, path("tpu_counters.csv"), TpuCounterCsv(runs)));
  RETURN_IF_ERROR(WriteFileAtomically(files, path("tpu_roofline.csv"), TpuRooflineCsv(config, runs)));
  return WriteSvgCharts(files, path("tpu_roofline.svg"), TpuRooflineCharts(config, runs));
}

absl::Status WriteSensitivity(const std::string& directory, const std::vector<TpuRun>& runs,
                              const std::vector<tpu::SensitivityPoint>& points) {
  FileSystem* const files = FileSystem::Posix();
  const std::string path = JoinPath(directory, "tpu_sensitivity");
  RETURN_IF_ERROR(WriteFileAtomically(files, path + ".csv", TpuSensitivityCsv(runs, points)));
  return WriteSvgCharts(files, path + ".svg", TpuSensitivityCharts(points));
}

absl::Status RunStudy(const Arguments& arguments, std::ostream& out) {
  ASSIGN_OR_RETURN(const tpu::Config config, ReadConfig(arguments));
  ASSIGN_OR_RETURN(const std::vector<tpu::Application> applications,
                   ChosenApplications(arguments.GetAll("application")));
  if (arguments.Has("disassemble")) {
    for (const tpu::Application& application : applications) {
      ASSIGN_OR_RETURN(const tpu::Program program, tpu::CompileApplication(config, application));
      out << application.name << "\n" << tpu::Disassemble(program);
    }
    return absl::OkStatus();
  }
  std::vector<TpuRun> runs;
  for (const tpu::Application& application : applications) {
    ASSIGN_OR_RETURN(const tpu::ApplicationResult result, tpu::RunApplication(config, application));
    runs.push_back({application, result, tpu::Percentages(config, result)});
  }
  out << TpuSpeedTable(runs) << "\n" << TpuCounterTable(runs);
  if (arguments.Has("constants")) out << "\n" << TpuConstantTable();
  if (arguments.Has("output")) RETURN_IF_ERROR(WriteRuns(arguments.Get("output"), config, runs));
  if (!arguments.Has("sensitivity") && !arguments.Has("output")) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<tpu::SensitivityPoint> points,
                   tpu::RunSensitivity(config, applications, tpu::Scalings()));
  out << "\n" << TpuSensitivityTable(runs, points);
  if (!arguments.Has("output")) return absl::OkStatus();
  return WriteSensitivity(arguments.Get("output"), runs, points);
}

}  // namespace

Verb TpuStudyVerb() {
  Verb verb;
  verb.name = "tpu_study";
  verb.summary = "Runs the six published applications on the TPU, beside their published counters.";
  verb.details = absl::StrCat(
      "Applications: MLP0, MLP1, LSTM0, LSTM1, CNN0, CNN1; how their layers follow from what was published, and why "
      "CNN1\n"
      "differs: docs/tpu.md. Fields of --set: ",
      absl::StrJoin(tpu::FieldNames(), ", "), ".");
  verb.flags = {{"application", "NAME", "instead of all six; may be repeated"},
                {"set", "FIELD=VALUE", "a parameter of the TPU other than the published one; may be repeated"},
                {"sensitivity", "", "also scales bandwidth, clock and array"},
                {"constants", "", "also lists the figures that energies come from, with their sources"},
                {"disassemble", "", "prints the programs of one batch, and runs nothing"},
                {"output", "DIR", "writes CSV files and SVG plots there"}};
  verb.run = RunStudy;
  return verb;
}

}  // namespace espalier
