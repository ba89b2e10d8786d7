// Leading non-zero detection: a quadtree over the elements' current activations.
#ifndef ESPALIER_HW_EIE_NON_ZERO_TREE_H_
#define ESPALIER_HW_EIE_NON_ZERO_TREE_H_

#include <cstdint>
#include <vector>

namespace espalier {

// Nodes of the tree over so many lanes: 21 of 64, 16 + 4 + 1.
int64_t NonZeroTreeNodes(int64_t lanes);

// The first lane that is set, as the tree finds it: each node passes on the first of its up to four children that has
// one. -1 if none is.
int64_t FirstNonZeroLane(const std::vector<bool>& lanes);

}  // namespace espalier

#endif  // ESPALIER_HW_EIE_NON_ZERO_TREE_H_
