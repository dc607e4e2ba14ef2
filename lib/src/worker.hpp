// What the connections of one thread share: a buffer to read into, decoders and reply buffers for
// those that need one just now, the clock that their deadlines are checked by.
#pragma once

#include "asio.hpp"
#include "session.hpp"
#include "shared.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace resp::detail {

/// An open file descriptor that is nobody else's.
class Descriptor {
public:
    explicit Descriptor(int number) noexcept : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
    Descriptor& operator=(Descriptor&&) = delete;
    ~Descriptor();
    [[nodiscard]] int number() const noexcept { return number_; }
    int release() noexcept { return std::exchange(number_, -1); }

private:
    int number_;
};

/// Runs on one executor, of one thread or a strand; so nothing in it is locked.
class Worker : public std::enable_shared_from_this<Worker> {
public:
    Worker(std::shared_ptr<Shared> shared, asio::any_io_executor executor);

    /// Serves a client that was accepted.
    void adopt(Descriptor client, const Peer& peer) noexcept;
    /// Tells a client that there are too many already.
    void refuse(Descriptor client, const Peer& peer) noexcept;

    /// Drains every connection, and calls `done` when the last one is gone.
    void drain(std::function<void()> done);
    /// Closes every connection at once.
    void abort();
    /// The context is going, and no thread runs it any more: lets go of what belongs to it.
    void dispose() noexcept;

    /// Runs an action on the executor, from any thread; drops it if the context is gone.
    template <class Action>
    void post(Action&& action) {
        const std::lock_guard lock{gate_};
        if (open_) asio::post(executor_, std::forward<Action>(action));
    }

    [[nodiscard]] const asio::any_io_executor& executor() const noexcept { return executor_; }
    [[nodiscard]] Shared& shared() noexcept { return *shared_; }
    [[nodiscard]] const Counters& counters() const noexcept { return counters_; }
    /// Called whenever a connection has closed; the listener waits for that when descriptors ran out.
    std::function<void()> on_closed;

    // For sessions.
    /// How often deadlines are looked at, and so how late a connection may be closed.
    static constexpr std::chrono::milliseconds tick_time{200};
    void add(Session& session);
    void remove(Session& session) noexcept;
    /// Room to read into; its bytes hold until the next co_await.
    [[nodiscard]] std::span<char> read_room();
    [[nodiscard]] std::unique_ptr<Decoder> take_decoder(std::uint64_t offset);
    void give_back(std::unique_ptr<Decoder> decoder);
    [[nodiscard]] Buffer take_buffer();
    void give_back(Buffer buffer);
    /// All connections together hold more input than they may: the largest is not read any more.
    void input_memory_exceeded();
    /// The time when the loop last looked at the clock, at most `tick` ago.
    [[nodiscard]] Clock::time_point now() const noexcept { return now_; }
    [[nodiscard]] Counters& counters() noexcept { return counters_; }

private:
    void tick() noexcept;
    [[nodiscard]] std::shared_ptr<Session> make_session(Descriptor client, const Peer& peer);
    [[nodiscard]] Session* largest(bool paused) noexcept;
    void wait_for_tick();
    void bound_input_memory();

    const std::shared_ptr<Shared> shared_;
    const asio::any_io_executor executor_;
    Counters counters_;
    std::unique_ptr<char[]> read_buffer_;
    std::vector<std::unique_ptr<Decoder>> decoders_;
    std::vector<Buffer> buffers_;
    Session* first_ = nullptr;
    std::function<void()> drained_;
    std::optional<asio::steady_timer> timer_;
    std::mutex gate_;
    bool open_ = true;  // behind the gate: the context is there to post to
    bool ticking_ = false;
    bool stopping_ = false;
    Clock::time_point memory_exceeded_{};  // since when, 0: it is not
    std::size_t lingering_ = 0;            // refused clients that read their last words
    Clock::time_point now_ = Clock::now();
};

}  // namespace resp::detail
