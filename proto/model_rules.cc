#include "proto/model_rules.h"

#include <google/protobuf/repeated_field.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/field_path.h"

namespace espalier {
namespace {

// A tensor has at most six dimensions, the batch included.
constexpr int kMaxInputDims = 5;

std::string Element(const std::string& path, const char* field, int index) {
  return FieldPath(path, absl::StrCat(field, "[", index, "]"));
}

class ModelRules {
 public:
  ModelRules(const SourceMap& sources, Diagnostics* diagnostics) : sources_(sources), diagnostics_(diagnostics) {}

  void Check(const Model& model, const std::string& path) {
    std::map<std::string, std::string> names;
    for (int i = 0; i < model.input_size(); ++i) {
      const Input& input = model.input(i);
      const std::string input_path = Element(path, "input", i);
      CheckName(input.has_name(), input.name(), input_path, &names);
      if (input.dims_size() > kMaxInputDims) {
        Error(FieldPath(input_path, "dims"), absl::StrCat("expected at most ", kMaxInputDims,
                                                          " dimensions beside the batch, found ", input.dims_size()));
      }
    }
    CheckLayers(model.layer(), path, std::move(names));
  }

 private:
  using Layers = google::protobuf::RepeatedPtrField<Layer>;

  void Error(const std::string& path, const std::string& message) {
    diagnostics_->Add(sources_.Find(path), path, message);
  }

  // `names` holds the paths of the names of one scope.
  void CheckName(bool given, const std::string& name, const std::string& path,
                 std::map<std::string, std::string>* names) {
    if (!given) return;
    const std::string name_path = FieldPath(path, "name");
    if (name.empty()) return Error(name_path, "expected a name that is not empty, found \"\"");
    const auto [first, added] = names->emplace(name, name_path);
    if (!added) {
      Error(name_path, absl::StrCat("expected a name of its own, found ", name, ", which stands at ",
                                    sources_.Cite(first->second), " too"));
    }
  }

  void CheckLayers(const Layers& layers, const std::string& path, std::map<std::string, std::string> names) {
    for (int i = 0; i < layers.size(); ++i) {
      const std::string layer_path = Element(path, "layer", i);
      CheckName(layers[i].has_name(), layers[i].name(), layer_path, &names);
      CheckLayer(layers[i], layer_path);
    }
  }

  void CheckLayer(const Layer& layer, const std::string& path) {
    switch (layer.kind_case()) {
      case Layer::kConv:
        return CheckConv(layer.conv(), FieldPath(path, "conv"));
      case Layer::kDense:
        CheckInitializer(layer.dense().weight_init(), FieldPath(path, "dense.weight_init"));
        return CheckInitializer(layer.dense().bias_init(), FieldPath(path, "dense.bias_init"));
      case Layer::kLrn:
        return CheckLrn(layer.lrn(), FieldPath(path, "lrn"));
      case Layer::kPool:
        return CheckPool(layer.pool(), FieldPath(path, "pool"));
      case Layer::kReshape:
        return CheckReshape(layer.reshape(), FieldPath(path, "reshape.dims"));
      case Layer::kTranspose:
        return CheckTranspose(layer.transpose(), FieldPath(path, "transpose.order"));
      case Layer::kSequence:
        return CheckLayers(layer.sequence().layer(), FieldPath(path, "sequence"), {});
      case Layer::kResidual:
        return CheckResidual(layer.residual(), FieldPath(path, "residual"));
      case Layer::kBranches:
        for (int i = 0; i < layer.branches().branch_size(); ++i) {
          CheckLayers(layer.branches().branch(i).layer(), Element(FieldPath(path, "branches"), "branch", i), {});
        }
        return;
      default:
        return;
    }
  }

  // A square form or the two sides of the kernel.
  template <typename T>
  void CheckKernel(const T& layer, const std::string& path) {
    const bool side = layer.has_kernel_h() || layer.has_kernel_w();
    if (layer.has_kernel() ? !side : layer.has_kernel_h() && layer.has_kernel_w()) return;
    for (const char* field : {"kernel", "kernel_h", "kernel_w"}) {
      if (diagnostics_->ExplainsAbsenceOf(FieldPath(path, field))) return;
    }
    const char* found = !side                  ? "neither"
                        : layer.has_kernel()   ? "kernel beside a side"
                        : layer.has_kernel_h() ? "kernel_h alone"
                                               : "kernel_w alone";
    Error(layer.has_kernel() ? FieldPath(path, "kernel") : path,
          absl::StrCat("expected either kernel or both kernel_h and kernel_w, found ", found));
  }

  // A square form or sides; sides that are absent have the default.
  void CheckSides(bool square, bool side, const std::string& path) {
    if (!square || !side) return;
    const std::string field = path.substr(path.rfind('.') + 1);
    Error(path, absl::StrCat("expected either ", field, " or ", field, "_h and ", field, "_w, found both"));
  }

  void CheckConv(const Conv& conv, const std::string& path) {
    CheckKernel(conv, path);
    CheckSides(conv.has_stride(), conv.has_stride_h() || conv.has_stride_w(), FieldPath(path, "stride"));
    CheckSides(conv.has_pad(), conv.has_pad_h() || conv.has_pad_w(), FieldPath(path, "pad"));
    if (conv.groups() > 0 && conv.channels() > 0 && conv.channels() % conv.groups() != 0) {
      Error(FieldPath(path, "groups"),
            absl::StrCat("expected a divisor of the ", conv.channels(), " channels, found ", conv.groups()));
    }
    CheckInitializer(conv.weight_init(), FieldPath(path, "weight_init"));
    CheckInitializer(conv.bias_init(), FieldPath(path, "bias_init"));
  }

  void CheckPool(const Pool& pool, const std::string& path) {
    CheckKernel(pool, path);
    // A window must not lie in the padding alone.
    const int kernel = pool.has_kernel() ? pool.kernel() : std::min(pool.kernel_h(), pool.kernel_w());
    if (kernel > 0 && pool.pad() >= kernel) {
      Error(FieldPath(path, "pad"),
            absl::StrCat("expected less than the kernel, which is ", kernel, ", found ", pool.pad()));
    }
  }

  void CheckLrn(const Lrn& lrn, const std::string& path) {
    if (lrn.size() % 2 == 1) return;
    Error(FieldPath(path, "size"),
          absl::StrCat("expected an odd number (a channel and as many on either side), found ", lrn.size()));
  }

  void CheckInitializer(const Initializer& init, const std::string& path) {
    if (!init.has_uniform() || init.uniform().low() <= init.uniform().high()) return;
    Error(FieldPath(path, "uniform.low"),
          absl::StrCat("expected at most high, which is ", init.uniform().high(), ", found ", init.uniform().low()));
  }

  void CheckReshape(const Reshape& reshape, const std::string& path) {
    int free = 0;
    for (int i = 0; i < reshape.dims_size(); ++i) {
      if (reshape.dims(i) == 0) Error(absl::StrCat(path, "[", i, "]"), "expected a size or -1, found 0");
      free += reshape.dims(i) == -1;
    }
    if (free > 1) Error(path, absl::StrCat("expected -1 once at most, found it ", free, " times"));
  }

  void CheckTranspose(const Transpose& transpose, const std::string& path) {
    std::set<int> seen(transpose.order().begin(), transpose.order().end());
    const int rank = transpose.order_size();
    if (rank == 0 || (seen.size() == rank && *seen.begin() == 0 && *seen.rbegin() == rank - 1)) return;
    Error(path, absl::StrCat("expected each of 0 to ", rank - 1, " once, found [",
                             absl::StrJoin(transpose.order(), ", "), "]"));
  }

  void CheckResidual(const Residual& residual, const std::string& path) {
    if (residual.has_body() && residual.body().layer().empty() &&
        !diagnostics_->ExplainsAbsenceOf(FieldPath(path, "body.layer"))) {
      Error(FieldPath(path, "body.layer"), "expected at least one, found none");
    }
    CheckLayers(residual.body().layer(), FieldPath(path, "body"), {});
    CheckLayers(residual.shortcut().layer(), FieldPath(path, "shortcut"), {});
  }

  const SourceMap& sources_;
  Diagnostics* const diagnostics_;
};

}  // namespace

void CheckModelRules(const Model& model, const std::string& path, const SourceMap& sources, Diagnostics* diagnostics) {
  ModelRules(sources, diagnostics).Check(model, path);
}

}  // namespace espalier
