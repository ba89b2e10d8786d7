#include "hw/eie/eie_engine.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "core/kernels/parallel.h"
#include "core/status.h"
#include "glog/logging.h"

namespace espalier {

absl::StatusOr<std::unique_ptr<EieEngine>> EieEngine::Create(const EieConfig& config) {
  RETURN_IF_ERROR(Validate(config));
  return std::unique_ptr<EieEngine>(new EieEngine(config));
}

EieLayer* EieEngine::Find(const IntegerMatrix& matrix) {
  for (EieLayer& layer : layers_) {
    if (layer.weights == matrix.weights.data()) return &layer;
  }
  return nullptr;
}

absl::Status EieEngine::Load(const IntegerMatrix& matrix, int64_t vectors_per_sample) {
  if (Find(matrix) != nullptr) return absl::OkStatus();
  ASSIGN_OR_RETURN(SparseMatrix sparse, Compress(matrix, config_.code_bits));
  ASSIGN_OR_RETURN(EieProgram program, CompileForEie(config_, std::move(sparse)));
  EieLayer layer;
  layer.weights = matrix.weights.data();
  layer.vectors_per_sample = vectors_per_sample;
  layer.program = std::make_unique<const EieProgram>(std::move(program));
  layer.model = std::make_unique<const FastEie>(*layer.program);
  images_.resize(config_.processing_elements);
  for (size_t element = 0; element < images_.size(); ++element) images_[element] += layer.program->images[element];
  pointers_ += layer.program->pointers;
  layers_.push_back(std::move(layer));
  return absl::OkStatus();
}

void EieEngine::Multiply(const IntegerMatrix& matrix, const Requantization& requantization, const int16_t* inputs,
                         int64_t batch, int16_t* outputs) {
  const absl::Status loaded = Load(matrix);
  CHECK(loaded.ok()) << loaded;
  EieLayer* const layer = Find(matrix);
  CHECK_EQ(layer->program->matrix.name, matrix.name) << "an engine serves one network";
  std::mutex mutex;
  ParallelRanges(batch, 1, 2, [&](int64_t begin, int64_t end) {
    EieCounters counters;
    for (int64_t vector = begin; vector < end; ++vector) {
      const EieResult result = layer->model->Run(requantization, inputs + vector * matrix.columns);
      std::copy(result.outputs.begin(), result.outputs.end(), outputs + vector * matrix.rows);
      counters += result.counters;
    }
    const std::lock_guard<std::mutex> lock(mutex);
    layer->counters += counters;
  });
  layer->vectors += batch;
}

bool EieEngine::HoldsAllLayers() const {
  const auto fits = [&](int64_t image) { return image <= config_.MatrixCapacity(); };
  return pointers_ <= config_.MaximumPointers() && std::all_of(images_.begin(), images_.end(), fits);
}

EieLoading EieEngine::Loading(const EieLayer& layer) const {
  if (!layer.program->fits_alone) return EieLoading::kForEachVector;
  return HoldsAllLayers() ? EieLoading::kOnce : EieLoading::kForEachSample;
}

int64_t EieEngine::DramBytes(const EieLayer& layer) const {
  switch (Loading(layer)) {
    case EieLoading::kForEachVector:
      return layer.program->load_bytes * layer.vectors;
    case EieLoading::kForEachSample:
      return layer.program->load_bytes * (layer.vectors / layer.vectors_per_sample);
    case EieLoading::kOnce:
      break;
  }
  return 0;
}

int64_t EieEngine::TotalDramBytes() const {
  int64_t bytes = 0;
  for (const EieLayer& layer : layers_) bytes += DramBytes(layer);
  return bytes;
}

EieCounters EieEngine::Total() const {
  EieCounters total;
  for (const EieLayer& layer : layers_) total += layer.counters;
  return total;
}

}  // namespace espalier
