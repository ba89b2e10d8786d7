#include "hw/eie/eie_target.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/status.h"
#include "hw/eie/eie_engine.h"
#include "hw/eie/energy.h"
#include "hw/eie/reference.h"
#include "hw/eie/report.h"

namespace espalier {
namespace {

constexpr int kLargestCodeBits = 8;

// Bits of a code for the matrix's distinct weights and the zero.
int CodeBitsFor(const IntegerMatrix& matrix) {
  std::set<int16_t> distinct(matrix.weights.begin(), matrix.weights.end());
  distinct.insert(0);
  int bits = 1;
  while ((size_t{1} << bits) < distinct.size()) ++bits;
  return bits;
}

class EieTarget : public Target {
 public:
  absl::string_view name() const override { return "eie"; }
  std::string title() const override {
    return absl::StrFormat("EIE, %d elements at %g MHz", config_.processing_elements, config_.clock_mhz);
  }
  IntegerFormat format() const override { return IntegerFormat::Fixed16(); }
  std::string arithmetic() const override {
    return absl::StrFormat("EIE's arithmetic computed plainly (shifted products, sums that saturate at %d bits)",
                           config_.accumulator_bits);
  }

  absl::Status Load(const IntegerNetwork& network) override {
    RETURN_IF_ERROR(ChooseCodeBits(network));
    ASSIGN_OR_RETURN(engine_, EieEngine::Create(config_));
    reference_ = std::make_unique<EieReferenceEngine>(config_);
    for (const IntegerLayer& layer : network.layers()) {
      const Shape& output = network.activations()[layer.output].shape;
      const int64_t vectors = layer.kind == InferenceKind::kConvolution ? output[1] * output[2] : 1;
      for (const IntegerMatrix& matrix : layer.matrices) RETURN_IF_ERROR(engine_->Load(matrix, vectors));
    }
    NoteLoading();
    return absl::OkStatus();
  }
  std::vector<std::string> Notes() const override { return notes_; }

  MatrixEngine& emulator() override { return *engine_; }
  MatrixEngine& reference() override { return *reference_; }

  std::vector<TargetFigures> Figures() const override {
    std::vector<TargetFigures> figures;
    double dense_macs = 0;
    for (const EieLayer& layer : engine_->layers()) {
      const SparseMatrix& matrix = layer.program->matrix;
      const double macs = static_cast<double>(matrix.rows * matrix.columns) * static_cast<double>(layer.vectors);
      figures.push_back(FiguresOf(matrix.name, layer.counters, macs, engine_->DramBytes(layer)));
      dense_macs += macs;
    }
    figures.push_back(FiguresOf("total", engine_->Total(), dense_macs, engine_->TotalDramBytes()));
    return figures;
  }
  std::vector<TargetReport> Reports() const override {
    return {{"cycles.csv", EieCyclesCsv(*engine_)},
            {"traffic.csv", EieTrafficCsv(*engine_)},
            {"energy.csv", EieEnergyCsv(*engine_)},
            {"roofline.csv", EieRooflineCsv(*engine_)}};
  }

 private:
  absl::Status ChooseCodeBits(const IntegerNetwork& network) {
    const IntegerMatrix* widest = nullptr;
    for (const IntegerLayer& layer : network.layers()) {
      for (const IntegerMatrix& matrix : layer.matrices) {
        const int bits = CodeBitsFor(matrix);
        if (bits <= config_.code_bits) continue;
        config_.code_bits = bits;
        widest = &matrix;
      }
    }
    if (widest == nullptr) return absl::OkStatus();
    if (config_.code_bits > kLargestCodeBits) {
      return absl::InvalidArgumentError(absl::StrCat("EIE: ", widest->name, ": expected weights of at most ",
                                                     1 << kLargestCodeBits,
                                                     " values (share_weights makes them so), found more"));
    }
    notes_.push_back(absl::StrCat(widest->name, " has codes of ", config_.code_bits,
                                  " bits; the published chip has 4, so entries are wider here"));
    return absl::OkStatus();
  }

  void NoteLoading() {
    int64_t load_bytes = 0;
    size_t by_sample = 0, by_vector = 0;
    for (const EieLayer& layer : engine_->layers()) {
      const EieProgram& program = *layer.program;
      load_bytes += program.load_bytes;
      by_sample += engine_->Loading(layer) == EieLoading::kForEachSample;
      if (program.fits_alone) continue;
      ++by_vector;
      notes_.push_back(absl::StrCat(program.matrix.name, " exceeds the chip's memories: ", program.tiles(),
                                    " tiles, loaded for every vector"));
    }
    if (by_sample > 0) {
      notes_.push_back(absl::StrCat(
          "the layers exceed the chip's memories together: ", by_vector == 0 ? "each is" : "those that fit alone are",
          " loaded for every sample"));
    }
    const double load_uj = ComputeEieEnergy(config_, EieCounters(), load_bytes).dram * 1e-6;
    notes_.push_back(by_sample + by_vector == 0
                         ? absl::StrFormat("loading the network once takes %d bytes of DRAM and %.4g uJ, which are not "
                                           "in the figures of a sample",
                                           load_bytes, load_uj)
                         : "loading from DRAM is in energy and traffic but takes no cycles here; the published "
                           "figures leave it out");
  }

  TargetFigures FiguresOf(const std::string& layer, const EieCounters& counters, double dense_macs,
                          int64_t dram_bytes) const {
    const EieFigures figures = ComputeEieFigures(config_, counters, dense_macs, dram_bytes);
    TargetFigures of;
    of.layer = layer;
    of.cycles = counters.cycles;
    of.seconds = figures.us * 1e-6;
    of.operations = 2.0 * static_cast<double>(counters.real_macs);
    of.utilization = counters.Efficiency(config_.processing_elements);
    of.energy_joules = (figures.energy_nj + figures.dram_nj) * 1e-9;
    return of;
  }

  EieConfig config_;
  std::unique_ptr<EieEngine> engine_;
  std::unique_ptr<EieReferenceEngine> reference_;
  std::vector<std::string> notes_;
};

}  // namespace

std::unique_ptr<Target> MakeEieTarget() { return std::make_unique<EieTarget>(); }

}  // namespace espalier
