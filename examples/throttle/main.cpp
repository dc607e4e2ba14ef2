// A rate limiter, as the module redis-cell is one. THROTTLE key burst count seconds says whether the key may act now:
// `count` times each `seconds`, and `burst` times at once.
//
//     ./throttle 6379
//     redis-cli -p 6379 THROTTLE user:7 3 10 60      1) 1 (allowed)   2) 2 (left at once)   3) 0 (seconds to wait)
#include <libresp/service.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <map>

int main(int argc, char** argv) {
    resp::Options options;
    if (argc > 1) std::from_chars(argv[1], argv[1] + std::strlen(argv[1]), options.port);
    std::map<std::string, double, std::less<>>
        full_at;  // the second at which the key may act `burst` times again
    resp::Commands commands;
    commands.add("THROTTLE key burst count seconds", [&](std::string_view key, std::uint32_t burst,
                                                         std::uint32_t count, std::uint32_t seconds) {
        if (burst == 0 || count == 0 || seconds == 0) throw resp::error("ERR a number is zero");
        const std::chrono::duration<double> time = std::chrono::steady_clock::now().time_since_epoch();
        const double now = time.count(), each = static_cast<double>(seconds) / count;
        // Old keys go, so that strangers cannot fill the memory.
        if (full_at.size() > 1'000'000) std::erase_if(full_at, [&](auto& k) { return k.second <= now; });
        double& full = full_at.try_emplace(std::string{key}, now).first->second;
        const double after = std::max(full - now, 0.0) + each;
        const double late = after - each * burst;
        if (late > 0) return std::tuple{0, 0L, static_cast<long>(late) + 1};
        full = now + after;
        return std::tuple{1, static_cast<long>(-late / each + 1e-6), 0L};
    });
    resp::Server server{options, resp::Service{commands}};
    std::printf("Listening on %s\n", server.local_endpoint().to_string().c_str());
    std::fflush(stdout);
    server.run();
}
