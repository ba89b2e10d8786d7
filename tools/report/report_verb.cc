#include "tools/report/report_verb.h"

#include "absl/strings/str_cat.h"
#include "core/files/file_system.h"
#include "core/human_readable.h"
#include "core/status.h"
#include "tools/report/chart_library.h"
#include "tools/report/gather.h"
#include "tools/report/page.h"

namespace espalier {
namespace {

absl::Status WriteReport(const Arguments& arguments, std::ostream& out) {
  FileSystem* const files = FileSystem::Posix();
  const std::string& directory = arguments.positional()[0];
  ASSIGN_OR_RETURN(const Report report, GatherReport(files, directory));
  ASSIGN_OR_RETURN(const std::string library, ReadChartLibrary(files, ChartLibraryPaths()));
  const std::string page = PageHtml(report, library), path = JoinPath(directory, "report.html");
  RETURN_IF_ERROR(WriteFileAtomically(files, path, page));
  for (const Highlight& highlight : report.highlights) {
    out << highlight.label << ": " << highlight.value << (highlight.note.empty() ? "" : ", ") << highlight.note << "\n";
  }
  for (const ReportSection& section : report.sections) {
    for (const std::string& remark : section.remarks) out << section.title << ": " << remark << "\n";
  }
  out << "written: " << path << " (" << FormatBytes(page.size()) << ")\n";
  return absl::OkStatus();
}

}  // namespace

Verb ReportVerb() {
  Verb verb;
  verb.name = "report";
  verb.arguments = "OUTPUT_DIR";
  verb.summary = "Writes OUTPUT_DIR/report.html: a run's curves, weights, package and accelerators on one page.";
  verb.details =
      "The page needs nothing else and loads nothing. It has what OUTPUT_DIR has: job.pbtxt, metrics.jsonl,\n"
      "histograms.jsonl, ledger.csv, eie/ and tpu/ with cycles.csv, traffic.csv, energy.csv and roofline.csv; what is\n"
      "not there is left out, with a remark.";
  verb.minimum_arguments = verb.maximum_arguments = 1;
  verb.run = WriteReport;
  return verb;
}

}  // namespace espalier
