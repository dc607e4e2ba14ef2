// What a client does in each round.
#include "client.hpp"

#include <algorithm>
#include <array>

namespace simulator {

namespace {

constexpr std::size_t all = support::MemoryClient::all;

}  // namespace

Client::Client(const Setup& given, Random& random, std::size_t n)
    : setup(given), number(n), stream(std::make_shared<support::MemoryClient>()) {
    constexpr std::array<Cutting, 8> cuts = {Cutting::one_piece, Cutting::one_piece, Cutting::one_piece,
                                             Cutting::requests,  Cutting::requests,  Cutting::pieces,
                                             Cutting::pieces,    Cutting::bytes};
    constexpr std::array<Ending, 10> ends = {
        Ending::leaves,      Ending::leaves,      Ending::leaves, Ending::leaves, Ending::leaves,
        Ending::half_closes, Ending::half_closes, Ending::leaves, Ending::leaves, Ending::stays};
    constexpr std::size_t most_when_memory_fails = 1'000;
    cutting = random.one_of<Cutting>(cuts);
    ending = random.one_of<Ending>(ends);
    wire = wire_of(random, setup,
                   setup.memory_fails          ? most_when_memory_fails
                   : cutting == Cutting::bytes ? 3'000
                                               : all);
    if (random.chance(40)) served.greeting = fuzz::Served::Greeting::push;
    if (random.chance(5)) served.greeting = fuzz::Served::Greeting::exception;
    if (random.chance(setup.faults)) choose_faults(random);
    if (random.chance(30)) pause_ = random.between(5, 60);
    if (ending == Ending::half_closes && random.chance(300))
        wire.bytes.resize(random.below(wire.bytes.size() + 1));
}

void Client::choose_faults(Random& random) {
    switch (random.below(6)) {
        case 0: stream->most_read = random.between(1, 20); break;
        case 1: stream->most_write = random.between(1, 20); break;
        case 2:
            taking = Taking::slowly;
            stream->room = random.below(200);
            stream->reports_room = random.between(1, 30);
            break;
        case 3:
            taking = Taking::nothing;
            stream->room = random.below(100);
            break;
        case 4:
            ending = Ending::resets;
            breaks_at_ = random.below(wire.bytes.size() + 1);
            break;
        default: broken = true; stream->fails_at = random.below(30);
    }
    if (random.chance(200)) stream->unacknowledged = random.below(1'000);
}

// ---- actions

void Client::act(Random& random, Time now) {
    measure(now);
    if (pause_ != 0) --pause_;
    if (pause_ != 0 || finished || stream->closed) return;
    if (taking == Taking::slowly) make_room(random);
    if (sent >= breaks_at_) {
        broken = true;
        stream->fail(random.chance(500) ? std::errc::connection_reset : std::errc::broken_pipe);
        breaks_at_ = all;
        finished = true;
    } else if (!has_sent_all()) {
        send_piece(random, now);
    } else {
        end(random, now);
    }
}

void Client::send_piece(Random& random, Time now) {
    const std::size_t left = wire.bytes.size() - sent;
    std::size_t size = left;
    if (cutting == Cutting::requests && next_end_ != wire.ends.size()) size = wire.ends[next_end_] - sent;
    if (cutting == Cutting::pieces) size = random.between(1, std::max<std::size_t>(left / 2, 1));
    if (cutting == Cutting::bytes) size = random.between(1, 3);
    size = std::clamp<std::size_t>(size, 1, left);
    stream->send(std::string_view{wire.bytes}.substr(sent, size));
    sent += size;
    sent_at = now;
    const std::size_t before = next_end_;
    while (next_end_ != wire.ends.size() && wire.ends[next_end_] <= sent) ++next_end_;
    if ((wire.is_regular && next_end_ != before) || !inside_frame_) next_frame_since_ = now;
    inside_frame_ = !wire.is_regular || next_end_ == 0 || wire.ends[next_end_ - 1] != sent;
    if (random.chance(100)) pause_ = random.chance(50) ? random.between(20, 60) : random.between(1, 4);
}

void Client::make_room(Random& random) {
    if (stream->room != all && random.chance(300))
        stream->room += random.chance(50) ? 50'000 : random.below(500);
}

/// It has sent everything.
void Client::end(Random& random, Time now) {
    if (stream->ended && !ended_at) ended_at = now;
    switch (ending) {
        case Ending::half_closes: return finish(now);
        case Ending::leaves:
            if (has_all_replies() || (stream->ended && random.chance(300))) finish(now);
            return;
        case Ending::resets:
        case Ending::stays: return;
    }
}

void Client::become_patient() noexcept {
    if (taking == Taking::nothing) return;
    taking = Taking::everything;
    stream->room = all;
    stream->reports_room = 1;
}

void Client::finish(Time now) {
    measure(now);
    if (!finished) stream->finish();
    finished = true;
}

// ---- what must be true

const fuzz::Expected& Client::expected() {
    if (expected_for_ == sent) return expected_;
    if (refused) {
        expected_ = fuzz::Expected::last("-ERR max number of clients reached\r\n");
    } else if (served.greeting == fuzz::Served::Greeting::exception) {
        expected_ = fuzz::Expected::last(fuzz::simple_error("internal error"));
    } else {
        expected_ = fuzz::expected_of(sent_bytes(), setup.options);
    }
    expected_for_ = sent;
    expected_bytes_ = 0;
    for (const std::string& reply : expected_.replies) expected_bytes_ += reply.size();
    return expected_;
}

bool Client::has_all_replies() {
    static_cast<void>(expected());
    std::size_t bytes = expected_bytes_;
    for (const std::string& push : served.pushed) bytes += push.size();
    return stream->received.size() == bytes;
}

void Client::measure(Time now) noexcept {
    if (stream->room != 0 && stream->room >= stream->reports_room) stalled_since_ = now;
    if (stream->received.size() != taken_) {
        taken_ = stream->received.size();
        stalled_since_ = now;
    }
    longest_stall = std::max(longest_stall, now - stalled_since_);
    if (stream->unread() == 0) frame_since_ = inside_frame_ ? next_frame_since_ : now;
    longest_frame = std::max(longest_frame, now - frame_since_);
}

}  // namespace simulator
