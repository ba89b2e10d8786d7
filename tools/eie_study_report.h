// What `espalier eie_study` shows.
#ifndef ESPALIER_TOOLS_EIE_STUDY_REPORT_H_
#define ESPALIER_TOOLS_EIE_STUDY_REPORT_H_

#include <string>
#include <vector>

#include "hw/eie/study.h"
#include "tools/chart.h"

namespace espalier {

// A layer on the published chip: once with as many non-zero activations as the authors' simulator happened to have,
// once with the published share.
struct EieLayerRun {
  EieStudyTask known, published;
  EieStudyResult known_result, published_result;
};

// Cycles beside the known ones, time beside the published one, energy.
std::string EieLayerTable(const std::vector<EieLayerRun>& runs);
std::string EieLayerCsv(const std::vector<EieLayerRun>& runs);

// The energies and areas that all figures come from, with their sources.
std::string EieConstantTable();

// A figure of a study's point.
struct EieMetric {
  std::string name;   // "load_balance"
  std::string title;  // "Load balance"
  bool percent = false, log = false;
};

struct EieStudyPoint {
  EieStudyTask task;
  EieStudyResult result;
  int value = 0;                // of the parameter that the study varies
  std::vector<double> metrics;  // as EieSweep::metrics
};

struct EieSweep {
  std::string name;       // "queue_depth"
  std::string parameter;  // "activations that a queue holds"
  std::vector<EieMetric> metrics;
  std::vector<EieStudyPoint> points;  // layer by layer, values ascending
};

// The first metric, a row for each layer, a column for each value.
std::string EieSweepTable(const EieSweep& sweep);
std::string EieSweepCsv(const EieSweep& sweep);
// For each metric and each network a chart with its layers as series.
std::vector<Chart> EieSweepCharts(const EieSweep& sweep);

}  // namespace espalier

#endif  // ESPALIER_TOOLS_EIE_STUDY_REPORT_H_
