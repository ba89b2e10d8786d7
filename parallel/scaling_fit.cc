#include "parallel/scaling_fit.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace espalier {
namespace {

constexpr absl::string_view kHeader = "ranks,bytes,seconds";

bool ParsePoint(absl::string_view line, AllReducePoint* point) {
  const std::vector<absl::string_view> cells = absl::StrSplit(line, ',');
  return cells.size() == 3 && absl::SimpleAtoi(cells[0], &point->ranks) && absl::SimpleAtod(cells[1], &point->bytes) &&
         absl::SimpleAtod(cells[2], &point->seconds) && point->ranks >= 1 && point->bytes > 0 &&
         std::isfinite(point->bytes) && point->seconds > 0 && std::isfinite(point->seconds);
}

// What one second of overhead, and one second per byte, add to a point's time, and what summing takes, in shares of
// the measured time.
struct Terms {
  double overhead = 0, byte = 0, sum = 0;
};

Terms TermsOf(const AllReducePoint& point, double memory_bytes_per_s) {
  Cluster cluster;
  cluster.ranks_per_host = point.ranks;
  cluster.memory_bytes_per_s = memory_bytes_per_s;
  cluster.within.bytes_per_s = INFINITY;
  const ExchangeOptions options;
  Terms terms;
  terms.sum = PredictAllReduce(point.bytes, point.ranks, cluster, options).total_s();
  cluster.within.overhead_s = 1;
  terms.overhead = PredictAllReduce(point.bytes, point.ranks, cluster, options).total_s() - terms.sum;
  cluster.within.overhead_s = 0;
  cluster.within.bytes_per_s = 1;
  terms.byte = PredictAllReduce(point.bytes, point.ranks, cluster, options).total_s() - terms.sum;
  return {terms.overhead / point.seconds, terms.byte / point.seconds, terms.sum / point.seconds};
}

// The transport, from the normal equations of: overhead x + byte y = 1 - sum, for all points.
absl::Status FitLine(const std::vector<AllReducePoint>& points, SharedMemoryFit* fit) {
  double aa = 0, ab = 0, bb = 0, ac = 0, bc = 0;
  for (const AllReducePoint& point : points) {
    const Terms t = TermsOf(point, fit->memory_bytes_per_s);
    aa += t.overhead * t.overhead;
    ab += t.overhead * t.byte;
    bb += t.byte * t.byte;
    ac += t.overhead * (1 - t.sum);
    bc += t.byte * (1 - t.sum);
  }
  const double determinant = aa * bb - ab * ab;
  double x = (ac * bb - bc * ab) / determinant, y = (aa * bc - ab * ac) / determinant;
  if (x < 0) {
    x = 0;
    y = bc / bb;
  }
  if (y <= 0) {
    return absl::InvalidArgumentError(absl::StrCat("the measured all-reduces are faster than summing at ",
                                                   fit->memory_bytes_per_s / 1e9,
                                                   " GB/s read and written: were they measured with the copies?"));
  }
  fit->transport.overhead_s = x;
  fit->transport.bytes_per_s = 1 / y;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<AllReducePoint>> ParseAllReducePoints(absl::string_view csv, absl::string_view name) {
  std::vector<AllReducePoint> points;
  bool header = false;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(csv, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#') continue;
    AllReducePoint point;
    const bool good = header ? ParsePoint(line, &point) : line == kHeader;
    if (!good) {
      return absl::InvalidArgumentError(absl::StrCat(name, ":", number, ": expected ",
                                                     header ? "ranks, bytes and seconds" : "the header ",
                                                     header ? "" : kHeader, ", found \"", line, "\""));
    }
    if (header) points.push_back(point);
    header = true;
  }
  return points;
}

absl::StatusOr<SharedMemoryFit> FitSharedMemory(const std::vector<AllReducePoint>& all) {
  SharedMemoryFit fit;
  double copied = 0;
  std::vector<AllReducePoint> points;
  for (const AllReducePoint& point : all) {
    if (point.ranks > 1) {
      points.push_back(point);
    } else if (point.bytes > copied) {
      copied = point.bytes;
      fit.memory_bytes_per_s = 2 * point.bytes / point.seconds;
    }
  }
  const auto by_bytes = [](const AllReducePoint& a, const AllReducePoint& b) { return a.bytes < b.bytes; };
  const auto [least, greatest] = std::minmax_element(points.begin(), points.end(), by_bytes);
  if (copied == 0 || points.empty() || least->bytes == greatest->bytes) {
    return absl::InvalidArgumentError("expected a copy (one rank) and all-reduces of two sizes or more");
  }
  RETURN_IF_ERROR(FitLine(points, &fit));
  fit.all_reduces = static_cast<int>(points.size());
  for (const AllReducePoint& point : points) {
    const Terms t = TermsOf(point, fit.memory_bytes_per_s);
    const double error =
        std::fabs(t.overhead * fit.transport.overhead_s + t.byte / fit.transport.bytes_per_s + t.sum - 1);
    fit.mean_error += error / fit.all_reduces;
    fit.greatest_error = std::max(fit.greatest_error, error);
  }
  return fit;
}

}  // namespace espalier
