// A package's network made runnable: its evaluation graph, fused and planned, with the package's effective values.
#ifndef ESPALIER_COMPRESSION_PACKAGE_EVALUATION_NETWORK_H_
#define ESPALIER_COMPRESSION_PACKAGE_EVALUATION_NETWORK_H_

#include <functional>
#include <memory>
#include <string>

#include "compression/package/package.h"
#include "core/executor.h"
#include "core/status.h"
#include "data/loader.h"

namespace espalier {

struct TopCounts {
  int64_t samples = 0, top1 = 0, top5 = 0;
};

class EvaluationNetwork {
 public:
  // InvalidArgument if the package's tensors are not its model's, or the model has not one input.
  static absl::StatusOr<std::unique_ptr<EvaluationNetwork>> Create(const Package& package, int64_t batch_size);

  // The evaluation graph after fusion.
  const Graph& graph() const { return executor_->graph(); }
  const ParameterStore& parameters() const { return *store_; }
  // [batch, ...], f32.
  const Shape& input_shape() const { return input_shape_; }

  // The network's output on images of input_shape(); valid until the next call.
  Tensor Run(const Tensor& images);
  // The same, and how often the class of each image (s32 [batch]; -1: not to be counted) is the output's largest, or
  // among its five largest. Only for a network whose output is [batch, classes].
  TopCounts Count(const Tensor& images, const Tensor& labels);
  bool has_classes() const;

 private:
  EvaluationNetwork() = default;

  std::shared_ptr<ParameterStore> store_;
  std::unique_ptr<Executor> executor_;
  std::string input_name_;
  Shape input_shape_;
  Tensor labels_;  // of nothing: all -1
};

// The validation samples that the package names (info.data), paths relative to `data_dir`, in their order. Without a
// batch size that of the package. InvalidArgument if it names none.
absl::StatusOr<std::unique_ptr<Loader>> OpenValidation(const Package& package, const std::string& data_dir,
                                                       int64_t batch_size = 0);

// Counts over all validation samples that the package names (info.data), paths relative to `data_dir`; each counts
// once. `on_batch`, which may be null, hears how many of how many samples are done. InvalidArgument if the package
// names no samples or its network has other inputs or classes than they.
absl::StatusOr<TopCounts> EvaluatePackage(const Package& package, const std::string& data_dir,
                                          const std::function<void(int64_t done, int64_t all)>& on_batch);

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_PACKAGE_EVALUATION_NETWORK_H_
