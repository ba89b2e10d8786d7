#include "tools/report/page.h"

#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/files/json_number.h"
#include "core/files/json_scanner.h"
#include "tools/report/templates.h"

namespace espalier {
namespace {

void AppendStrings(absl::string_view key, const std::vector<std::string>& texts, std::string* json) {
  absl::StrAppend(json, ",\"", key, "\":[");
  for (size_t i = 0; i < texts.size(); ++i) absl::StrAppend(json, i > 0 ? "," : "", JsonQuotedText(texts[i]));
  *json += ']';
}

void AppendNumbers(absl::string_view key, const std::vector<double>& numbers, std::string* json) {
  absl::StrAppend(json, ",\"", key, "\":[");
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (i > 0) *json += ',';
    if (std::isfinite(numbers[i])) {
      AppendJsonNumber(numbers[i], json);
    } else {
      *json += "null";
    }
  }
  *json += ']';
}

const char* NameOf(Figure::Kind kind) {
  if (kind == Figure::Kind::kLines) return "lines";
  if (kind == Figure::Kind::kBars) return "bars";
  return kind == Figure::Kind::kSteps ? "steps" : "roofline";
}

void AppendFigure(const Figure& figure, std::string* json) {
  const auto truth = [](bool value) { return value ? "true" : "false"; };
  absl::StrAppend(json, "{\"kind\":\"", NameOf(figure.kind), "\",\"title\":", JsonQuotedText(figure.title),
                  ",\"x\":", JsonQuotedText(figure.x_label), ",\"y\":", JsonQuotedText(figure.y_label),
                  ",\"percent\":", truth(figure.percent), ",\"fromZero\":", truth(figure.from_zero),
                  ",\"logX\":", truth(figure.log_x), ",\"logY\":", truth(figure.log_y));
  AppendStrings("categories", figure.categories, json);
  *json += ",\"markers\":[";
  for (size_t i = 0; i < figure.markers.size(); ++i) {
    absl::StrAppend(json, i > 0 ? "," : "", "{\"label\":", JsonQuotedText(figure.markers[i].label), ",\"x\":");
    AppendJsonNumber(figure.markers[i].x, json);
    *json += '}';
  }
  *json += "],\"series\":[";
  for (size_t i = 0; i < figure.series.size(); ++i) {
    absl::StrAppend(json, i > 0 ? "," : "", "{\"name\":", JsonQuotedText(figure.series[i].name));
    AppendNumbers("x", figure.series[i].x, json);
    AppendNumbers("y", figure.series[i].y, json);
    *json += '}';
  }
  *json += "]}";
}

std::string FoldBegin(const std::string& title, bool open = false) {
  return absl::StrCat("<details class=\"group\"", open ? " open" : "", "><summary>", HtmlEscaped(title),
                      "</summary>\n");
}

// `number` is the figure's place in the page's data.
std::string FigureHtml(const Figure& figure, int number) {
  const std::string title = HtmlEscaped(figure.title);
  std::string html = absl::StrCat("<figure data-figure=\"", number, "\">\n<figcaption>", title,
                                  "</figcaption>\n<div class=\"canvas\"><canvas role=\"img\" aria-label=\"", title,
                                  "; the table below has its values\"></canvas></div>\n");
  if (!figure.note.empty()) absl::StrAppend(&html, "<p class=\"note\">", HtmlEscaped(figure.note), "</p>\n");
  absl::StrAppend(&html, "<details class=\"values\"><summary>Table</summary></details>\n</figure>\n");
  return html;
}

std::string GroupHtml(const FigureGroup& group, int* number) {
  std::string html;
  if (!group.title.empty()) {
    html = FoldBegin(group.title, group.open);
  }
  absl::StrAppend(&html, "<div class=\"", group.small ? "figures small" : "figures", "\">\n");
  for (const Figure& figure : group.figures) absl::StrAppend(&html, FigureHtml(figure, (*number)++));
  absl::StrAppend(&html, "</div>\n", group.title.empty() ? "" : "</details>\n");
  return html;
}

std::string TableHtml(const PlainTable& table) {
  std::string html = table.title.empty() ? "" : FoldBegin(table.title);
  html += "<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr>";
  for (const std::string& name : table.header) absl::StrAppend(&html, "<th scope=\"col\">", HtmlEscaped(name), "</th>");
  html += "</tr></thead>\n<tbody>\n";
  for (const std::vector<std::string>& row : table.rows) {
    html += "<tr>";
    for (size_t i = 0; i < row.size(); ++i) {
      const absl::string_view cell = i == 0 ? "th scope=\"row\"" : "td";
      absl::StrAppend(&html, "<", cell, ">", HtmlEscaped(row[i]), "</", cell.substr(0, 2), ">");
    }
    html += "</tr>\n";
  }
  return absl::StrCat(html, "</tbody></table></div>\n", table.title.empty() ? "" : "</details>\n");
}

std::string SectionHtml(const ReportSection& section, int* number) {
  std::string html =
      absl::StrCat("<section id=\"", HtmlEscaped(section.id), "\">\n<h2>", HtmlEscaped(section.title), "</h2>\n");
  if (!section.text.empty()) absl::StrAppend(&html, "<p>", HtmlEscaped(section.text), "</p>\n");
  for (const std::string& remark : section.remarks) {
    absl::StrAppend(&html, "<p class=\"remark\">", HtmlEscaped(remark), "</p>\n");
  }
  for (const FigureGroup& group : section.groups) html += GroupHtml(group, number);
  for (const PlainTable& table : section.tables) html += TableHtml(table);
  if (!section.listing.empty()) {
    absl::StrAppend(&html, FoldBegin(section.listing_title), "<pre tabindex=\"0\">", HtmlEscaped(section.listing),
                    "</pre>\n</details>\n");
  }
  return html + "</section>\n";
}

std::string BodyHtml(const Report& report) {
  std::string html = "<dl class=\"highlights\">\n";
  for (const Highlight& highlight : report.highlights) {
    absl::StrAppend(&html, "<div><dt>", HtmlEscaped(highlight.label), "</dt><dd>", HtmlEscaped(highlight.value),
                    "</dd>");
    if (!highlight.note.empty()) absl::StrAppend(&html, "<dd class=\"note\">", HtmlEscaped(highlight.note), "</dd>");
    html += "</div>\n";
  }
  html += "</dl>\n<nav aria-label=\"Sections\">\n";
  for (const ReportSection& section : report.sections) {
    absl::StrAppend(&html, "<a href=\"#", HtmlEscaped(section.id), "\">", HtmlEscaped(section.title), "</a>\n");
  }
  html += "</nav>\n";
  int number = 0;
  for (const ReportSection& section : report.sections) html += SectionHtml(section, &number);
  return html;
}

}  // namespace

std::string HtmlEscaped(absl::string_view text) {
  const bool utf8 = IsUtf8(text);
  std::string html;
  for (const char c : text) {
    const bool forbidden = absl::ascii_iscntrl(c) && !absl::ascii_isspace(c);
    if (forbidden || (!utf8 && !absl::ascii_isascii(c))) {
      html += '?';
    } else if (c == '&') {
      html += "&amp;";
    } else if (c == '<') {
      html += "&lt;";
    } else if (c == '>') {
      html += "&gt;";
    } else if (c == '"') {
      html += "&quot;";
    } else if (c == '\'') {
      html += "&#39;";
    } else {
      html += c;
    }
  }
  return html;
}

std::string FiguresJson(const Report& report) {
  std::string json = "[";
  for (const ReportSection& section : report.sections) {
    for (const FigureGroup& group : section.groups) {
      for (const Figure& figure : group.figures) {
        if (json.size() > 1) json += ",\n";
        AppendFigure(figure, &json);
      }
    }
  }
  // A string is the only place for a '<': escaped, none can end the script.
  return absl::StrReplaceAll(json + "]", {{"<", "\\u003c"}});
}

std::string PageHtml(const Report& report, absl::string_view chart_library) {
  // Within strings, regular expressions and comments of JavaScript the two spellings are the same.
  const std::string library = absl::StrReplaceAll(chart_library, {{"</script", "<\\/script"}, {"<!--", "<\\!--"}});
  return absl::StrReplaceAll(kPageHtml, {{"{{title}}", HtmlEscaped(report.title)},
                                         {"{{style}}", kStyleCss},
                                         {"{{body}}", BodyHtml(report)},
                                         {"{{data}}", FiguresJson(report)},
                                         {"{{license}}", HtmlEscaped(kChartJsLicenseTxt)},
                                         {"{{library}}", library},
                                         {"{{script}}", kFiguresJs}});
}

}  // namespace espalier
