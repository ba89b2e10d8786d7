#include "tools/report/training_sections.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/human_readable.h"
#include "tools/curves.h"

namespace espalier {
namespace {

constexpr size_t kMostPoints = 1500;

FigureSeries ToFigureSeries(const ChartSeries& points) {
  FigureSeries series;
  series.name = points.name;
  for (const ChartPoint& point : points.points) {
    series.x.push_back(point.x);
    series.y.push_back(point.y);
  }
  return Thinned(std::move(series), kMostPoints);
}

Figure ToFigure(const Chart& chart) {
  Figure figure;
  figure.title = figure.y_label = chart.title;
  figure.x_label = chart.x_label;
  figure.percent = chart.percent;
  figure.log_y = chart.log_y;
  figure.from_zero = chart.series[0].name.empty();  // learning rate, sparsity
  for (const ChartSeries& series : chart.series) figure.series.push_back(ToFigureSeries(series));
  return figure;
}

const MetricsRecord* LastValidation(absl::Span<const MetricsRecord> records, const std::set<std::string>& phases) {
  const MetricsRecord* last = nullptr;
  for (const MetricsRecord& record : records) {
    const bool counts = record.split == MetricsRecord::Split::kValidation && record.top1.has_value();
    if (counts && (phases.empty() || phases.count(record.phase) > 0)) last = &record;
  }
  return last;
}

// The names of the phases before the first that compresses; empty if there is none such or it is the first.
std::set<std::string> PhasesBeforeCompression(const Job& job) {
  std::set<std::string> before;
  for (int i = 0; i < job.phase_size(); ++i) {
    if (!ChangesOf(job.phase(i)).empty()) return before;
    before.insert(NameOfPhase(job, i));
  }
  return {};
}

// The name of the one field that is set of a message that is a choice: "cosine".
std::string ChosenField(const google::protobuf::Message& message) {
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  return fields.empty() ? "" : std::string(fields[0]->name());
}

}  // namespace

std::string ChangesOf(const Phase& phase) {
  static const auto* const kTraining = new std::set<std::string>({"learning_rate", "optimizer", "early_stop"});
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  phase.GetReflection()->ListFields(phase, &fields);
  std::vector<std::string> changes;
  for (const auto* field : fields) {
    const bool message = field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE;
    const std::string name(field->name());
    if (message && kTraining->count(name) == 0) changes.push_back(name);
  }
  return absl::StrJoin(changes, ", ");
}

std::string NameOfPhase(const Job& job, int phase) {
  const std::string& name = job.phase(phase).name();
  return name.empty() ? absl::StrCat("phase ", phase + 1) : name;
}

ReportSection JobSection(const Job& job, const std::string& network, const std::string& text) {
  ReportSection section;
  section.id = "job";
  section.title = "The job";
  section.text = network;
  PlainTable& table = section.tables.emplace_back();
  table.header = {"phase", "epochs", "learning rate", "to the weights"};
  for (int i = 0; i < job.phase_size(); ++i) {
    const Phase& phase = job.phase(i);
    table.rows.push_back({NameOfPhase(job, i), absl::StrCat(phase.epochs(), phase.has_early_stop() ? " at most" : ""),
                          ChosenField(phase.learning_rate()), ChangesOf(phase)});
  }
  section.listing_title = "job.pbtxt";
  section.listing = text;
  return section;
}

std::vector<ChartMarker> MarkersOfPhases(absl::Span<const MetricsRecord> records) {
  std::vector<ChartMarker> markers = PhaseMarkers(records, CurveAxis::kSteps);
  if (markers.size() == 1) markers.clear();
  return markers;
}

ReportSection CurvesSection(absl::Span<const MetricsRecord> records) {
  ReportSection section;
  section.id = "curves";
  section.title = "Training";
  section.text = "Over the steps of the whole job; dotted lines mark where phases begin.";
  FigureGroup& group = section.groups.emplace_back();
  const std::vector<ChartMarker> phases = MarkersOfPhases(records);
  for (const Chart& chart : CurvesOf(records, CurveAxis::kSteps)) {
    group.figures.push_back(ToFigure(chart));
    group.figures.back().markers = phases;
  }
  return section;
}

std::vector<Highlight> TrainingHighlights(const Job* job, absl::Span<const MetricsRecord> records) {
  std::vector<Highlight> highlights;
  if (const MetricsRecord* const last = LastValidation(records, {})) {
    Highlight& top1 = highlights.emplace_back();
    top1 = {"validation top-1", FormatPercent(*last->top1), absl::StrCat("at step ", FormatCount(last->step))};
    const std::set<std::string> phases = job != nullptr ? PhasesBeforeCompression(*job) : std::set<std::string>();
    const MetricsRecord* const before = phases.empty() ? nullptr : LastValidation(records, phases);
    if (before != nullptr && before != last) {
      top1.note = absl::StrCat(FormatPercent(*before->top1), " before compression");
    }
  }
  for (auto record = records.rbegin(); record != records.rend(); ++record) {
    if (!record->sparsity) continue;
    highlights.push_back({"sparsity", FormatPercent(*record->sparsity), "of the weights, pruned in training"});
    break;
  }
  return highlights;
}

FigureSeries Thinned(FigureSeries series, size_t most) {
  const size_t count = series.y.size(), stride = (count + most - 1) / most;
  if (stride <= 1) return series;
  FigureSeries thin;
  thin.name = series.name;
  for (size_t i = 0; i < count; ++i) {
    if (i % stride != 0 && i + 1 != count) continue;
    thin.x.push_back(series.x[i]);
    thin.y.push_back(series.y[i]);
  }
  return thin;
}

}  // namespace espalier
