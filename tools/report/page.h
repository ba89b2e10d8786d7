// Writes a report as one HTML page that needs nothing else: style, script, charting library and data stand in it, and a
// content security policy forbids it to load anything.
#ifndef ESPALIER_TOOLS_REPORT_PAGE_H_
#define ESPALIER_TOOLS_REPORT_PAGE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "tools/report/report.h"

namespace espalier {

// `chart_library` is the text of Chart.js, version 3 or 4. All texts of the report may hold any bytes.
std::string PageHtml(const Report& report, absl::string_view chart_library);

// The text with what has a meaning in HTML escaped; bytes that are not UTF-8 or that HTML forbids are '?'.
std::string HtmlEscaped(absl::string_view text);

// The report's figures in the order of the page: an array of objects, to stand within <script>.
std::string FiguresJson(const Report& report);

}  // namespace espalier

#endif  // ESPALIER_TOOLS_REPORT_PAGE_H_
