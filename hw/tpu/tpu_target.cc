#include "hw/tpu/tpu_target.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/status.h"
#include "hw/fast_matrix_engine.h"
#include "hw/tpu/energy.h"
#include "hw/tpu/report.h"
#include "hw/tpu/tpu_engine.h"

namespace espalier {
namespace {

class TpuTarget : public Target {
 public:
  absl::string_view name() const override { return "tpu"; }
  std::string title() const override {
    return absl::StrFormat("TPU, %d x %d multipliers at %g MHz", config_.array_size, config_.array_size,
                           config_.clock_hz * 1e-6);
  }
  IntegerFormat format() const override { return IntegerFormat::Int8(); }
  std::string arithmetic() const override { return "plain integers"; }

  absl::Status Load(const IntegerNetwork& network) override {
    ASSIGN_OR_RETURN(engine_, TpuEngine::Create(config_));
    for (const IntegerLayer& layer : network.layers()) {
      for (const IntegerMatrix& matrix : layer.matrices) RETURN_IF_ERROR(engine_->Load(matrix));
    }
    return absl::OkStatus();
  }
  std::vector<std::string> Notes() const override {
    std::vector<std::string> notes;
    for (const TpuLayer& layer : engine_->layers()) {
      if (layer.spilled_calls == 0) continue;
      notes.push_back(absl::StrCat(layer.name, " exceeds the unified buffer: its inputs and outputs go over the host"));
    }
    return notes;
  }

  MatrixEngine& emulator() override { return *engine_; }
  MatrixEngine& reference() override { return reference_; }

  std::vector<TargetFigures> Figures() const override {
    std::vector<TargetFigures> figures;
    for (const TpuLayer& layer : engine_->layers()) figures.push_back(FiguresOf(layer.name, layer.counters));
    figures.push_back(FiguresOf("total", engine_->Total()));
    return figures;
  }
  std::vector<TargetReport> Reports() const override {
    return {{"cycles.csv", TpuCyclesCsv(*engine_)},
            {"traffic.csv", TpuTrafficCsv(*engine_)},
            {"energy.csv", TpuEnergyCsv(*engine_)},
            {"roofline.csv", TpuRooflineCsv(*engine_)}};
  }

 private:
  TargetFigures FiguresOf(const std::string& layer, const tpu::Counters& counters) const {
    TargetFigures of;
    of.layer = layer;
    of.cycles = counters.cycles;
    of.seconds = static_cast<double>(counters.cycles) / config_.clock_hz;
    of.operations = static_cast<double>(counters.operations);
    const double slots = static_cast<double>(counters.cycles) * static_cast<double>(config_.TileBytes());
    of.utilization = slots == 0 ? 0 : static_cast<double>(counters.useful_macs) / slots;
    of.energy_joules = tpu::ComputeEnergy(config_, counters).busy;
    return of;
  }

  tpu::Config config_;
  std::unique_ptr<TpuEngine> engine_;
  FastMatrixEngine reference_;
};

}  // namespace

std::unique_ptr<Target> MakeTpuTarget() { return std::make_unique<TpuTarget>(); }

}  // namespace espalier
