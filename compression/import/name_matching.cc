#include "compression/import/name_matching.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "compression/import/natural_order.h"
#include "core/status.h"
#include "proto/nearest_name.h"

namespace espalier {
namespace {

constexpr char kBatchCounter[] = "num_batches_tracked";
constexpr int kFree = -1, kLeftOut = -2;

// PyTorch's name for a part of a layer.
std::string TheirPart(const std::string& kind, const std::string& part) {
  if (kind != "batch_norm") return part;
  if (part == "scale") return "weight";
  if (part == "shift") return "bias";
  return part == "mean" ? "running_mean" : "running_var";
}

// Tensors of the file with one name before the last dot.
struct Module {
  std::string name;
  std::map<std::string, int> parts;  // tensor by the name behind the dot, counters left out
};

class Matcher {
 public:
  Matcher(absl::Span<const ForeignTensor> theirs, const ImportTarget& target, const std::string& table_path)
      : theirs_(theirs), target_(target), table_path_(table_path), use_(theirs.size(), kFree) {
    matching_.theirs.assign(target.package.tensors.size(), kFree);
    std::map<std::string, Module> modules;
    for (size_t i = 0; i < theirs.size(); ++i) {
      const std::string& name = theirs[i].name;
      const size_t dot = name.find_last_of("./");
      const std::string module = dot == std::string::npos ? "" : name.substr(0, dot);
      const std::string part = dot == std::string::npos ? name : name.substr(dot + 1);
      modules[module].name = module;
      if (part == kBatchCounter) {
        counters_.push_back(static_cast<int>(i));
      } else {
        modules[module].parts[part] = static_cast<int>(i);
      }
    }
    for (const auto& [name, module] : modules) modules_.push_back(module);
    std::sort(modules_.begin(), modules_.end(),
              [](const Module& a, const Module& b) { return NaturalLess(a.name, b.name); });
  }

  absl::StatusOr<NameMatching> Run(const std::vector<NamePair>& table) {
    ApplyTable(table);
    for (const int counter : counters_) {
      if (use_[counter] == kFree) use_[counter] = kLeftOut;
    }
    MatchEqualNames();
    MatchByShape(/*norms=*/false);
    MatchNormsByConvolution();
    MatchByShape(/*norms=*/true);
    FindProblems();
    if (!problems_.empty()) return absl::InvalidArgumentError(absl::StrJoin(problems_, "\n"));
    for (size_t i = 0; i < use_.size(); ++i) {
      if (use_[i] == kLeftOut) matching_.left_out.push_back(static_cast<int>(i));
    }
    return std::move(matching_);
  }

 private:
  const PackedTensor& ours(int index) const { return target_.package.tensors[index]; }

  void Match(int theirs, int ours) {
    if (use_[theirs] != kFree || matching_.theirs[ours] != kFree) return;
    use_[theirs] = ours;
    matching_.theirs[ours] = theirs;
  }

  void MatchModule(const Module& module, const TargetLayer& layer) {
    for (const TargetTensor& tensor : layer.tensors) {
      for (const std::string& part : {TheirPart(layer.kind, tensor.part), tensor.part}) {
        const auto found = module.parts.find(part);
        if (found == module.parts.end()) continue;
        Match(found->second, tensor.index);
        break;
      }
    }
  }

  void TableError(const NamePair& pair, const std::string& expected, const std::string& found,
                  const std::vector<std::string>& known) {
    problems_.push_back(absl::StrCat(table_path_, ":", pair.line, ": expected ", expected, ", found ", found,
                                     Suggestion(found, known)));
  }

  // Tensors first: what a module's line says is of its other tensors.
  void ApplyTable(const std::vector<NamePair>& table) {
    std::vector<const NamePair*> of_modules;
    for (const NamePair& pair : table) {
      const auto tensor = std::find_if(theirs_.begin(), theirs_.end(),
                                       [&](const ForeignTensor& theirs) { return theirs.name == pair.theirs; });
      if (tensor == theirs_.end()) {
        of_modules.push_back(&pair);
      } else {
        ApplyToTensor(pair, static_cast<int>(tensor - theirs_.begin()));
      }
    }
    for (const NamePair* pair : of_modules) ApplyToModule(*pair);
  }

  void ApplyToTensor(const NamePair& pair, int theirs) {
    if (pair.ours == kLeaveOut) {
      use_[theirs] = kLeftOut;
      return;
    }
    std::vector<std::string> names;
    for (size_t i = 0; i < target_.package.tensors.size(); ++i) {
      names.push_back(ours(static_cast<int>(i)).name);
      if (names.back() == pair.ours) return Match(theirs, static_cast<int>(i));
    }
    TableError(pair, "a tensor of the network", pair.ours, names);
  }

  void ApplyToModule(const NamePair& pair) {
    std::vector<std::string> names;
    for (const ForeignTensor& tensor : theirs_) names.push_back(tensor.name);
    const Module* module = nullptr;
    for (const Module& candidate : modules_) {
      names.push_back(candidate.name);
      if (candidate.name == pair.theirs) module = &candidate;
    }
    if (module == nullptr) return TableError(pair, "a tensor or a module of the file", pair.theirs, names);
    if (pair.ours == kLeaveOut) {
      for (const auto& [part, tensor] : module->parts) {
        if (use_[tensor] == kFree) use_[tensor] = kLeftOut;
      }
      return;
    }
    names.clear();
    for (const TargetLayer& layer : target_.layers) {
      names.push_back(layer.name);
      if (layer.name == pair.ours) return MatchModule(*module, layer);
    }
    TableError(pair, "a layer of the network", pair.ours, names);
  }

  void MatchEqualNames() {
    std::map<std::string, int> theirs;
    for (size_t i = 0; i < theirs_.size(); ++i) {
      theirs[absl::StrReplaceAll(theirs_[i].name, {{".", "/"}})] = static_cast<int>(i);
    }
    for (size_t i = 0; i < target_.package.tensors.size(); ++i) {
      const auto found = theirs.find(ours(static_cast<int>(i)).name);
      if (found != theirs.end()) Match(found->second, static_cast<int>(i));
    }
    for (const Module& module : modules_) {
      for (const TargetLayer& layer : target_.layers) {
        if (absl::StrReplaceAll(module.name, {{".", "/"}}) == layer.name) MatchModule(module, layer);
      }
    }
  }

  // What a layer or a module is like: the parts by PyTorch's names with their shapes, and whether it is in a shortcut.
  // Empty, if something of it has a match or is left out.
  static std::string Likeness(bool shortcut, const std::map<std::string, Shape>& parts) {
    return absl::StrCat(shortcut ? "shortcut" : "", " ",
                        absl::StrJoin(parts, " ", [](std::string* out, const auto& part) {
                          absl::StrAppend(out, part.first, " ", part.second.ToString());
                        }));
  }
  std::string Likeness(const Module& module) const {
    std::map<std::string, Shape> parts;
    for (const auto& [part, tensor] : module.parts) {
      if (use_[tensor] != kFree) return "";
      parts.emplace(part, theirs_[tensor].shape);
    }
    if (parts.empty()) return "";
    return Likeness(absl::StrContains(module.name, "downsample") || absl::StrContains(module.name, "shortcut"), parts);
  }
  std::string Likeness(const TargetLayer& layer) const {
    std::map<std::string, Shape> parts;
    for (const TargetTensor& tensor : layer.tensors) {
      if (matching_.theirs[tensor.index] != kFree) return "";
      parts.emplace(TheirPart(layer.kind, tensor.part), tensor.shape);
    }
    return Likeness(absl::StrContains(layer.name, "shortcut"), parts);
  }

  void MatchByShape(bool norms) {
    std::map<std::string, std::vector<const Module*>> modules;
    std::map<std::string, std::vector<const TargetLayer*>> layers;
    for (const Module& module : modules_) modules[Likeness(module)].push_back(&module);
    for (const TargetLayer& layer : target_.layers) {
      if ((layer.kind == "batch_norm") == norms) layers[Likeness(layer)].push_back(&layer);
    }
    layers.erase("");
    for (const auto& [likeness, alike] : layers) {
      const std::vector<const Module*>& candidates = modules[likeness];
      if (candidates.size() != alike.size()) continue;
      const bool one_form = std::all_of(candidates.begin(), candidates.end(), [&](const Module* module) {
        return FormOfName(module->name) == FormOfName(candidates[0]->name);
      });
      if (!one_form) {
        ambiguous_.insert(alike.begin(), alike.end());
        continue;
      }
      for (size_t i = 0; i < alike.size(); ++i) MatchModule(*candidates[i], *alike[i]);
    }
  }

  // Names that a batch norm has in PyTorch beside a convolution of that name.
  static std::vector<std::string> NormNames(const std::string& convolution) {
    std::vector<std::string> names;
    if (const size_t at = convolution.rfind("conv"); at != std::string::npos) {
      for (const char* norm : {"bn", "norm"}) names.push_back(std::string(convolution).replace(at, 4, norm));
    }
    size_t digits = convolution.size();
    while (digits > 0 && absl::ascii_isdigit(convolution[digits - 1])) --digits;
    int number;
    if (absl::SimpleAtoi(convolution.substr(digits), &number) && number < INT32_MAX) {
      names.push_back(absl::StrCat(convolution.substr(0, digits), number + 1));
    }
    return names;
  }

  void MatchNormsByConvolution() {
    for (const TargetLayer& layer : target_.layers) {
      if (layer.kind != "batch_norm" || layer.reads < 0) continue;
      const int convolution = matching_.theirs[target_.layers[layer.reads].tensors[0].index];
      if (convolution == kFree) continue;
      const std::string& weight = theirs_[convolution].name;
      const std::string module = weight.substr(0, std::min(weight.find_last_of("./"), weight.size()));
      for (const std::string& name : NormNames(module)) {
        const auto found = std::find_if(modules_.begin(), modules_.end(),
                                        [&](const Module& candidate) { return candidate.name == name; });
        if (found == modules_.end() || Likeness(*found) != Likeness(layer)) continue;
        MatchModule(*found, layer);
        break;
      }
    }
  }

  void FindProblems() {
    for (const TargetLayer& layer : target_.layers) {
      for (const TargetTensor& tensor : layer.tensors) {
        const std::string& name = ours(tensor.index).name;
        const int match = matching_.theirs[tensor.index];
        if (match == kFree) {
          problems_.push_back(
              absl::StrCat(name, ": expected a tensor ", tensor.shape.ToString(), ", found none",
                           ambiguous_.count(&layer) > 0 ? " for certain, since several modules have this shape" : ""));
        } else if (theirs_[match].shape != tensor.shape) {
          problems_.push_back(absl::StrCat(name, ": expected a tensor ", tensor.shape.ToString(), ", found ",
                                           theirs_[match].name, " ", theirs_[match].shape.ToString()));
        }
      }
    }
    for (size_t i = 0; i < theirs_.size(); ++i) {
      if (use_[i] != kFree) continue;
      problems_.push_back(absl::StrCat(theirs_[i].name, ": expected a use for each tensor of the file, found none for ",
                                       theirs_[i].shape.ToString()));
    }
  }

  const absl::Span<const ForeignTensor> theirs_;
  const ImportTarget& target_;
  const std::string& table_path_;
  std::vector<int> use_;  // of each of theirs: ours, kFree or kLeftOut
  NameMatching matching_;
  std::vector<Module> modules_;
  std::vector<int> counters_;
  std::set<const TargetLayer*> ambiguous_;
  std::vector<std::string> problems_;
};

}  // namespace

absl::StatusOr<NameMatching> MatchNames(absl::Span<const ForeignTensor> theirs, const ImportTarget& target,
                                        const std::vector<NamePair>& table, const std::string& table_path) {
  return Matcher(theirs, target, table_path).Run(table);
}

}  // namespace espalier
