// What must hold for a client whose connection has closed.
#include <fmt/format.h>

#include <algorithm>

#include "bounds.hpp"
#include "world.hpp"

namespace simulator {

void World::fail(const std::string& what) const {
    throw Finding{fmt::format("{} (round {})", what, rounds_)};
}

void World::fail(Client& client, const std::string& what) const {
    constexpr std::size_t most_shown = 300;
    const auto shown = [](std::string_view text) { return text.substr(0, most_shown); };
    throw Finding{fmt::format(
        "{} (round {}, {} ms)\n  client {}: cut {}, ending {}, taking {}, {}{}{}{}{}opened {}, closed {}, "
        "reason '{}', stall {} ms, frame {} ms\n  sent {} of {} bytes: {:?}\n  received {} bytes: {:?}\n"
        "  expected {} replies, pushed {}",
        what, rounds_, now_.count(), client.number, static_cast<int>(client.cutting),
        static_cast<int>(client.ending), static_cast<int>(client.taking), client.refused ? "refused, " : "",
        client.finished ? "finished, " : "", client.broken ? "broken, " : "",
        client.stream->ended ? "ended, " : "", client.stream->closed ? "stream closed, " : "",
        client.served.opened, client.served.closed, client.served.reason.message(),
        client.longest_stall.count(), client.longest_frame.count(), client.sent, client.wire.bytes.size(),
        shown(client.sent_bytes()), client.stream->received.size(), shown(client.stream->received),
        client.expected().replies.size(), client.served.pushed.size())};
}

/// Judges and forgets the clients whose connections are gone.
void World::remove_gone() {
    for (std::size_t i = 0; i != clients_.size();) {
        Client& client = *clients_[i];
        if (client.served.closed > client.served.opened) fail(client, "on_close() is called twice");
        if (!client.is_gone()) {
            ++i;
            continue;
        }
        judge(client);
        stage_.unsubscribe(&client.served);
        std::swap(clients_[i], clients_.back());
        clients_.pop_back();
    }
}

void World::judge(Client& client) {
    client.measure(now_);
    const bool was_served = client.served.opened != 0 || client.refused;
    if (!was_served) {
        ++lost_;
        return;
    }
    const fuzz::Match found =
        fuzz::match(client.stream->received, client.expected().replies, client.served.pushed);
    const char* const wrong = wrong_with(client, found);
    const bool no_memory = client.served.reason == std::make_error_code(std::errc::not_enough_memory);
    if (setup_.memory_fails && (wrong != nullptr || (no_memory && !client.broken))) {
        ++lost_;
        if (lost_ > failures_) fail(client, wrong != nullptr ? wrong : "no memory, although none failed");
    } else if (wrong != nullptr) {
        fail(client, wrong);
    }
    count(client, found);
}

const char* World::wrong_with(Client& client, const fuzz::Match& found) {
    if (client.served.closed != client.served.opened) return "on_close() is not called once";
    if (found.wrong != nullptr) return found.wrong;
    if (const char* const wrong = wrong_reason(client)) return wrong;
    if (client.stream->ended && found.cut) return "a stream ends inside a reply";
    if (is_excused(client)) return nullptr;
    return wrong_number(client, found);
}

/// Checks that the reason of the end is one of the things that happened.
const char* World::wrong_reason(Client& client) {
    const std::error_code reason = client.served.reason;
    const auto is = [&](std::errc code) { return reason == std::make_error_code(code); };
    if (client.refused || client.broken) return nullptr;
    const fuzz::Expected& expected = client.expected();
    if (!reason) {
        const bool ended = client.finished || client.closed_by_app || expected.ends || stopped_at_;
        return ended ? nullptr : "a connection is closed for no reason";
    }
    if (is(std::errc::timed_out)) {
        return is_late(client) ? nullptr : "a deadline closes a client that is not late";
    }
    if (is(std::errc::no_buffer_space)) {
        return has_limits() ? nullptr : "a limit closes a client that does not exceed it";
    }
    if (is(std::errc::operation_canceled) && aborted_) return nullptr;
    if (!expected.ends) return "a connection ends for a reason that did not happen";
    if (expected.error && reason != make_error_code(*expected.error)) {
        return "on_close() is not given the protocol error";
    }
    return nullptr;
}

/// Whether a deadline may have closed it. An idle connection is one from which the engine has read nothing.
bool World::is_late(const Client& client) const {
    const resp::Options& options = setup_.options;
    // At a write_rate of 1, one byte earns one second of patience, not the whole write_stall.
    const Time patience = std::min<Time>(options.write_stall, Time{1'000});
    const bool is_idle = client.stream->unread() != 0 || now_ - client.sent_at >= options.idle_timeout;
    return client.longest_stall >= patience || client.longest_frame >= options.frame_deadline ||
           (options.idle_timeout.count() != 0 && is_idle);
}

/// Whether it may have received less: its stream failed, or the connection was closed early.
bool World::is_excused(const Client& client) const {
    const auto is = [&](std::errc code) { return client.served.reason == std::make_error_code(code); };
    const bool cut_off = has_limits() && server_->counters().cut_off.value() != 0 &&
                         (client.taking != Taking::everything || client.stream->closed);
    return client.broken || client.closed_by_app || aborted_ || is(std::errc::timed_out) ||
           is(std::errc::no_buffer_space) || cut_off || client.longest_stall >= setup_.options.write_stall;
}

const char* World::wrong_number(Client& client, const fuzz::Match& found) {
    const fuzz::Expected& expected = client.expected();
    if (client.sent_before_stop && !client.refused) {
        const std::string_view before = client.sent_bytes().substr(0, *client.sent_before_stop);
        const std::size_t due =
            std::min(fuzz::expected_of(before, setup_.options).replies.size(), expected.replies.size());
        return found.replies >= due ? nullptr : "a request before the stop has no reply";
    }
    if (expected.abrupt) return nullptr;  // closed at the first byte: a push may be lost
    if (found.replies != expected.replies.size() || found.cut) return "a request has no reply";
    if (found.pushes < client.served.own_pushes && !may_lose_pushes(client)) {
        return "a push of a handler is lost";
    }
    if (expected.ends && !client.stream->ended && !client.finished) return "the stream was not ended";
    return nullptr;
}

void World::count(Client& client, const fuzz::Match& found) {
    using support::MemoryClient;
    const MemoryClient& stream = *client.stream;
    summary_.add(Event::reply, found.replies);
    summary_.add(Event::push, found.pushes);
    const std::size_t own = client.served.own_pushes;
    if (found.pushes > own) summary_.add(Event::subscriber_push, found.pushes - own);
    if (stream.most_read != MemoryClient::all) summary_.add(Event::short_reads);
    if (stream.most_write != MemoryClient::all) summary_.add(Event::short_writes);
    if (client.taking == Taking::slowly) summary_.add(Event::slow_reader);
    if (client.taking == Taking::nothing) summary_.add(Event::no_reader);
    if (client.ending == Ending::resets && client.broken) summary_.add(Event::reset);
    if (client.ending == Ending::half_closes && client.finished) summary_.add(Event::half_close);
    if (stream.fails_at < stream.calls) summary_.add(Event::call_fails);
    if (!client.refused) summary_.add_reason(client.served.reason);
}

}  // namespace simulator
