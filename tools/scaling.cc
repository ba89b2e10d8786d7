#include "tools/scaling.h"

#include <algorithm>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "core/files/file_system.h"
#include "core/human_readable.h"
#include "core/status.h"
#include "parallel/scaling_fit.h"
#include "parallel/scaling_networks.h"
#include "proto/nearest_name.h"
#include "tools/chart_svg.h"
#include "tools/network_file.h"
#include "tools/scaling_report.h"
#include "tools/scaling_work.h"

namespace espalier {
namespace {

constexpr int kGreatestRanks = 4096;
constexpr int64_t kGreatestBatch = 1 << 24;
constexpr double kMebibyte = 1 << 20;
// GFLOP/s of f32 that large matrix products reach on the two threads of the machine in docs/benchmarks.md.
constexpr double kDefaultGflops = 230;

// Everything that the flags, and the job, say.
struct Request {
  NetworkFile file;
  std::vector<NamedNetwork> networks;
  std::vector<int> ranks;
  Cluster cluster;  // without the network
  ExchangeOptions exchange;
  RankSpeed speed;
  std::optional<double> images_per_s;
  int64_t batch = 0;    // of one rank, or of all if `strong`
  bool strong = false;  // the ranks share one batch
};

std::string UnknownName(const std::string& flag, const std::string& name, const std::vector<std::string>& names) {
  return absl::StrCat("--", flag, ": expected one of ", absl::StrJoin(names, ", "), ", found ", name,
                      Suggestion(name, names));
}

absl::StatusOr<std::vector<NamedNetwork>> ChosenNetworks(const Arguments& arguments) {
  std::vector<std::string> names;
  for (const NamedNetwork& network : Networks()) names.push_back(network.name);
  std::vector<NamedNetwork> chosen;
  for (const std::string& name : arguments.GetAll("network")) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return absl::InvalidArgumentError(UnknownName("network", name, names));
    chosen.push_back(Networks()[found - names.begin()]);
  }
  if (chosen.empty()) chosen.push_back(Networks().back());
  return chosen;
}

absl::StatusOr<std::vector<int>> ChosenRanks(const Arguments& arguments) {
  std::vector<int> ranks;
  if (!arguments.Has("ranks")) {
    for (int count = 16; count <= kGreatestRanks; count *= 2) ranks.push_back(count);
    return ranks;
  }
  for (const absl::string_view word : absl::StrSplit(arguments.Get("ranks"), ',')) {
    int count = 0;
    if (!absl::SimpleAtoi(word, &count) || count < 1 || count > kGreatestRanks) {
      return absl::InvalidArgumentError(absl::StrCat("--ranks: expected numbers from 1 to ", kGreatestRanks,
                                                     " with commas between them, found ", arguments.Get("ranks")));
    }
    ranks.push_back(count);
  }
  std::sort(ranks.begin(), ranks.end());
  ranks.erase(std::unique(ranks.begin(), ranks.end()), ranks.end());
  return ranks;
}

absl::Status ReadExchange(const Arguments& arguments, const Job& job, ExchangeOptions* exchange) {
  const auto& data_parallel = job.parallel().data();
  ASSIGN_OR_RETURN(const double mib, arguments.GetPositive("bucket_mib", data_parallel.all_reduce().bucket_mib()));
  exchange->bucket_bytes = mib * kMebibyte;
  const std::vector<std::string> wires = {"f32", "bf16", "f16"};
  const std::string wire = arguments.Get("wire", wires[data_parallel.wire()]);
  if (std::find(wires.begin(), wires.end(), wire) == wires.end()) {
    return absl::InvalidArgumentError(UnknownName("wire", wire, wires));
  }
  exchange->wire_bytes = wire == "f32" ? 4 : 2;
  std::vector<std::string> algorithms;
  for (const AllReduceAlgorithm algorithm : kAllReduceAlgorithms) {
    algorithms.push_back(AlgorithmName(algorithm));
    if (arguments.Get("algorithm", "direct") == algorithms.back()) exchange->algorithm = algorithm;
  }
  if (arguments.Get("algorithm", "direct") == AlgorithmName(exchange->algorithm)) return absl::OkStatus();
  return absl::InvalidArgumentError(UnknownName("algorithm", arguments.Get("algorithm"), algorithms));
}

absl::StatusOr<Request> ReadRequest(const Arguments& arguments) {
  Request request;
  ASSIGN_OR_RETURN(request.networks, ChosenNetworks(arguments));
  ASSIGN_OR_RETURN(request.ranks, ChosenRanks(arguments));
  ASSIGN_OR_RETURN(request.file, LoadNetwork(arguments.positional()[0], arguments.GetAll("set")));
  RETURN_IF_ERROR(ReadExchange(arguments, request.file.job, &request.exchange));
  ASSIGN_OR_RETURN(const int64_t per_host, arguments.GetInteger("ranks_per_host", 1, 1, kGreatestRanks));
  request.cluster.ranks_per_host = static_cast<int>(per_host);
  request.cluster.within = SharedMemory();
  request.cluster.memory_bytes_per_s = MemoryBytesPerSecond();
  ASSIGN_OR_RETURN(const double gflops, arguments.GetPositive("gflops", kDefaultGflops));
  request.speed = {1e9 * gflops, MemoryBytesPerSecond()};
  ASSIGN_OR_RETURN(const double images_per_s, arguments.GetPositive("images_per_s", 1));
  if (arguments.Has("images_per_s")) request.images_per_s = images_per_s;
  if (arguments.Has("batch") && arguments.Has("global_batch")) {
    return absl::InvalidArgumentError("expected one of --batch and --global_batch, found both");
  }
  request.strong = arguments.Has("global_batch") || (request.file.is_job && !arguments.Has("batch"));
  const int64_t fallback = request.file.is_job ? request.file.job.data().batch_size() : 64;
  ASSIGN_OR_RETURN(request.batch,
                   arguments.GetInteger(request.strong ? "global_batch" : "batch", fallback, 1, kGreatestBatch));
  return request;
}

// One rank's work for any part of the batch, and its speed alone.
class Worker {
 public:
  static absl::StatusOr<Worker> Create(const Request& request) {
    Worker worker(request);
    ASSIGN_OR_RETURN(worker.whole_, EstimateWork(request.file, request.batch, request.speed));
    const StepWork& step = worker.whole_.step;
    if (request.images_per_s) {
      const double passes_s = static_cast<double>(request.batch) / *request.images_per_s - step.update_s;
      if (passes_s <= 0) {
        return absl::InvalidArgumentError(absl::StrFormat(
            "--images_per_s: a step of %d images at %g images/s takes less time than updating %s parameters, %.3g s",
            request.batch, *request.images_per_s, FormatCount(worker.whole_.parameters), step.update_s));
      }
      worker.factor_ = passes_s / (step.forward_s + step.backward_s);
    }
    return worker;
  }

  absl::StatusOr<StepWork> Work(int64_t batch) const {
    if (batch == request_.batch) return ScalePasses(whole_.step, factor_);
    ASSIGN_OR_RETURN(const NetworkWork work, EstimateWork(request_.file, batch, request_.speed));
    return ScalePasses(work.step, factor_);
  }
  double images_per_s() const {
    return static_cast<double>(request_.batch) / ScalePasses(whole_.step, factor_).compute_s();
  }
  const NetworkWork& whole() const { return whole_; }

 private:
  explicit Worker(const Request& request) : request_(request) {}
  const Request& request_;
  NetworkWork whole_;  // of the whole batch
  double factor_ = 1;  // the passes' measured time over the estimated one
};

absl::StatusOr<ScalingCurve> Predict(const Request& request, const Worker& worker, const NamedNetwork& network) {
  ScalingCurve curve{network.name, network.label, {}};
  Cluster cluster = request.cluster;
  cluster.between = network.transport;
  for (const int ranks : request.ranks) {
    // A rank without a row of the batch would be of no use.
    if (request.strong && ranks > request.batch) break;
    const int64_t batch = request.strong ? (request.batch + ranks - 1) / ranks : request.batch;
    ASSIGN_OR_RETURN(const StepWork work, worker.Work(batch));
    for (const AllReduceAlgorithm algorithm : kAllReduceAlgorithms) {
      ScalingPoint point;
      point.algorithm = algorithm;
      point.ranks = ranks;
      point.hosts = (ranks + cluster.ranks_per_host - 1) / cluster.ranks_per_host;
      point.batch = request.strong ? request.batch : ranks * request.batch;
      ExchangeOptions exchange = request.exchange;
      exchange.algorithm = algorithm;
      point.time = PredictStep(work, ranks, cluster, exchange);
      point.images_per_s = static_cast<double>(point.batch) / point.time.step_s;
      point.efficiency = point.images_per_s / (ranks * worker.images_per_s());
      point.best_bucket_mib = BestBucketBytes(work, ranks, cluster, exchange) / kMebibyte;
      curve.points.push_back(point);
    }
  }
  return curve;
}

std::string Describe(const Request& request, const Worker& worker) {
  const NetworkWork& work = worker.whole();
  return absl::StrCat(
      request.file.name(), ": ", request.file.path, ", ", FormatCount(work.parameters), " parameters, ",
      FormatCount(work.macs_per_sample), " MACs an image\none rank: ", FormatFigure(worker.images_per_s()),
      " images/s (", request.images_per_s ? "measured" : "estimated", ") at ", request.batch, " images",
      request.strong ? "; the ranks share them (strong scaling)" : " a rank (weak scaling)",
      "\nexchange: ", AlgorithmName(request.exchange.algorithm), ", buckets of ",
      request.exchange.bucket_bytes / kMebibyte, " MiB, ", request.exchange.wire_bytes * 8, " bits an element, ",
      request.cluster.ranks_per_host, " rank", request.cluster.ranks_per_host == 1 ? "" : "s", " a host\n");
}

// Takes shared memory's parameters from measurements.
absl::Status ReadFit(const std::string& path, Request* request, std::ostream& out) {
  ASSIGN_OR_RETURN(const std::string csv, ReadFile(FileSystem::Posix(), path, 1 << 20));
  ASSIGN_OR_RETURN(const std::vector<AllReducePoint> points, ParseAllReducePoints(csv, path));
  ASSIGN_OR_RETURN(const SharedMemoryFit fit, FitSharedMemory(points));
  request->cluster.within = fit.transport;
  request->cluster.memory_bytes_per_s = request->speed.bytes_per_s = fit.memory_bytes_per_s;
  out << absl::StreamFormat(
      "shared memory fitted to %d all-reduces of %s: %.4g us a message, %.4g GB/s; memory %.4g GB/s\n"
      "the fit is off by %.1f%% on average, %.1f%% at most\n",
      fit.all_reduces, path, 1e6 * fit.transport.overhead_s, fit.transport.bytes_per_s / 1e9,
      fit.memory_bytes_per_s / 1e9, 100 * fit.mean_error, 100 * fit.greatest_error);
  return absl::OkStatus();
}

absl::Status Scaling(const Arguments& arguments, std::ostream& out) {
  ASSIGN_OR_RETURN(Request request, ReadRequest(arguments));
  if (arguments.Has("fit")) RETURN_IF_ERROR(ReadFit(arguments.Get("fit"), &request, out));
  ASSIGN_OR_RETURN(const Worker worker, Worker::Create(request));
  std::vector<ScalingCurve> curves;
  for (const NamedNetwork& network : request.networks) {
    ASSIGN_OR_RETURN(ScalingCurve curve, Predict(request, worker, network));
    curves.push_back(std::move(curve));
  }
  if (curves[0].points.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("a batch of ", request.batch, " leaves some of ", request.ranks[0],
                                                   " ranks without an image; give --batch, --global_batch or --ranks"));
  }
  out << Describe(request, worker);
  for (const ScalingCurve& curve : curves) {
    out << "\n" << curve.label << "\n" << ScalingTable(curve, request.exchange.algorithm);
  }
  if (arguments.Has("csv")) {
    RETURN_IF_ERROR(WriteFileAtomically(FileSystem::Posix(), arguments.Get("csv"), ScalingCsv(curves)));
  }
  if (arguments.Has("plot")) {
    RETURN_IF_ERROR(WriteSvgCharts(FileSystem::Posix(), arguments.Get("plot"),
                                   ScalingCharts(request.file.name(), curves, request.exchange.algorithm)));
  }
  return absl::OkStatus();
}

}  // namespace

Verb ScalingVerb() {
  Verb verb;
  verb.name = "scaling";
  verb.arguments = "FILE";
  verb.summary = "Predicts step time, images/s and efficiency on up to 4,096 ranks.";
  verb.details =
      "FILE is a model or a job, or the name of a shipped one (resnet18). A job's ranks share its batch (strong\n"
      "scaling); with --batch, and for a model, each rank has a batch of its own (weak scaling). The model and where\n"
      "its figures come from: docs/scaling.md. Networks: 10gbe, 25gbe, 100gbe, edr, hdr.\n"
      "Columns: exchange is the time of all all-reduces, exposed by how much they lengthen the step; best bucket is "
      "the\n"
      "size with the shortest step; the last two are the efficiencies of the other algorithms.";
  verb.flags = {{"network", "NAME", "between hosts; hdr by default; may be repeated"},
                {"ranks", "N,N,...", "instead of 16, 32, ..., 4096"},
                {"ranks_per_host", "N", "1 by default"},
                {"batch", "N", "images of each rank: weak scaling; 64 for a model"},
                {"global_batch", "N", "images of all ranks: strong scaling; the job's for a job"},
                {"images_per_s", "X", "what one rank alone was measured to train with that batch"},
                {"gflops", "X", "else: GFLOP/s that a rank reaches in matrix products; 230 by default"},
                {"algorithm", "NAME", "direct (what training does), ring or halving_doubling"},
                {"bucket_mib", "X", "the job's, or 4"},
                {"wire", "TYPE", "what gradients travel as: f32, bf16 or f16; the job's, or f32"},
                {"fit", "FILE", "measured all-reduces in shared memory, to fit the model to: docs/scaling.md"},
                {"csv", "FILE", "writes all algorithms' figures there"},
                {"plot", "FILE", "draws efficiency and images/s there as SVG"},
                {"set", "PATH=VALUE", "overrides a field, as in `trainer --set`; may be repeated"}};
  verb.minimum_arguments = verb.maximum_arguments = 1;
  verb.run = Scaling;
  return verb;
}

}  // namespace espalier
