// How the layers of a list are named.
#ifndef ESPALIER_LAYERS_LAYER_NAMES_H_
#define ESPALIER_LAYERS_LAYER_NAMES_H_

#include <set>
#include <string>
#include <vector>

#include "proto/model.pb.h"

namespace espalier {

using LayerList = google::protobuf::RepeatedPtrField<Layer>;

// The layer's kind as it is written: "conv", "residual". Empty when none is given.
std::string KindName(const Layer& layer);

// For each layer of one list, the names of its copies. A layer that is written once keeps its own name. Copies of a
// repeated layer get its name and a number (an underscore between when the name ends in a digit), unnamed layers their
// kind and a number: always the lowest number, from 1 on, that no other layer of the list and none of `taken` has.
std::vector<std::vector<std::string>> AssignNames(const LayerList& layers, std::set<std::string> taken);

}  // namespace espalier

#endif  // ESPALIER_LAYERS_LAYER_NAMES_H_
