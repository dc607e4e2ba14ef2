// One scripted client: what it will do, what it did, and what it must receive.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "fuzz/server_rule.hpp"
#include "handlers.hpp"
#include "random.hpp"
#include "setup.hpp"
#include "summary.hpp"
#include "support/memory_transport.hpp"
#include "wire.hpp"

namespace simulator {

using Time = std::chrono::milliseconds;  // since the world began

/// How a client takes its replies.
enum class Taking : std::uint8_t { everything, slowly, nothing };
/// How a client ends when it has sent everything.
enum class Ending : std::uint8_t {
    leaves,       // waits for all replies, then ends its stream
    half_closes,  // ends its stream at once
    resets,       // breaks its stream at some time
    stays,        // does nothing more
};
/// How a client cuts what it sends.
enum class Cutting : std::uint8_t { one_piece, requests, pieces, bytes };

class Client {
public:
    Client(const Setup& setup, Random& random, std::size_t number);

    // ---- what it does
    /// One action at the time `now`.
    void act(Random& random, Time now);
    /// Sends nothing more from now on, and takes everything, unless it takes nothing.
    void become_patient() noexcept;
    /// Ends its stream, and takes everything.
    void finish(Time now);

    // ---- what must be true
    /// What it must receive for all bytes that it has sent.
    [[nodiscard]] const fuzz::Expected& expected();
    [[nodiscard]] std::string_view sent_bytes() const noexcept {
        return std::string_view{wire.bytes}.substr(0, sent);
    }
    [[nodiscard]] bool has_sent_all() const noexcept { return sent == wire.bytes.size(); }
    /// Whether it has taken as many bytes as it must receive. Cheap, and wrong only if a byte is wrong.
    [[nodiscard]] bool has_all_replies();
    /// Ends the times that are measured from one event to the next. Call it before each tick and each action.
    void measure(Time now) noexcept;
    /// Whether the engine has forgotten it. While a coroutine waits, it has not.
    [[nodiscard]] bool is_gone() const noexcept {
        return stream->closed && (!setup.coroutine || served.closed == served.opened);
    }

    const Setup& setup;
    const std::size_t number;
    std::shared_ptr<support::MemoryClient> stream;
    fuzz::Served served;
    Wire wire;
    Taking taking = Taking::everything;
    Ending ending = Ending::leaves;
    Cutting cutting = Cutting::one_piece;

    std::size_t sent = 0;
    std::optional<std::size_t> sent_before_stop;
    bool refused = false;
    bool finished = false;
    bool broken = false;           // its stream may have failed
    bool closed_by_app = false;    // by Connection::close()
    Time sent_at{0};               // when it sent its last bytes
    Time longest_stall{0};         // the longest time without a byte taken although it had no room
    Time longest_frame{0};         // the longest time with an incomplete request
    std::optional<Time> ended_at;  // when it saw the end of its stream

private:
    void choose_faults(Random& random);
    void send_piece(Random& random, Time now);
    void make_room(Random& random);
    void end(Random& random, Time now);

    std::size_t pause_ = 0;  // rounds without an action
    std::size_t breaks_at_ = SIZE_MAX;
    std::size_t taken_ = 0;  // bytes, at stalled_since_
    Time stalled_since_{0};
    Time frame_since_{0};       // when the request began that the engine has not read to its end
    Time next_frame_since_{0};  // when the request began that is not sent to its end
    std::size_t next_end_ = 0;  // of wire.ends
    bool inside_frame_ = false;
    std::size_t expected_for_ = SIZE_MAX;  // the value of `sent` for which expected_ was computed
    std::size_t expected_bytes_ = 0;
    fuzz::Expected expected_;
};

}  // namespace simulator
