// What `espalier tpu_study` shows.
#ifndef ESPALIER_TOOLS_TPU_STUDY_REPORT_H_
#define ESPALIER_TOOLS_TPU_STUDY_REPORT_H_

#include <string>
#include <vector>

#include "hw/tpu/sensitivity.h"
#include "tools/chart.h"

namespace espalier {

struct TpuRun {
  tpu::Application application;
  tpu::ApplicationResult result;
  tpu::PublishedCounters percent;  // emulated
};

// Operations per second beside the published ones and the roofline's bound.
std::string TpuSpeedTable(const std::vector<TpuRun>& runs);

// The rows of the published Table 3, emulated | published.
std::string TpuCounterTable(const std::vector<TpuRun>& runs);
std::string TpuCounterCsv(const std::vector<TpuRun>& runs);

// Rooflines of the TPU, a Haswell processor and a K80, and the applications on the first.
std::string TpuRooflineCsv(const tpu::Config& config, const std::vector<TpuRun>& runs);
std::vector<Chart> TpuRooflineCharts(const tpu::Config& config, const std::vector<TpuRun>& runs);

// Speed over that of the unscaled TPU, by application and on average.
std::string TpuSensitivityTable(const std::vector<TpuRun>& runs, const std::vector<tpu::SensitivityPoint>& points);
std::string TpuSensitivityCsv(const std::vector<TpuRun>& runs, const std::vector<tpu::SensitivityPoint>& points);
std::vector<Chart> TpuSensitivityCharts(const std::vector<tpu::SensitivityPoint>& points);

// The figures that energies come from, with their sources.
std::string TpuConstantTable();

}  // namespace espalier

#endif  // ESPALIER_TOOLS_TPU_STUDY_REPORT_H_
