// What a report on a run says, as data: written out as a page by page.h.
#ifndef ESPALIER_TOOLS_REPORT_REPORT_H_
#define ESPALIER_TOOLS_REPORT_REPORT_H_

#include <string>
#include <vector>

#include "tools/chart.h"

namespace espalier {

struct FigureSeries {
  std::string name;
  // Of lines and points, ascending for lines; bars have none, for their places are the figure's categories.
  std::vector<double> x;
  std::vector<double> y;  // a value that is not finite is a gap
};

struct Figure {
  enum class Kind {
    kLines,
    kBars,      // lying, one for each category, the series stacked
    kSteps,     // a histogram: y[i] holds from x[i] to x[i + 1]
    kRoofline,  // the first series is the roof, the others are points below it
  };
  Kind kind = Kind::kLines;
  std::string title;
  std::string x_label, y_label;  // with units
  std::string note;              // a sentence below the figure; may be empty
  std::vector<std::string> categories;
  std::vector<FigureSeries> series;
  std::vector<ChartMarker> markers;
  bool percent = false;    // y is a fraction, shown as a percentage
  bool from_zero = false;  // the axis of y shows 0; that of bars and histograms always does
  bool log_x = false, log_y = false;
};

// Figures that belong together, such as those of one layer, folded up behind their title if they have one.
struct FigureGroup {
  std::string title;
  bool open = true;
  bool small = false;  // several beside each other
  std::vector<Figure> figures;
};

struct PlainTable {
  std::string title;  // folded up behind it if there is one
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;  // each as long as the header
};

struct ReportSection {
  std::string id;  // of the anchor: "weights"
  std::string title;
  std::string text;                  // what is seen here, for readers who have not seen it before; may be empty
  std::vector<std::string> remarks;  // on what is missing
  std::string listing;               // text in the file's own lines, folded up; may be empty
  std::string listing_title;
  std::vector<FigureGroup> groups;
  std::vector<PlainTable> tables;
};

// A figure of the summary at the top.
struct Highlight {
  std::string label;  // "top-1"
  std::string value;  // "98.42%"
  std::string note;   // "98.36% before compression"; may be empty
};

struct Report {
  std::string title;
  std::vector<Highlight> highlights;
  std::vector<ReportSection> sections;
};

}  // namespace espalier

#endif  // ESPALIER_TOOLS_REPORT_REPORT_H_
