// What CLIENT LIST shows of a client.
#include <libresp/service/client.hpp>

#include <libresp/service/detail/command_entry.hpp>
#include <libresp/service/result.hpp>

#include <fmt/format.h>

#include <chrono>

namespace resp {

/// What a client makes the service keep counts for Options::max_memory.
void Client::set(std::string& member, std::string_view text) {
    const std::lock_guard lock{mutex_};
    const std::size_t others =
        user_.size() + name_.size() + library_name_.size() + library_version_.size() - member.size();
    const std::size_t size = others + text.size();
    constexpr std::size_t small = 256;  // with the connection itself
    if (size > small && size > charge_.bytes() && connection_.is_open()) {
        std::optional<Charge> counted = connection_.charge(size);
        if (!counted) throw Error{"OOM command not allowed when used memory > 'maxmemory'."};
        charge_ = std::move(*counted);
    }
    member = text;
    if (size <= small) charge_ = Charge{};
}

namespace {

/// As in Redis: N for none.
std::string flags_text(bool monitors, bool subscribes, bool queues, bool waits, bool tracks,
                       bool broadcasts) {
    std::string flags;
    if (monitors) flags += 'O';
    if (subscribes) flags += 'P';
    if (queues) flags += 'x';
    if (waits) flags += 'b';
    if (tracks) flags += 't';
    if (broadcasts) flags += 'B';
    return flags.empty() ? "N" : flags;
}

}  // namespace

std::string Client::line() const {
    using std::chrono::duration_cast;
    using std::chrono::seconds;
    const auto now = std::chrono::steady_clock::now();
    const auto age = duration_cast<seconds>(now - connection_.opened()).count();
    const auto idle = duration_cast<seconds>(now - connection_.last_active()).count();
    const detail::CommandEntry* const last = last_.load(std::memory_order_relaxed);
    const std::ptrdiff_t queued = queued_.load();
    const std::string flags = flags_text(monitors_.load(), is_subscriber(), queued >= 0, blocked_.load(),
                                         tracks_.load(), broadcasts_.load());
    return fmt::format(
        "id={} addr={} laddr={} fd=-1 name={} age={} idle={} flags={} db={} sub={} psub={} ssub={} multi={} "
        "qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 omem={} tot-mem={} events=r "
        "cmd={} user={} redir={} resp={} lib-name={} lib-ver={}",
        id_, connection_.peer().to_string(), connection_.local().to_string(), name(), age, idle, flags,
        database(), channels_.load(), patterns_.load(), shards_.load(), queued, connection_.queued(),
        connection_.held(), last != nullptr ? std::string_view{last->name} : "NULL", user(),
        tracks_.load() ? static_cast<std::int64_t>(redirect_.load()) : -1,
        connection_.version() == Version::resp3 ? 3 : 2, library_name(), library_version());
}

}  // namespace resp
