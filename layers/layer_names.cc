#include "layers/layer_names.h"

#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace espalier {

std::string KindName(const Layer& layer) {
  const auto* oneof = Layer::descriptor()->FindOneofByName("kind");
  const auto* field = layer.GetReflection()->GetOneofFieldDescriptor(layer, oneof);
  return field == nullptr ? "" : field->name();
}

std::vector<std::vector<std::string>> AssignNames(const LayerList& layers, std::set<std::string> taken) {
  for (const Layer& layer : layers) taken.insert(layer.name());
  std::map<std::string, int> last_number;
  const auto next = [&](const std::string& base) {
    const bool digit = !base.empty() && absl::ascii_isdigit(base.back());
    std::string name;
    do {
      name = absl::StrCat(base, digit ? "_" : "", ++last_number[base]);
    } while (!taken.insert(name).second);
    return name;
  };
  std::vector<std::vector<std::string>> names;
  for (const Layer& layer : layers) {
    std::vector<std::string>& copies = names.emplace_back();
    if (layer.has_name() && layer.repeat() == 1) {
      copies.push_back(layer.name());
      continue;
    }
    for (int i = 0; i < layer.repeat(); ++i) copies.push_back(next(layer.has_name() ? layer.name() : KindName(layer)));
  }
  return names;
}

}  // namespace espalier
