// SPDX-License-Identifier: Apache-2.0
#include "report_page.hpp"

#include "table.hpp"

#include <retrace/core/version.hpp>

#include <cmath>
#include <limits>
#include <map>
#include <string_view>

namespace retrace::app {
namespace {

constexpr std::string_view style = R"(
  :root { color-scheme: light; }
  body { margin: 2.5rem auto; max-width: 62rem; padding: 0 1.5rem; color: #222;
         font: 16px/1.5 system-ui, sans-serif; }
  h1 { font-size: 1.7rem; margin-bottom: .3rem; }
  h2 { font-size: 1.15rem; margin: 2.5rem 0 .6rem; }
  p { max-width: 46rem; }
  img { max-width: 100%; height: auto; display: block; }
  table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
  th, td { padding: .25rem .8rem; text-align: right; }
  th:first-child, td:first-child { text-align: left; padding-left: 0; }
  thead th { border-bottom: 2px solid #444; font-weight: 600; }
  tbody tr.first td { border-top: 1px solid #ddd; }
  tfoot td { border-top: 2px solid #444; color: #666; }
  td.best { font-weight: 700; }
  code { font-size: .85rem; background: #f3f3f3; padding: .1rem .3rem; overflow-wrap: anywhere; }
  dt { float: left; clear: left; width: 8rem; color: #666; }
  dd { margin-left: 8rem; }
)";

/// Text fit for an element or an attribute; control characters have no place in HTML.
std::string escaped(std::string_view text) {
  std::string out;
  for (char const c : text) {
    auto const byte = static_cast<unsigned char>(c);
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else if (c == '\'')
      out += "&#39;";
    else if (byte < 0x20 || byte == 0x7f)
      out += "\xef\xbf\xbd";
    else
      out += c;
  }
  return out;
}

std::string text_of(Json const& value) {
  return value.is_string() ? value.get<std::string>() : json_text(value);
}

double number_of(Json const& value) {
  return value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN();
}

std::string cell(std::string const& text, bool is_best = false) {
  return std::string(is_best ? "<td class=\"best\">" : "<td>") + escaped(text) + "</td>";
}

/// The least distance of one kind at each number of evaluations.
std::map<std::int64_t, double> best_of(Json const& rows, char const* distance) {
  std::map<std::int64_t, double> best;
  for (Json const& row : rows) {
    double const value = number_of(row[distance]);
    if (std::isnan(value)) continue;
    auto const [entry, is_new] = best.emplace(row["evaluations"].get<std::int64_t>(), value);
    if (!is_new && value < entry->second) entry->second = value;
  }
  return best;
}

std::string table_of(Json const& facts) {
  std::string text =
      "<table>\n<thead><tr><th>sampler</th><th>evaluations</th><th>used</th><th>steps</th>"
      "<th>grid</th><th>sliced Wasserstein</th><th>energy distance</th><th>seconds</th></tr>"
      "</thead>\n<tbody>\n";
  auto const wasserstein = best_of(facts["rows"], "sliced_wasserstein");
  auto const energy = best_of(facts["rows"], "energy_distance");
  std::string before;
  for (Json const& row : facts["rows"]) {
    std::string const sampler = text_of(row["sampler"]);
    auto const distance = [&](char const* key, auto const& best) {
      double const value = number_of(row[key]);
      auto const least = best.find(row["evaluations"].template get<std::int64_t>());
      return cell(short_number(value), least != best.end() && value == least->second);
    };
    text += (sampler == before ? "<tr>" : "<tr class=\"first\">") + cell(sampler);
    for (char const* key : {"evaluations", "evaluations_used", "steps", "grid"})
      text += cell(text_of(row[key]));
    text += distance("sliced_wasserstein", wasserstein) + distance("energy_distance", energy) +
            cell(short_number(number_of(row["seconds"]), 3)) + "</tr>\n";
    before = sampler;
  }
  Json const& floor = facts["floor"];
  return text +
         "</tbody>\n<tfoot><tr><td colspan=\"5\">floor: exact draws against other exact draws"
         "</td>" +
         cell(short_number(number_of(floor["sliced_wasserstein"]))) +
         cell(short_number(number_of(floor["energy_distance"]))) +
         "<td></td></tr></tfoot>\n"
         "</table>\n";
}

std::string image(Picture const& picture, std::string const& meaning) {
  return "<a href=\"" + escaped(picture.file) + "\"><img src=\"" + escaped(picture.file) +
         "\" alt=\"" + escaped(meaning) + "\"></a>\n";
}

std::string made_how(Json const& facts, std::string const& command_line) {
  std::string text = "<h2>How it was made</h2>\n<dl>\n";
  for (char const* key : {"target", "score_error", "model", "sde", "samples", "seed"})
    if (facts.contains(key))
      text += "<dt>" + std::string(key) + "</dt><dd>" + escaped(text_of(facts[key])) + "</dd>\n";
  return text + "<dt>command</dt><dd><code>" + escaped(command_line) +
         "</code></dd>\n<dt>version</dt><dd>retrace " + escaped(version) +
         "</dd>\n<dt>numbers</dt><dd><a href=\"results.json\">results.json</a></dd>\n</dl>\n"
         "<p>Every sampler runs on the exact score" +
         std::string(facts.contains("score_error") ? " with the score error planted in it"
                     : facts.contains("model")     ? ", and on the model"
                                                   : "") +
         ", in single precision, with as many steps as "
         "the evaluations pay for. Sliced Wasserstein is the mean of the Wasserstein-1 distances "
         "of the projections on " +
         std::to_string(default_directions) +
         " fixed directions. Both distances are between the samples and as many exact draws, in "
         "the unit of the samples; the floor is what exact samples would get.</p>\n";
}

}  // namespace

std::string report_page(Json const& facts, std::vector<Picture> const& pictures,
                        std::string const& command_line) {
  std::string const title =
      "Samplers on " + text_of(facts["target"]) + ", " + text_of(facts["sde"]);
  std::string page =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>" +
      escaped(title) + "</title>\n<style>" + std::string(style) +
      "</style>\n</head>\n<body>\n<h1>" + escaped(title) + "</h1>\n<p>" +
      escaped(text_of(facts["samples"])) +
      " samples from each run, compared with exact draws at equal numbers of model "
      "evaluations. The best of each number is bold.</p>\n";
  for (Picture const& picture : pictures)
    if (picture.sampler.empty())
      page += "<h2>Distance against cost</h2>\n" +
              image(picture, "distance against evaluations for every sampler");
  page += "<h2>All runs</h2>\n" + table_of(facts);
  for (Picture const& picture : pictures)
    if (!picture.sampler.empty())
      page += "<h2>" + escaped(picture.sampler) + "</h2>\n" +
              image(picture, "samples of " + picture.sampler + " beside exact draws");
  return page + made_how(facts, command_line) + "</body>\n</html>\n";
}

}  // namespace retrace::app
