// The budget of log lines: 1000 in each second.
#include "server/shared.hpp"
#include "support/catch.hpp"
#include "support/client.hpp"

#include <string>
#include <vector>

using resp::LogLevel;
using support::eventually;

namespace {

constexpr int budget = 1000;

std::int64_t second() {
    const auto now = resp::detail::Clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

/// Waits for the beginning of a second.
void await_next_second() {
    const auto before = second();
    REQUIRE(eventually([&] { return second() != before; }));
}

/// Logs `n` lines within one second, and one in the next. Returns everything that was logged.
std::vector<std::string> logged(int n) {
    for (;;) {
        std::vector<std::string> lines;
        const resp::Log log{.level = LogLevel::info,
                            .sink = [&](LogLevel, std::string_view line) { lines.emplace_back(line); }};
        resp::detail::Logger logger{log};
        await_next_second();
        const auto begun = second();
        for (int i = 0; i != n; ++i) logger(LogLevel::info, "line {}", i);
        if (second() != begun) continue;  // too slow: this machine was busy
        await_next_second();
        logger(LogLevel::info, "the last");
        return lines;
    }
}

}  // namespace

TEST_CASE("a thousand lines in a second are logged, and none is left out") {
    const auto lines = logged(budget);
    REQUIRE(lines.size() == budget + 1);
    CHECK(lines[budget - 1] == "line 999");
    CHECK(lines[budget] == "the last");
}

TEST_CASE("the next line in the same second is left out, and the next second begins with that") {
    const auto lines = logged(budget + 1);
    REQUIRE(lines.size() == budget + 2);
    CHECK(lines[budget - 1] == "line 999");
    CHECK(lines[budget] == "[server] 1 log lines left out: 1 info");
    CHECK(lines[budget + 1] == "the last");
}
