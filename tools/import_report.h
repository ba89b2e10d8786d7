// What `espalier import` tells of the files it reads.
#ifndef ESPALIER_TOOLS_IMPORT_REPORT_H_
#define ESPALIER_TOOLS_IMPORT_REPORT_H_

#include <string>

#include "compression/import/han2016.h"
#include "compression/import/safetensors_import.h"

namespace espalier {

// Every byte of the file: a row for the header and for each layer, and their sums.
std::string Han2016Table(const Han2016File& file);

// Which tensor became which, as a name table that would have said so.
std::string NameTableText(const ImportedTensors& imported);

}  // namespace espalier

#endif  // ESPALIER_TOOLS_IMPORT_REPORT_H_
