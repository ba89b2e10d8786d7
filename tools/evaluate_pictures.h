// `espalier evaluate PACKAGE --image FILE` and `--images FOLDER`: what a network takes pictures for.
#ifndef ESPALIER_TOOLS_EVALUATE_PICTURES_H_
#define ESPALIER_TOOLS_EVALUATE_PICTURES_H_

#include <ostream>
#include <vector>

#include "compression/package/package.h"
#include "tools/command_line.h"

namespace espalier {

// --image, --images, --labels, --classes.
std::vector<Flag> PictureFlags();

// Whether the arguments ask for pictures.
bool AsksForPictures(const Arguments& arguments);

// A line for each picture with its five likeliest classes, and for those with a label the shares that were right:
//   cat.jpg [282]: 282 tiger cat 40.12%, 281 tabby 22.50%, ...
//   top-1 50.00% (1 of 2), top-5 100.00% (2 of 2)
// Pictures are prepared as the package's data says.
absl::Status EvaluatePictures(const Package& package, const Arguments& arguments, std::ostream& out);

}  // namespace espalier

#endif  // ESPALIER_TOOLS_EVALUATE_PICTURES_H_
