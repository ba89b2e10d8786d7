#include "hw/eie/study.h"

#include <time.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "hw/eie/fast_model.h"

namespace espalier {
namespace {

using LayerKey = std::pair<std::string, uint64_t>;

// Of this thread on its core, whatever else runs on the machine.
double ThreadSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Each layer that occurs, made once.
std::map<LayerKey, SparseMatrix> MakeLayers(const std::vector<EieStudyTask>& tasks) {
  std::map<LayerKey, SparseMatrix> layers;
  std::vector<const EieStudyTask*> first;
  for (const EieStudyTask& task : tasks) {
    if (layers.emplace(LayerKey(task.benchmark.name, task.seed), SparseMatrix()).second) first.push_back(&task);
  }
#pragma omp parallel for schedule(dynamic, 1)
  for (size_t i = 0; i < first.size(); ++i) {
    layers.at({first[i]->benchmark.name, first[i]->seed}) = RandomLayer(first[i]->benchmark, first[i]->seed);
  }
  return layers;
}

absl::Status RunTask(const EieStudyTask& task, const SparseMatrix& layer, EieStudyResult* result) {
  const absl::StatusOr<EieProgram> program = CompileForEie(task.config, layer);
  if (!program.ok()) return program.status();
  const FastEie eie(*program);
  const std::vector<int16_t> activations = RandomActivations(task.benchmark, task.non_zeros, task.seed);
  const double begin = ThreadSeconds();
  result->counters = eie.Run({{1}, {12}, 0, INT16_MAX}, activations.data()).counters;
  result->run_s = ThreadSeconds() - begin;
  result->tiles = program->tiles();
  result->fits_alone = program->fits_alone;
  result->load_bytes = program->load_bytes;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<EieStudyResult>> RunEieStudy(const std::vector<EieStudyTask>& tasks) {
  const std::map<LayerKey, SparseMatrix> layers = MakeLayers(tasks);
  std::vector<EieStudyResult> results(tasks.size());
  std::vector<absl::Status> statuses(tasks.size());
#pragma omp parallel for schedule(dynamic, 1)
  for (size_t i = 0; i < tasks.size(); ++i) {
    statuses[i] = RunTask(tasks[i], layers.at({tasks[i].benchmark.name, tasks[i].seed}), &results[i]);
  }
  for (const absl::Status& status : statuses) {
    if (!status.ok()) return status;
  }
  return results;
}

EieConfig EieWithQueueDepth(int depth) {
  EieConfig config;
  config.queue_depth = depth;
  return config;
}

EieConfig EieWithMatrixWidth(int bits) {
  EieConfig config;
  config.matrix_sram_width = bits;
  return config;
}

EieConfig EieWithElements(int elements, const EieBenchmark& benchmark) {
  EieConfig config;
  config.processing_elements = elements;
  const int64_t activations = (std::max(benchmark.rows, benchmark.columns) + elements - 1) / elements;
  config.activation_registers = static_cast<int>(std::max<int64_t>(config.activation_registers, activations));
  config.activation_sram_bytes = std::max<int64_t>(config.activation_sram_bytes, 2 * activations);
  config.pointer_bits = 32;
  config.pointer_sram_bytes = std::max<int64_t>(config.pointer_sram_bytes, 4 * (benchmark.columns + 1));
  // Room for a dense layer, which no padding exceeds.
  const int64_t entries = (benchmark.rows + elements - 1) / elements * benchmark.columns;
  config.matrix_sram_bytes = std::max(config.matrix_sram_bytes, entries);
  return config;
}

}  // namespace espalier
