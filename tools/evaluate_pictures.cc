#include "tools/evaluate_pictures.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "compression/package/evaluation_network.h"
#include "core/files/file_system.h"
#include "core/human_readable.h"
#include "core/status.h"
#include "data/picture_set.h"
#include "tools/class_scores.h"
#include "tools/picture_labels.h"

namespace espalier {
namespace {

constexpr int64_t kBatchSize = 8;
constexpr int kTop = 5;
constexpr uint64_t kMostTextBytes = 256 << 20;

struct Names {
  std::vector<std::string> classes;       // empty: they have numbers alone
  std::map<std::string, int64_t> labels;  // by the picture's file name
};

absl::StatusOr<Names> ReadNames(const Arguments& arguments, int64_t classes) {
  FileSystem* files = FileSystem::Posix();
  Names names;
  if (const std::string path = arguments.Get("classes"); !path.empty()) {
    ASSIGN_OR_RETURN(const std::string text, ReadFile(files, path, kMostTextBytes));
    ASSIGN_OR_RETURN(names.classes, ParseClassNames(text, path, classes));
  }
  if (const std::string path = arguments.Get("labels"); !path.empty()) {
    ASSIGN_OR_RETURN(const std::string text, ReadFile(files, path, kMostTextBytes));
    ASSIGN_OR_RETURN(names.labels, ParsePictureLabels(text, path, classes, names.classes));
  }
  return names;
}

absl::StatusOr<std::vector<std::string>> PathsOf(const Arguments& arguments) {
  std::vector<std::string> paths = arguments.GetAll("image");
  for (const std::string& folder : arguments.GetAll("images")) {
    ASSIGN_OR_RETURN(const std::vector<std::string> inside, ListPictures(folder));
    paths.insert(paths.end(), inside.begin(), inside.end());
  }
  return paths;
}

bool EndsInSoftmax(const Graph& graph, ValueId output) {
  const int producer = graph.value(output).producer;
  return producer >= 0 && graph.node(producer).op->kind() == "softmax";
}

std::string FileName(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// Lines of pictures, and the counts over those with labels.
class Report {
 public:
  // `probabilities`: what the network gives are no logits.
  Report(const Names& names, bool probabilities, std::ostream& out)
      : names_(names), probabilities_(probabilities), out_(out) {}

  void Add(const std::string& path, absl::Span<const float> outputs) {
    const std::vector<RankedClass> top =
        probabilities_ ? TopClasses(outputs, kTop) : TopClasses(SoftmaxOf(outputs), kTop);
    out_ << path;
    if (const auto label = names_.labels.find(FileName(path)); label != names_.labels.end()) {
      ++labelled_;
      top1_ += top[0].number == label->second;
      top5_ += std::any_of(top.begin(), top.end(),
                           [&](const RankedClass& ranked) { return ranked.number == label->second; });
      out_ << " [" << label->second << "]";
    }
    const char* separator = ": ";
    for (const RankedClass& ranked : top) {
      out_ << separator << ranked.number << " ";
      if (!names_.classes.empty()) out_ << names_.classes[ranked.number] << " ";
      out_ << FormatPercent(ranked.probability);
      separator = ", ";
    }
    out_ << "\n";
  }

  void Finish() {
    if (names_.labels.empty()) return;
    if (labelled_ == 0) {
      out_ << "none of the pictures has a label\n";
      return;
    }
    const auto share = [this](int64_t right) {
      return absl::StrCat(FormatPercent(static_cast<double>(right) / static_cast<double>(labelled_)), " (", right,
                          " of ", labelled_, ")");
    };
    out_ << "top-1 " << share(top1_) << ", top-5 " << share(top5_) << "\n";
  }

 private:
  const Names& names_;
  const bool probabilities_;
  std::ostream& out_;
  int64_t labelled_ = 0, top1_ = 0, top5_ = 0;
};

}  // namespace

std::vector<Flag> PictureFlags() {
  return {{"image", "FILE", "a JPEG or PNG: prints its five likeliest classes; may be repeated"},
          {"images", "FOLDER", "the same for all pictures in a folder"},
          {"labels", "FILE", "lines PICTURE CLASS: prints the shares of pictures whose class was among the likeliest"},
          {"classes", "FILE", "the classes' names, a line each"}};
}

bool AsksForPictures(const Arguments& arguments) { return arguments.Has("image") || arguments.Has("images"); }

absl::Status EvaluatePictures(const Package& package, const Arguments& arguments, std::ostream& out) {
  ASSIGN_OR_RETURN(std::vector<std::string> paths, PathsOf(arguments));
  const int64_t count = static_cast<int64_t>(paths.size()), batch = std::min(count, kBatchSize);
  ASSIGN_OR_RETURN(const std::unique_ptr<EvaluationNetwork> network, EvaluationNetwork::Create(package, batch));
  if (!network->has_classes()) {
    return absl::InvalidArgumentError("expected a network with an output for each class, found another");
  }
  const Graph& graph = network->graph();
  const ValueId output = graph.output("logits");
  const int64_t classes = graph.type(output).shape[1];
  ASSIGN_OR_RETURN(const Names names, ReadNames(arguments, classes));
  const Data& data = package.info.data();
  const Dataset& dataset = data.has_validation() ? data.validation() : data.train();
  const Shape input(network->input_shape().dims().subspan(1));
  ASSIGN_OR_RETURN(const PictureSet pictures, PictureSet::Create(dataset, input, std::move(paths)));
  const Tensor images(DType::kF32, network->input_shape());
  ReadScratch scratch;
  Report report(names, EndsInSoftmax(graph, output), out);
  for (int64_t begin = 0; begin < count; begin += batch) {
    const int64_t rows = std::min(batch, count - begin);
    for (int64_t row = 0; row < rows; ++row) {
      RETURN_IF_ERROR(pictures.Read(begin + row, &scratch, images.data<float>() + row * input.elements()));
    }
    const Tensor outputs = network->Run(images);
    for (int64_t row = 0; row < rows; ++row) {
      report.Add(pictures.path(begin + row), outputs.span<float>().subspan(row * classes, classes));
    }
  }
  report.Finish();
  return absl::OkStatus();
}

}  // namespace espalier
