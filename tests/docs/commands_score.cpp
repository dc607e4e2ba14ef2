#include <libresp/service.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using Scores = std::map<std::string, double, std::less<>>;
using Line = std::pair<std::string_view, double>;

std::vector<Line> best(const Scores& scores, std::size_t count) {
    std::vector<Line> lines(scores.begin(), scores.end());
    std::sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) { return a.second > b.second; });
    lines.resize(std::min(count, lines.size()));
    return lines;
}

int main() {
    Scores scores;
    resp::Commands commands;
    commands.add("SCORE SET player points",
                 [&](std::string_view player, double points) {
                     scores.insert_or_assign(std::string{player}, points);
                     return resp::ok;
                 },
                 {.write = true, .summary = "Sets the points of a player.", .group = "score"});
    commands.add(
        "SCORE GET player [player ...]",
        [&](resp::Words players) {
            std::vector<std::optional<double>> points;
            for (const std::string_view player : players) {
                const auto found = scores.find(player);
                points.push_back(found == scores.end() ? std::nullopt : std::optional{found->second});
            }
            return points;
        },
        {.readonly = true, .summary = "Returns the points of players.", .group = "score"});
    commands.add("SCORE TOP [count]",
                 [&](std::optional<std::uint32_t> count) { return best(scores, count.value_or(10)); },
                 {.readonly = true, .summary = "Returns the best players.", .group = "score"});
    resp::Server server{{.port = 6382}, resp::Service{commands}};
    server.run();
}
