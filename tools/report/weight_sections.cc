#include "tools/report/weight_sections.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/human_readable.h"
#include "tools/report/training_sections.h"

namespace espalier {
namespace {

using Moment = WeightHistogram::Moment;

constexpr size_t kMostPoints = 400;
constexpr size_t kMostPanels = 12;  // of one weight
constexpr size_t kOpenGroups = 3;

struct WeightHistory {
  std::string parameter;
  std::vector<const WeightHistogram*> moments;  // in their order
};

std::vector<WeightHistory> ByParameter(absl::Span<const WeightHistogram> histograms) {
  std::vector<WeightHistory> histories;
  std::map<std::string, size_t> places;
  for (const WeightHistogram& histogram : histograms) {
    const auto [place, added] = places.emplace(histogram.parameter, histories.size());
    if (added) histories.push_back({histogram.parameter, {}});
    histories[place->second].moments.push_back(&histogram);
  }
  return histories;
}

double Sparsity(const WeightHistogram& histogram) {
  return histogram.elements == 0 ? 0 : static_cast<double>(histogram.zeros) / static_cast<double>(histogram.elements);
}

bool SameValues(const WeightHistogram& a, const WeightHistogram& b) {
  return a.zeros == b.zeros && a.width == b.width && a.first == b.first && a.counts == b.counts;
}

// Beginnings and ends of phases, without those at which nothing had changed; if there are many, some of them.
std::vector<const WeightHistogram*> PanelsOf(const WeightHistory& history) {
  std::vector<const WeightHistogram*> panels;
  for (const WeightHistogram* const histogram : history.moments) {
    const bool last = histogram == history.moments.back();  // of a run that was stopped, or goes on
    if (histogram->moment == Moment::kValidation && !last) continue;
    if (panels.empty() || !SameValues(*panels.back(), *histogram)) panels.push_back(histogram);
  }
  if (panels.size() <= kMostPanels) return panels;
  std::vector<const WeightHistogram*> some;
  for (size_t i = 0; i < kMostPanels; ++i) some.push_back(panels[i * (panels.size() - 1) / (kMostPanels - 1)]);
  return some;
}

// "retrain, at its end"; "prune, after prune".
std::string PanelTitle(const WeightHistogram& histogram, const Job* job) {
  std::string when = histogram.moment == Moment::kEnd ? "at its end" : "at a validation";
  if (histogram.moment == Moment::kBegin) {
    when = "at its beginning";
    for (int i = 0; job != nullptr && i < job->phase_size(); ++i) {
      const std::string changes = ChangesOf(job->phase(i));
      if (NameOfPhase(*job, i) == histogram.phase && !changes.empty()) when = absl::StrCat("after ", changes);
    }
    if (histogram.step == 0) when = "before the first step";
  }
  return absl::StrCat(histogram.phase, ", ", when);
}

Figure PanelOf(const WeightHistogram& histogram, double width, const Job* job) {
  const WeightHistogram bins = InBinsOf(width, histogram);
  Figure figure;
  figure.kind = Figure::Kind::kSteps;
  figure.title = PanelTitle(histogram, job);
  figure.x_label = "weight";
  figure.y_label = "weights";
  figure.note = absl::StrCat(
      "step ", FormatCount(histogram.step),
      histogram.zeros == 0 ? std::string()
                           : absl::StrCat("; ", FormatPercent(Sparsity(histogram)), " are exactly 0 and not drawn"));
  FigureSeries& series = figure.series.emplace_back();
  for (size_t i = 0; i < bins.counts.size(); ++i) {
    series.x.push_back(static_cast<double>(bins.first + static_cast<int64_t>(i)) * width);
    series.y.push_back(static_cast<double>(bins.counts[i]));
  }
  series.x.push_back(static_cast<double>(bins.first + static_cast<int64_t>(bins.counts.size())) * width);
  series.y.push_back(0);
  return figure;
}

// All panels span the same weights.
void AlignAxes(std::vector<Figure>* figures) {
  double low = 0, high = 0;
  for (const Figure& figure : *figures) {
    low = std::min(low, figure.series[0].x.front());
    high = std::max(high, figure.series[0].x.back());
  }
  for (Figure& figure : *figures) {
    FigureSeries& series = figure.series[0];
    if (series.x.front() > low) {
      series.x.insert(series.x.begin(), low);
      series.y.insert(series.y.begin(), 0);
    }
    if (series.x.back() < high) {
      series.x.push_back(high);
      series.y.push_back(0);
    }
  }
}

}  // namespace

ReportSection SparsitySection(absl::Span<const WeightHistogram> histograms, const std::vector<ChartMarker>& phases) {
  ReportSection section;
  section.id = "sparsity";
  section.title = "Sparsity of the layers";
  const bool any = std::any_of(histograms.begin(), histograms.end(),
                               [](const WeightHistogram& histogram) { return histogram.zeros > 0; });
  if (!any) {
    section.remarks.push_back("No weight is zero at any moment that was recorded: nothing was pruned.");
    return section;
  }
  section.text = "The share of weights that are exactly zero.";
  Figure over_steps, at_end;
  over_steps.title = "over the steps";
  over_steps.x_label = "step";
  over_steps.y_label = "zeros";
  over_steps.markers = phases;
  at_end.kind = Figure::Kind::kBars;
  at_end.title = "at the last moment that was recorded";
  at_end.x_label = "layer";
  at_end.y_label = "zeros";
  over_steps.percent = at_end.percent = over_steps.from_zero = true;
  FigureSeries& last = at_end.series.emplace_back();
  for (const WeightHistory& history : ByParameter(histograms)) {
    FigureSeries series;
    series.name = history.parameter;
    for (const WeightHistogram* const histogram : history.moments) {
      series.x.push_back(static_cast<double>(histogram->step));
      series.y.push_back(Sparsity(*histogram));
    }
    over_steps.series.push_back(Thinned(std::move(series), kMostPoints));
    at_end.categories.push_back(history.parameter);
    last.y.push_back(Sparsity(*history.moments.back()));
  }
  section.groups.emplace_back().figures = {std::move(over_steps), std::move(at_end)};
  return section;
}

ReportSection HistogramSection(absl::Span<const WeightHistogram> histograms, const Job* job) {
  ReportSection section;
  section.id = "weights";
  section.title = "Distributions of the weights";
  section.text =
      "Pruning takes the middle out of a distribution; training again widens what is left into two lobes; sharing "
      "gathers the lobes in spikes, one for each shared value, and training moves these. Each panel is a histogram at "
      "one moment; the panels of a layer have the same bins and the same range.";
  size_t layers = 0;
  for (const WeightHistory& history : ByParameter(histograms)) {
    FigureGroup& group = section.groups.emplace_back();
    group.title = absl::StrCat(history.parameter, ": ", FormatCount(history.moments[0]->elements), " weights");
    group.small = true;
    group.open = layers++ < kOpenGroups;
    const std::vector<const WeightHistogram*> panels = PanelsOf(history);
    double width = 0;
    for (const WeightHistogram* const panel : panels) width = std::max(width, panel->width);
    for (const WeightHistogram* const panel : panels) group.figures.push_back(PanelOf(*panel, width, job));
    AlignAxes(&group.figures);
  }
  return section;
}

absl::StatusOr<ReportSection> SensitivitySection(const CsvTable& table) {
  const std::optional<size_t> layer = table.Column("layer"), sparsity = table.Column("sparsity"),
                              top1 = table.Column("top1");
  if (!layer || !sparsity || !top1 || table.rows.empty()) {
    return absl::InvalidArgumentError("expected columns layer, sparsity and top1 with numbers, found others");
  }
  ReportSection section;
  section.id = "sensitivity";
  section.title = "How much each layer can be pruned";
  section.text = "Top-1 with one layer pruned by magnitude, the others as they were, without training in between.";
  Figure figure;
  figure.title = "top-1 with one layer pruned";
  figure.x_label = "pruned, %";
  figure.y_label = "top-1";
  figure.percent = true;
  for (size_t row = 0; row < table.rows.size(); ++row) {
    const std::string& name = table.rows[row][*layer];
    if (figure.series.empty() || figure.series.back().name != name) figure.series.push_back({name, {}, {}});
    figure.series.back().x.push_back(100 * table.Number(row, *sparsity).value_or(0));
    figure.series.back().y.push_back(table.Number(row, *top1).value_or(NAN));
  }
  section.groups.emplace_back().figures.push_back(std::move(figure));
  return section;
}

}  // namespace espalier
