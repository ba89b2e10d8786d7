#include "tools/evaluate.h"

#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "compression/package/package_file.h"
#include "core/human_readable.h"
#include "hw/fast_matrix_engine.h"
#include "hw/integer_evaluation.h"
#include "tools/evaluate_pictures.h"

namespace espalier {
namespace {

std::string ShareOf(int64_t part, int64_t all) {
  return absl::StrCat(FormatPercent(static_cast<double>(part) / static_cast<double>(all)), " (", FormatCount(part),
                      ")");
}

// As chips compute that have no floating point.
absl::Status EvaluateInIntegers(const Package& package, const Arguments& arguments, std::ostream& out) {
  const absl::StatusOr<IntegerFormat> format = IntegerFormat::FromName(arguments.Get("integers", ""));
  if (!format.ok()) return absl::InvalidArgumentError(absl::StrCat("--integers: ", format.status().message()));
  ASSIGN_OR_RETURN(const std::unique_ptr<Loader> data, OpenValidation(package, DataDirectory(arguments)));
  ASSIGN_OR_RETURN(const IntegerNetwork network, BuildIntegerNetworkFor(package, *format, data.get()));
  FastMatrixEngine engine;
  ASSIGN_OR_RETURN(const IntegerAccuracy accuracy, EvaluateIntegerNetwork(network, *data, {&engine}));
  out << arguments.positional()[0] << ": top-1 " << ShareOf(accuracy.top1_right, accuracy.samples) << " of "
      << FormatCount(accuracy.samples) << " samples in integers of " << format->ToString() << "\n";
  if (package.info.has_top1()) out << "in floating point it was " << FormatPercent(package.info.top1()) << "\n";
  return absl::OkStatus();
}

absl::Status Evaluate(const Arguments& arguments, std::ostream& out) {
  const std::string& path = arguments.positional()[0];
  const bool pictures = AsksForPictures(arguments);
  if (pictures && arguments.Has("integers")) {
    return absl::InvalidArgumentError("--integers: expected validation samples with it, found --image or --images");
  }
  for (const char* flag : {"labels", "classes"}) {
    if (pictures || !arguments.Has(flag)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("--", flag, ": expected --image or --images with it, found neither"));
  }
  ASSIGN_OR_RETURN(const Package package, ReadPackage(FileSystem::Posix(), path));
  if (pictures) return EvaluatePictures(package, arguments, out);
  if (arguments.Has("integers")) return EvaluateInIntegers(package, arguments, out);
  ASSIGN_OR_RETURN(const TopCounts counts, EvaluateWithProgress(package, DataDirectory(arguments)));
  out << path << ": " << DescribeCounts(counts) << "\n";
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TopCounts> EvaluateWithProgress(const Package& package, const std::string& data_dir) {
  if (isatty(STDERR_FILENO) == 0) return EvaluatePackage(package, data_dir, nullptr);
  const absl::StatusOr<TopCounts> counts = EvaluatePackage(package, data_dir, [](int64_t done, int64_t all) {
    std::cerr << "\r" << FormatCount(done) << " of " << FormatCount(all) << " samples" << std::flush;
  });
  std::cerr << "\r\x1b[K" << std::flush;
  return counts;
}

std::string DescribeCounts(const TopCounts& counts) {
  return absl::StrCat("top-1 ", ShareOf(counts.top1, counts.samples), ", top-5 ", ShareOf(counts.top5, counts.samples),
                      " of ", FormatCount(counts.samples), " samples");
}

std::string DataDirectory(const Arguments& arguments) {
  const char* fallback = std::getenv("ESPALIER_DATA_DIR");
  return arguments.Get("data_dir", fallback == nullptr ? "" : fallback);
}

Verb EvaluateVerb() {
  Verb verb;
  verb.name = "evaluate";
  verb.arguments = "PACKAGE";
  verb.summary = "Runs a package's network over its validation samples, or over pictures: top-1 and top-5.";
  verb.details = "The samples are those that the package names, as its job did.";
  verb.flags = {{"data_dir", "DIR", "the folder that holds mnist/, cifar10/, ...; default: $ESPALIER_DATA_DIR"},
                {"integers", "FORMAT",
                 "computes in integers instead: fixed16, fixed8 (fixed point, a radix point for each tensor) or int8\n"
                 "(a unit for each output channel)"}};
  for (const Flag& flag : PictureFlags()) verb.flags.push_back(flag);
  verb.minimum_arguments = verb.maximum_arguments = 1;
  verb.run = Evaluate;
  return verb;
}

}  // namespace espalier
