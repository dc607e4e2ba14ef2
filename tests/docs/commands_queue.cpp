#include <libresp/server/asio.hpp>  // for add_blocking()
#include <libresp/service.hpp>

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

using Element = std::pair<std::string, std::string>;  // a list, and what was in it

int main() {
    std::map<std::string, std::deque<std::string>, std::less<>> lists;
    resp::Commands commands;
    commands.add("RPUSH key element [element ...]",
                 [&](std::string_view key, resp::Words elements, resp::Call& call) {
                     auto& list = lists[std::string{key}];
                     for (const std::string_view element : elements) list.emplace_back(element);
                     call.changed(key, "rpush", resp::KeyEvent::list);
                     return list.size();
                 });
    commands.add_blocking("BLPOP key [key ...] timeout",
                          [&](resp::Words keys, double, resp::Call& call) -> std::optional<Element> {
                              for (const std::string_view key : keys) {
                                  const auto found = lists.find(key);
                                  if (found == lists.end()) continue;
                                  Element element{key, std::move(found->second.front())};
                                  found->second.pop_front();
                                  if (found->second.empty()) lists.erase(found);
                                  call.changed(key, "lpop", resp::KeyEvent::list);
                                  return element;
                              }
                              return std::nullopt;  // wait until one of the keys changes
                          });
    resp::Server server{{.port = 6383}, resp::Service{commands}};
    server.run();
}
