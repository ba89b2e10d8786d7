// How old the weights were that workers trained on: a histogram.
#ifndef ESPALIER_PARALLEL_STALENESS_H_
#define ESPALIER_PARALLEL_STALENESS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/files/file_system.h"

namespace espalier {

// counts()[s] is the number of steps whose weights lacked s steps of the slowest other worker: with the worker at the
// beginning of its step number c (from 0), they contain all pushes of the other workers' first c - s steps, and not of
// all their first c - s + 1. Steps of which others were ahead count as 0.
class StalenessHistogram {
 public:
  StalenessHistogram() = default;
  explicit StalenessHistogram(std::vector<int64_t> counts) : counts_(std::move(counts)) {}

  void Add(int64_t staleness);
  const std::vector<int64_t>& counts() const { return counts_; }
  int64_t steps() const;
  double mean() const;

 private:
  std::vector<int64_t> counts_;
};

// A small table for people: for each worker, steps, mean and greatest staleness and the shares of 0, 1, 2, 3, 4-7, 8-15
// and more. Lines, each ended.
std::string StalenessTable(const std::vector<StalenessHistogram>& workers);

// "worker,staleness,steps", a line each, without those of no steps. A reader finds the former file or the new one,
// whole.
absl::Status WriteStalenessCsv(FileSystem* files, const std::string& path,
                               const std::vector<StalenessHistogram>& workers);

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_STALENESS_H_
