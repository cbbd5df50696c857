// plugins/metrics_prometheus/news.cpp - writes events, and remembers them.
#include "news.hpp"

#include <utility>

#include "backplane/cpp/json_writer.hpp"

namespace metrics_prometheus {

void News::once(std::string_view event, std::string_view family) {
  if (told_.insert(std::string(event) + ' ' + std::string(family)).second) {
    std::string text;
    bp::json::writer out(text);
    out.begin_object().key("event").value(event).key("family").value(family).end_object();
    tell_(text);
  }
}

void News::scrape_took(double seconds, double slow_from_seconds) {
  const bool slow = seconds >= slow_from_seconds;
  if (slow && !std::exchange(slow_, slow)) {
    std::string text;
    bp::json::writer out(text);
    out.begin_object().key("event").value("slow_scrape").key("seconds").value(seconds);
    out.end_object();
    tell_(text);
  }
  slow_ = slow;
}

}  // namespace metrics_prometheus
