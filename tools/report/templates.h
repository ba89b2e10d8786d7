// The page's parts that are written by hand, as they stand in this folder: made part of the program by the build.
#ifndef ESPALIER_TOOLS_REPORT_TEMPLATES_H_
#define ESPALIER_TOOLS_REPORT_TEMPLATES_H_

namespace espalier {

extern const char kPageHtml[];           // page.html
extern const char kStyleCss[];           // style.css
extern const char kFiguresJs[];          // figures.js
extern const char kChartJsLicenseTxt[];  // chart_js_license.txt

}  // namespace espalier

#endif  // ESPALIER_TOOLS_REPORT_TEMPLATES_H_
