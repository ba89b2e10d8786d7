#include "tools/weight_histogram.h"

#include <algorithm>
#include <array>
#include <cfloat>
#include <cmath>
#include <mutex>
#include <set>

#include "absl/strings/str_cat.h"
#include "core/files/json_lines.h"
#include "core/files/json_number.h"
#include "core/files/json_scanner.h"
#include "core/kernels/parallel.h"

namespace espalier {
namespace {

constexpr int64_t kFirstBin = -WeightHistogram::kBins / 2;
// The reciprocal of a width is finite in f32.
constexpr int kLeastExponent = -120;

using Moment = WeightHistogram::Moment;

float LargestMagnitude(absl::Span<const float> weights) {
  float largest = 0;
  std::mutex mutex;
  ParallelRanges(weights.size(), 64, kSerialElements, [&](int64_t begin, int64_t end) {
    float mine = 0;
    for (int64_t i = begin; i < end; ++i) {
      const float magnitude = std::fabs(weights[i]);
      mine = magnitude > mine && magnitude <= FLT_MAX ? magnitude : mine;
    }
    const std::lock_guard<std::mutex> lock(mutex);
    largest = std::max(largest, mine);
  });
  return largest;
}

struct Counts {
  std::array<int64_t, WeightHistogram::kBins> bins = {};
  int64_t zeros = 0;
};

Counts CountBins(absl::Span<const float> weights, float width) {
  Counts counts;
  std::mutex mutex;
  const float scale = 1 / width;
  ParallelRanges(weights.size(), 64, kSerialElements, [&](int64_t begin, int64_t end) {
    Counts mine;
    for (int64_t i = begin; i < end; ++i) {
      const float scaled = weights[i] * scale;  // exact: a power of two
      if (!(std::fabs(scaled) < WeightHistogram::kBins / 2)) continue;
      const int toward_zero = static_cast<int>(scaled);
      const int bin = toward_zero - (scaled < static_cast<float>(toward_zero) ? 1 : 0);
      const bool zero = weights[i] == 0;
      mine.zeros += zero;
      mine.bins[bin - kFirstBin] += !zero;
    }
    const std::lock_guard<std::mutex> lock(mutex);
    counts.zeros += mine.zeros;
    for (size_t bin = 0; bin < counts.bins.size(); ++bin) counts.bins[bin] += mine.bins[bin];
  });
  return counts;
}

// Without the empty bins at both sides.
void SetCounts(absl::Span<const int64_t> bins, WeightHistogram* histogram) {
  const auto filled = [](int64_t count) { return count > 0; };
  const auto begin = std::find_if(bins.begin(), bins.end(), filled);
  const auto end = std::find_if(bins.rbegin(), bins.rend(), filled).base();
  histogram->first = 0;
  histogram->counts.clear();
  if (begin == bins.end()) return;
  histogram->first = begin - bins.begin() + kFirstBin;
  histogram->counts.assign(begin, end);
}

absl::Status ReadMoment(JsonScanner& scanner, Moment& moment) {
  ASSIGN_OR_RETURN(const std::string name, scanner.String());
  for (const Moment candidate : {Moment::kBegin, Moment::kValidation, Moment::kEnd}) {
    if (name != Name(candidate)) continue;
    moment = candidate;
    return absl::OkStatus();
  }
  return scanner.Error(absl::StrCat("before this \"begin\", \"validation\" or \"end\" instead of ", JsonQuoted(name)));
}

absl::Status ReadCounts(JsonScanner& scanner, std::vector<int64_t>& counts) {
  return scanner.Array([&]() -> absl::Status {
    if (counts.size() == WeightHistogram::kBins) {
      return scanner.Error(absl::StrCat("at most ", WeightHistogram::kBins, " counts"));
    }
    return ReadJsonNumber(scanner, &counts.emplace_back());
  });
}

absl::Status ReadField(const std::string& key, JsonScanner& scanner, WeightHistogram& histogram) {
  if (key == "step") return ReadJsonNumber(scanner, &histogram.step);
  if (key == "epoch") return ReadJsonNumber(scanner, &histogram.epoch);
  if (key == "moment") return ReadMoment(scanner, histogram.moment);
  if (key == "elements") return ReadJsonNumber(scanner, &histogram.elements);
  if (key == "zeros") return ReadJsonNumber(scanner, &histogram.zeros);
  if (key == "width") return ReadJsonNumber(scanner, &histogram.width);
  if (key == "first") return ReadJsonNumber(scanner, &histogram.first);
  if (key == "counts") return ReadCounts(scanner, histogram.counts);
  if (key == "phase" || key == "parameter") {
    ASSIGN_OR_RETURN((key == "phase" ? histogram.phase : histogram.parameter), scanner.String());
    return absl::OkStatus();
  }
  return scanner.Error(absl::StrCat("before this a key of a histogram instead of ", JsonQuoted(key)));
}

// Each count is checked against what is left, so that no sum overflows.
absl::Status CheckCounts(const WeightHistogram& histogram) {
  int exponent = 0;
  if (!std::isfinite(histogram.width) || std::frexp(histogram.width, &exponent) != 0.5) {
    return absl::DataLossError(absl::StrCat("expected a power of two as the width, found ", histogram.width));
  }
  if (histogram.first < kFirstBin || histogram.first > -kFirstBin - static_cast<int64_t>(histogram.counts.size())) {
    return absl::DataLossError(absl::StrCat("expected bins from ", kFirstBin, " to ", -kFirstBin - 1, ", found ",
                                            histogram.counts.size(), " from ", histogram.first, " on"));
  }
  int64_t left = histogram.elements;
  for (size_t i = 0; i <= histogram.counts.size(); ++i) {
    const int64_t count = i == 0 ? histogram.zeros : histogram.counts[i - 1];
    if (count < 0 || count > left) {
      return absl::DataLossError(absl::StrCat("expected counts that add up to at most ", histogram.elements,
                                              " elements, found ", count, " where ", left, " are left"));
    }
    left -= count;
  }
  return absl::OkStatus();
}

}  // namespace

absl::string_view Name(Moment moment) {
  if (moment == Moment::kBegin) return "begin";
  return moment == Moment::kValidation ? "validation" : "end";
}

void CountWeights(absl::Span<const float> weights, WeightHistogram* histogram) {
  int exponent = 0;  // the largest magnitude is less than 2^exponent
  const float largest = LargestMagnitude(weights);
  if (largest > 0) std::frexp(largest, &exponent);
  const float width = std::ldexp(1.0f, std::max(exponent - 7, kLeastExponent));
  static_assert(WeightHistogram::kBins == 2 << 7);
  const Counts counts = CountBins(weights, width);
  histogram->elements = static_cast<int64_t>(weights.size());
  histogram->zeros = counts.zeros;
  histogram->width = width;
  SetCounts(counts.bins, histogram);
}

WeightHistogram InBinsOf(double width, const WeightHistogram& histogram) {
  WeightHistogram result = histogram;
  const double ratio = width / histogram.width;
  std::array<int64_t, WeightHistogram::kBins> bins = {};
  for (size_t i = 0; i < histogram.counts.size(); ++i) {
    const double bin = std::floor(static_cast<double>(histogram.first + static_cast<int64_t>(i)) / ratio);
    bins[static_cast<int64_t>(bin) - kFirstBin] += histogram.counts[i];
  }
  result.width = width;
  SetCounts(bins, &result);
  return result;
}

std::string ToJson(const WeightHistogram& histogram) {
  std::string json = absl::StrCat("{\"step\":", histogram.step, ",\"epoch\":");
  AppendJsonNumber(histogram.epoch, &json);
  absl::StrAppend(&json, ",\"phase\":", JsonQuotedText(histogram.phase), ",\"moment\":\"", Name(histogram.moment),
                  "\",\"parameter\":", JsonQuotedText(histogram.parameter), ",\"elements\":", histogram.elements,
                  ",\"zeros\":", histogram.zeros, ",\"width\":");
  AppendJsonNumber(histogram.width, &json);
  absl::StrAppend(&json, ",\"first\":", histogram.first, ",\"counts\":[");
  for (size_t i = 0; i < histogram.counts.size(); ++i) absl::StrAppend(&json, i > 0 ? "," : "", histogram.counts[i]);
  return json + "]}";
}

absl::StatusOr<WeightHistogram> ParseWeightHistogram(absl::string_view line) {
  JsonScanner scanner(line);
  WeightHistogram histogram;
  std::set<std::string> missing = {"step",     "epoch", "phase", "moment", "parameter",
                                   "elements", "zeros", "width", "first",  "counts"};
  RETURN_IF_ERROR(scanner.Object([&](const std::string& key) {
    missing.erase(key);
    return ReadField(key, scanner, histogram);
  }));
  RETURN_IF_ERROR(scanner.End());
  if (!missing.empty()) return scanner.Error(absl::StrCat("before this the key ", JsonQuoted(*missing.begin())));
  RETURN_IF_ERROR(CheckCounts(histogram));
  return histogram;
}

absl::StatusOr<std::vector<WeightHistogram>> ReadWeightHistograms(FileSystem* files, const std::string& path) {
  std::vector<WeightHistogram> histograms;
  RETURN_IF_ERROR(ReadJsonLines(files, path, [&](absl::string_view line) {
    absl::StatusOr<WeightHistogram> histogram = ParseWeightHistogram(line);
    if (histogram.ok()) histograms.push_back(*std::move(histogram));
    return histogram.status();
  }));
  return histograms;
}

}  // namespace espalier
