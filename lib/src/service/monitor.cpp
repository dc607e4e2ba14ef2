// MONITOR: a line for each command that a client runs.
#include "monitor.hpp"

#include "defaults.hpp"
#include "shown_words.hpp"

#include <libresp/codec/escape.hpp>
#include <libresp/codec/wire.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <memory>
#include <string>

namespace resp::detail {

void Monitors::add(const Connection& client) {
    const std::lock_guard lock{mutex_};
    if (std::find(clients_.begin(), clients_.end(), client) == clients_.end()) clients_.push_back(client);
}

void Monitors::remove(const Connection& client) noexcept {
    const std::lock_guard lock{mutex_};
    std::erase(clients_, client);
}

bool Monitors::empty() const noexcept {
    const std::lock_guard lock{mutex_};
    return clients_.empty();
}

void Monitors::tell(const Call& call) {
    using std::chrono::duration_cast;
    using std::chrono::microseconds;
    constexpr std::size_t most_words = 128;
    const auto time =
        duration_cast<microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    std::string line = fmt::format("+{}.{:06} [{} {}]", time / 1'000'000, time % 1'000'000,
                                   call.client().database(), call.connection().peer().to_string());
    for (const std::string& word : shown_words(call, most_words)) {
        line += " \"";
        escape(line, word);
        line += '"';
    }
    line += wire::crlf;
    const auto shared = std::make_shared<const std::string>(std::move(line));
    const std::lock_guard lock{mutex_};
    send_all(clients_, shared);
}

void end_monitoring(Table& table, ClientRecord& client) noexcept {
    if (!client.is_monitor) return;
    client.is_monitor = false;
    client.update();
    update_idle_timeout(table, client);
    table.monitors.remove(client.connection());
    if (table.monitors.empty()) table.end_extra(Extra::monitor, [&] { return !table.monitors.empty(); });
}

void add_monitor(Table& table) {
    CommandTraits traits =
        about_admin("server", "Listens for all requests received by the server in real-time.");
    traits.no_multi = true;
    table.add_default(
        "MONITOR",
        [&table](Call& call) {
            ClientRecord& client = record_of(call);
            client.is_monitor = true;
            client.update();
            update_idle_timeout(table, client);
            table.monitors.add(client.connection());
            table.set_extra(Extra::monitor, true);
            return ok;
        },
        traits);
}

}  // namespace resp::detail
