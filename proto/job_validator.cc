#include "proto/job_validator.h"

#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "proto/constraints.h"
#include "proto/field_path.h"
#include "proto/model_rules.h"

namespace espalier {
namespace {

class JobRules {
 public:
  JobRules(const SourceMap& sources, Diagnostics* diagnostics) : sources_(sources), diagnostics_(diagnostics) {}

  void Check(const Job& job) {
    if (job.has_data()) {
      CheckDataset(job.data().train(), "data.train");
      CheckDataset(job.data().validation(), "data.validation");
    }
    CheckLossScale(job.precision().loss_scale(), "precision.loss_scale");
    CheckOptimizerGiven(job);
    CheckPhases(job);
    CheckParallel(job);
    CheckExport(job);
  }

 private:
  void Error(const std::string& path, const std::string& message) {
    diagnostics_->Add(sources_.Find(path), path, message);
  }

  void CheckDataset(const Dataset& dataset, const std::string& path) {
    const ImageFolder& images = dataset.image_folder();
    if (images.has_resize() && images.resize() < images.size()) {
      Error(FieldPath(path, "image_folder.resize"),
            absl::StrCat("expected at least size, which is ", images.size(), ", found ", images.resize()));
    }
    const Normalize& normalize = dataset.normalize();
    if (normalize.mean_size() != normalize.stddev_size() && normalize.mean_size() > 0 && normalize.stddev_size() > 0) {
      Error(FieldPath(path, "normalize.stddev"),
            absl::StrCat("expected one for each mean: ", normalize.mean_size(), ", found ", normalize.stddev_size()));
    }
    const RandomResizedCrop& crop = dataset.augment().random_resized_crop();
    if (crop.min_area() > crop.max_area()) {
      Error(FieldPath(path, "augment.random_resized_crop.min_area"),
            absl::StrCat("expected at most max_area, which is ", crop.max_area(), ", found ", crop.min_area()));
    }
  }

  void CheckExport(const Job& job) {
    if (job.export_().target_size() > 0 && !job.export_().has_package()) {
      Error("export.package", "expected it where there is a target, which runs the package, found none");
    }
    if (job.has_export_() && !job.data().has_validation() && !diagnostics_->ExplainsAbsenceOf("data.validation")) {
      Error("export", "expected data.validation, on which a package is measured, found none");
    }
  }

  void CheckLossScale(const LossScale& scale, const std::string& path) {
    if (scale.initial() <= scale.maximum()) return;
    Error(FieldPath(path, "initial"),
          absl::StrCat("expected at most maximum, which is ", scale.maximum(), ", found ", scale.initial()));
  }

  // The first phase's own serves as well, for a phase's holds from there on.
  void CheckOptimizerGiven(const Job& job) {
    if (job.has_optimizer() || job.phase().empty() || job.phase(0).has_optimizer()) return;
    if (diagnostics_->ExplainsAbsenceOf("optimizer") || diagnostics_->ExplainsAbsenceOf("phase[0].optimizer")) return;
    Error("optimizer", "expected one in the job or its first phase, found none");
  }

  void CheckPhases(const Job& job) {
    std::map<std::string, std::string> names;
    bool pruned = false;
    for (int i = 0; i < job.phase_size(); ++i) {
      const Phase& phase = job.phase(i);
      const std::string path = absl::StrCat("phase[", i, "]");
      if (phase.has_name()) {
        const std::string name_path = FieldPath(path, "name");
        const auto [first, added] = names.emplace(phase.name(), name_path);
        if (!added) {
          Error(name_path, absl::StrCat("expected a name of its own, found ", phase.name(), ", which stands at ",
                                        sources_.Cite(first->second), " too"));
        }
      }
      CheckSchedule(phase.learning_rate(), FieldPath(path, "learning_rate"));
      CheckPruning(phase, path, &pruned);
      if (phase.has_early_stop() && !job.data().has_validation() &&
          !diagnostics_->ExplainsAbsenceOf("data.validation")) {
        Error(FieldPath(path, "early_stop"), "expected data.validation, which decides when to stop, found none");
      }
    }
  }

  // `pruned`: whether weights are pruned, shared or rounded as the phase begins, then as it ends.
  void CheckPruning(const Phase& phase, const std::string& path, bool* pruned) {
    const Prune& prune = phase.prune();
    if (phase.has_restore_dense() && phase.has_prune()) {
      Error(FieldPath(path, "restore_dense"), "expected either prune or restore_dense in a phase, found both");
    } else if (phase.has_restore_dense() && !*pruned) {
      Error(FieldPath(path, "restore_dense"),
            "expected a phase before that prunes, shares or rounds weights, found none");
    }
    const bool prunes = phase.has_prune() || diagnostics_->ExplainsAbsenceOf(FieldPath(path, "prune"));
    const bool shares = phase.has_share_weights() || diagnostics_->ExplainsAbsenceOf(FieldPath(path, "share_weights"));
    const bool rounds = phase.has_fixed_point() || diagnostics_->ExplainsAbsenceOf(FieldPath(path, "fixed_point"));
    *pruned = prunes || shares || rounds || (*pruned && !phase.has_restore_dense());
    if (prune.gradual().epochs() > phase.epochs()) {
      Error(FieldPath(path, "prune.gradual.epochs"),
            absl::StrCat("expected at most the phase's epochs, which are ", phase.epochs(), ", found ",
                         prune.gradual().epochs()));
    }
  }

  // Equal bits for any number of ranks want shards that depend on nothing else.
  void CheckReproducible(const Job& job) {
    const DataParallelism& data = job.parallel().data();
    const int64_t batch_size = job.data().batch_size(), shards = job.parallel().reproducible().shards();
    if (shards > 0 && batch_size % shards != 0) {
      Error("data.batch_size", absl::StrCat("expected a multiple of the ", shards,
                                            " shards of parallel.reproducible, found ", batch_size));
    }
    if (data.wire() != DataParallelism::F32) {
      Error("parallel.data.wire",
            absl::StrCat("expected F32 with parallel.reproducible, found ", DataParallelism::Wire_Name(data.wire())));
    }
    if (data.synchronized_batch_norm()) {
      Error("parallel.data.synchronized_batch_norm",
            "expected false with parallel.reproducible, whose shards are computed one by one, found true");
    }
  }

  void CheckParallel(const Job& job) {
    const DataParallelism& data = job.parallel().data();
    if (job.parallel().has_reproducible()) CheckReproducible(job);
    const ParameterServer& server = data.parameter_server();
    if (!server.has_asynchronous() && !server.has_bounded_staleness()) return;
    const std::string mode = server.has_asynchronous() ? "asynchronous" : "bounded_staleness";
    const std::string path = absl::StrCat("parallel.data.parameter_server.", mode);
    if (job.parallel().has_reproducible()) {
      Error(path, absl::StrCat("expected synchronous with parallel.reproducible, since gradients arrive in another "
                               "order in every run, found ",
                               mode));
    }
    if (data.synchronized_batch_norm()) {
      Error(path, absl::StrCat("expected synchronous with synchronized_batch_norm, whose ranks make every step "
                               "together, found ",
                               mode));
    }
  }

  void CheckSchedule(const LearningRate& rate, const std::string& path) {
    const StepSchedule& step = rate.step();
    for (int i = 1; i < step.at_epochs_size(); ++i) {
      if (step.at_epochs(i) > step.at_epochs(i - 1)) continue;
      Error(FieldPath(path, absl::StrCat("step.at_epochs[", i, "]")),
            absl::StrCat("expected more than the one before, which is ", step.at_epochs(i - 1), ", found ",
                         step.at_epochs(i)));
    }
  }

  const SourceMap& sources_;
  Diagnostics* const diagnostics_;
};

}  // namespace

void ValidateJob(const Job& job, const SourceMap& sources, Diagnostics* diagnostics) {
  if (diagnostics->structure_lost()) return;
  CheckConstraints(job, "", sources, diagnostics);
  CheckModelRules(job.model(), "model", sources, diagnostics);
  JobRules(sources, diagnostics).Check(job);
}

void ValidateModel(const Model& model, const std::string& path, const SourceMap& sources, Diagnostics* diagnostics) {
  if (diagnostics->structure_lost()) return;
  CheckConstraints(model, path, sources, diagnostics);
  CheckModelRules(model, path, sources, diagnostics);
}

}  // namespace espalier
