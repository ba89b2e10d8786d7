// How fast gradients are summed over ranks: RangeReduction against MPI_Allreduce on the same buffers, and against a
// plain copy, on every rank at once, of the bytes that a rank sends. Rounds of the three take turns; the time of each
// is that of the slowest rank.
//   OMP_NUM_THREADS=1 mpirun -n 2 all_reduce_benchmark --megabytes 44 --rounds 40
#include <mpi.h>

#include <algorithm>
#include <cstring>
#include <iostream>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/str_format.h"
#include "core/tensor.h"
#include "parallel/collectives.h"
#include "parallel/mpi_communicator.h"
#include "parallel/range_reduction.h"
#include "parallel/trace.h"

ABSL_FLAG(double, megabytes, 44, "What is summed, in 10^6 bytes of f32.");
ABSL_FLAG(double, bucket_mib, 4, "The ranges in which it is launched; 0: all at once.");
ABSL_FLAG(int, rounds, 40, "Of each contender.");
ABSL_FLAG(int, chunk_kib, 0, "Of f32, in which segments travel; 0: the library's choice.");
ABSL_FLAG(int, window, 0, "Chunks being received at a time; 0: the library's choice.");
ABSL_FLAG(bool, oversubscribed, false, "There are more ranks than cores.");
ABSL_FLAG(std::string, wire, "f32", "f32, bf16 or f16.");

namespace espalier {
namespace {

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// Seconds that the slowest rank takes for `work`, all beginning together.
template <typename Work>
double Slowest(Communicator* communicator, const Work& work) {
  Barrier(communicator);
  const double begin = Trace::Now();
  work();
  const std::vector<double> seconds = AllGather(communicator, Trace::Now() - begin);
  return *std::max_element(seconds.begin(), seconds.end());
}

DType Wire() {
  for (DType wire : {DType::kBF16, DType::kF16}) {
    if (absl::GetFlag(FLAGS_wire) == Name(wire)) return wire;
  }
  return DType::kF32;
}

std::vector<ReductionRange> Ranges(int64_t elements) {
  const int64_t bucket = static_cast<int64_t>(absl::GetFlag(FLAGS_bucket_mib) * 1024 * 1024 / sizeof(float));
  std::vector<ReductionRange> ranges;
  for (int64_t begin = 0; begin<elements; begin += bucket> 0 ? bucket : elements) {
    ranges.push_back({begin, bucket > 0 ? std::min(elements, begin + bucket) : elements, Wire()});
  }
  return ranges;
}

void Report(const char* name, const std::vector<double>& seconds, double bytes, double reference) {
  const double median = Median(seconds);
  std::cout << absl::StrFormat("%-22s median %9.5f ms  least %9.5f ms  %6.2f GB/s  %5.2f of a copy\n", name,
                               1e3 * median, 1e3 * *std::min_element(seconds.begin(), seconds.end()),
                               1e-9 * bytes / median, median / reference);
}

void Run(Communicator* communicator) {
  const int64_t elements = static_cast<int64_t>(absl::GetFlag(FLAGS_megabytes) * 1e6 / sizeof(float)) / 16 * 16;
  RangeReductionOptions options;
  options.shards = communicator->size();
  if (absl::GetFlag(FLAGS_chunk_kib) > 0) options.chunk_elements = absl::GetFlag(FLAGS_chunk_kib) * 256;
  if (absl::GetFlag(FLAGS_window) > 0) options.window = absl::GetFlag(FLAGS_window);
  RangeReduction reduction(communicator, Ranges(elements), options);
  Tensor ours(DType::kF32, {elements}), theirs(DType::kF32, {elements}), copy(DType::kF32, {elements});
  std::vector<double> ours_s, theirs_s, copy_s;
  int64_t moved = 0;
  for (int round = -3; round < absl::GetFlag(FLAGS_rounds); ++round) {
    // Sums double from round to round.
    if (round % 50 == 0)
      std::fill_n(ours.data<float>(), elements, 1e-6f * static_cast<float>(communicator->rank() + 1));
    if (round % 50 == 0) std::copy_n(ours.data<float>(), elements, theirs.data<float>());
    const int64_t sent = reduction.bytes_sent();
    const double a = Slowest(communicator, [&] {
      const int rank = communicator->rank();
      reduction.Begin({{rank, rank + 1, ours.data<float>()}}, ours.data<float>());
      while (reduction.launched() < static_cast<int>(Ranges(elements).size())) reduction.Launch();
      for (int attempt = 0; !reduction.done(); ++attempt) {
        if (reduction.Progress()) {
          attempt = 0;
        } else {
          communicator->Idle(attempt);
        }
      }
    });
    moved = reduction.bytes_sent() - sent;
    const double b = Slowest(communicator, [&] {
      MPI_Allreduce(MPI_IN_PLACE, theirs.raw(), static_cast<int>(elements), MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
    });
    const double c =
        Slowest(communicator, [&] { std::memcpy(copy.raw(), ours.raw(), std::min<size_t>(moved, ours.bytes())); });
    if (round < 0) continue;
    ours_s.push_back(a);
    theirs_s.push_back(b);
    copy_s.push_back(c * static_cast<double>(moved) / static_cast<double>(std::min<size_t>(moved, ours.bytes())));
  }
  if (communicator->rank() > 0) return;
  std::cout << absl::StrFormat("%d ranks, %.1f MB, %.1f MB sent by rank 0\n", communicator->size(), 1e-6 * ours.bytes(),
                               1e-6 * moved);
  Report("RangeReduction", ours_s, moved, Median(copy_s));
  Report("MPI_Allreduce", theirs_s, moved, Median(copy_s));
  Report("copy", copy_s, moved, Median(copy_s));
}

}  // namespace
}  // namespace espalier

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  espalier::MpiOptions options;
  options.oversubscribed = absl::GetFlag(FLAGS_oversubscribed);
  const auto communicator = espalier::StartMpi(&argc, &argv, options);
  if (!communicator.ok()) {
    std::cerr << communicator.status() << std::endl;
    return 1;
  }
  espalier::Run(communicator->get());
  return 0;
}
