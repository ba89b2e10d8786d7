#include "tools/report/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "core/files/json_number.h"
#include "core/files/json_scanner.h"

namespace espalier {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// A text that would break a page at every place where it is not escaped.
constexpr char kHostile[] = "</script><script>alert(1)</script><!-- \"'&{{data}}\\ \x01\xff";

Report HostileReport() {
  Report report;
  report.title = kHostile;
  report.highlights = {{kHostile, kHostile, kHostile}};
  ReportSection& section = report.sections.emplace_back();
  section.id = section.title = section.text = section.listing = section.listing_title = kHostile;
  section.remarks = {kHostile};
  section.tables = {{kHostile, {kHostile, kHostile}, {{kHostile, kHostile}}}, {"", {kHostile}, {}}};
  FigureGroup& group = section.groups.emplace_back();
  group.title = kHostile;
  Figure& figure = group.figures.emplace_back();
  figure.title = figure.x_label = figure.y_label = figure.note = kHostile;
  figure.categories = {kHostile};
  figure.series = {{kHostile, {0, 1, 2}, {1.5, NAN, INFINITY}}};
  figure.markers = {{3, kHostile}};
  return report;
}

// The names of elements that are open at the end, and an error at the first end tag that closes another. Scripts hold
// no elements; those that HTML never closes are left out.
std::string CheckNesting(absl::string_view html) {
  std::vector<std::string> open;
  for (size_t at = html.find('<'); at != html.npos; at = html.find('<', at)) {
    size_t end = at + 1;
    for (char quote = 0; end < html.size() && (quote != 0 || html[end] != '>'); ++end) {
      if (quote == 0 && html[end] == '"') {
        quote = '"';
      } else if (html[end] == quote) {
        quote = 0;
      }
    }
    const absl::string_view tag = html.substr(at + 1, end - at - 1);
    at = end;
    const bool closes = absl::StartsWith(tag, "/");
    const std::string name(tag.substr(closes, tag.find_first_of(" >", closes) - closes));
    if (tag[0] == '!' || name == "meta") continue;
    if (!closes) {
      open.push_back(name);
      if (name == "script" || name == "style") at = html.find("</" + name, at);
      continue;
    }
    if (open.empty() || open.back() != name) return "</" + name + "> closes " + (open.empty() ? "none" : open.back());
    open.pop_back();
  }
  return open.empty() ? "" : "open: " + open.back();
}

TEST(Page, IsWellFormedWhateverTheTextsSay) {
  const std::string html = PageHtml(HostileReport(), "var s = '</script><!--';");
  EXPECT_EQ(CheckNesting(html), "");
  EXPECT_EQ(CheckNesting("<p><b></p>"), "</p> closes b");
  EXPECT_THAT(html, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(html, HasSubstr("var s = '<\\/script><\\!--';"));
  EXPECT_EQ(html.find('\x01'), html.npos);
  EXPECT_TRUE(IsUtf8(html));
}

TEST(Page, LoadsNothing) {
  const std::string html = PageHtml(HostileReport(), "");
  EXPECT_THAT(html, HasSubstr("content=\"default-src 'none';"));
  for (const char* loading : {"src=", "<link", "@import", "url(", "fetch(", "XMLHttpRequest", "import("}) {
    EXPECT_THAT(html, Not(HasSubstr(loading)));
  }
  // Links stay within the page.
  for (const absl::string_view part : absl::StrSplit(html, "href=\"")) {
    if (part.data() != html.data()) EXPECT_TRUE(absl::StartsWith(part, "#")) << part.substr(0, 40);
  }
}

TEST(Page, KeepsTheLibrarysLicence) {
  const std::string html = PageHtml(Report(), "");
  EXPECT_THAT(html, HasSubstr("Permission is hereby granted, free of charge"));
  EXPECT_THAT(html, HasSubstr("Chart.js Contributors"));
}

TEST(Page, NamesItsFiguresInTheOrderOfTheirData) {
  Report report;
  for (const char* title : {"first", "second"}) {
    ReportSection& section = report.sections.emplace_back();
    section.id = title;
    section.groups.resize(2);
    for (FigureGroup& group : section.groups) group.figures.resize(1);
  }
  const std::string html = PageHtml(report, "");
  for (const char* number : {"0", "1", "2", "3"}) {
    EXPECT_THAT(html, HasSubstr(std::string("<figure data-figure=\"") + number + "\">"));
  }
  EXPECT_THAT(html, Not(HasSubstr("data-figure=\"4\"")));
  EXPECT_THAT(html, HasSubstr("<a href=\"#second\">"));
}

// Takes any value and returns the names of an object's members.
std::vector<std::string> SkipFigure(JsonScanner& scanner) {
  std::vector<std::string> keys;
  const absl::Status status = scanner.Object([&](const std::string& key) -> absl::Status {
    keys.push_back(key);
    const auto take_number = [&] {
      double number = 0;
      return ReadJsonNumber(scanner, &number);
    };
    if (key == "categories") return scanner.Array([&] { return scanner.String().status(); });
    if (key == "markers") {
      return scanner.Array([&] {
        return scanner.Object(
            [&](const std::string& name) { return name == "label" ? scanner.String().status() : take_number(); });
      });
    }
    if (key == "series") {
      return scanner.Array([&] {
        return scanner.Object([&](const std::string& name) {
          return name == "name" ? scanner.String().status() : scanner.Array(take_number);
        });
      });
    }
    return scanner.String().status();
  });
  EXPECT_TRUE(status.ok()) << status;
  return keys;
}

TEST(FiguresJson, IsJsonThatCannotEndAScript) {
  Report report = HostileReport();
  report.sections[0].groups[0].figures[0].series[0].y = {1.5, 2, 3};
  std::string json = FiguresJson(report);
  EXPECT_EQ(json.find('<'), json.npos);
  // The strict scanner knows no truth values, and the page's needs no more than that they are such.
  for (const char* key : {"percent", "fromZero", "logX", "logY"}) {
    const std::string member = std::string(",\"") + key + "\":false";
    ASSERT_THAT(json, HasSubstr(member));
    json.erase(json.find(member), member.size());
  }
  JsonScanner scanner(json);
  std::vector<std::string> keys;
  const absl::Status status = scanner.Array([&] {
    keys = SkipFigure(scanner);
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_TRUE(scanner.End().ok());
  EXPECT_THAT(keys, ::testing::ElementsAre("kind", "title", "x", "y", "categories", "markers", "series"));
}

TEST(FiguresJson, ValuesThatAreNoNumbersAreGaps) {
  EXPECT_THAT(FiguresJson(HostileReport()), HasSubstr("\"y\":[1.5,null,null]"));
}

}  // namespace
}  // namespace espalier
