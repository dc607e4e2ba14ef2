// The server's engine without sockets, threads and waiting: clients are in memory, and the test decides what
// happens and when. Only for tests of this project: it includes lib/src.
#pragma once

#include "server/worker.hpp"

#include <libresp/server/handler.hpp>
#include <libresp/server/options.hpp>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace support {

using resp::Interest;

/// A client, and the stream between it and the engine. The public fields say how the stream fails; a test may
/// change them at any time.
class MemoryClient {
public:
    static constexpr std::size_t all = SIZE_MAX;

    // ---- what the client does
    /// Sends bytes as one piece. A read never returns bytes of two pieces.
    void send(std::string_view bytes) {
        if (!bytes.empty()) coming_.emplace_back(bytes);
    }
    /// Ends its stream after the bytes that it sent.
    void finish() noexcept { finished_ = true; }
    /// Breaks the stream: each later read and write fails.
    void fail(std::errc error = std::errc::connection_reset) noexcept {
        failure_ = std::make_error_code(error);
    }

    // ---- how the stream behaves
    std::size_t most_read = all;     ///< maximum bytes of one read
    std::size_t most_write = all;    ///< maximum bytes of one write
    std::size_t room = all;          ///< bytes that writes accept until they would block
    std::size_t reports_room = 1;    ///< the engine is notified of this much room or more, as a kernel does
    std::size_t unacknowledged = 0;  ///< accepted bytes that have not reached the client
    std::size_t fails_at = all;      ///< the call of the engine, from 0, at which the stream breaks

    // ---- what the test sees
    /// Everything that the engine has sent. There is room for some of it before a write, which must not throw.
    std::string received = with_room();
    bool ended = false;      ///< the engine has ended the stream
    bool closed = false;     ///< the engine has closed the stream
    std::size_t calls = 0;   ///< of the engine: reads, writes, waits
    std::size_t reads = 0;   ///< of these, the reads
    std::size_t writes = 0;  ///< of these, the writes
    Interest interest{};     ///< what the engine waits for
    /// Bytes that the client has sent and the engine has not read.
    [[nodiscard]] std::size_t unread() const noexcept {
        std::size_t n = 0;
        for (const std::string& piece : coming_) n += piece.size();
        return n;
    }

    // ---- what a poller does
    /// The part of `interest` that is possible now.
    [[nodiscard]] Interest ready() const noexcept {
        const bool readable = failure_ || finished_ || !coming_.empty();
        const bool failed = static_cast<bool>(failure_);
        return {.read = interest.read && readable,
                .write = interest.write && (failed || room >= reports_room),
                .leave = interest.leave && (failed || finished_),
                .gone = interest.gone && failed};
    }
    /// Notifies the engine of ready(). Returns false if nothing is ready.
    bool notify() { return notify(ready()); }
    /// Notifies the engine of `ready`, even if it is not true.
    bool notify(Interest ready);

private:
    friend class MemoryTransport;

    static std::string with_room() {
        std::string bytes;
        bytes.reserve(256);
        return bytes;
    }
    /// Counts a call; true if the stream is broken.
    bool breaks(std::error_code& ec) noexcept {
        if (calls++ == fails_at) fail();
        ec = failure_;
        return static_cast<bool>(failure_);
    }

    std::deque<std::string> coming_;
    bool finished_ = false;
    std::error_code failure_;
    class MemoryTransport* transport_ = nullptr;  // until it is closed
};

/// The engine's end of the stream.
class MemoryTransport final : public resp::Transport {
public:
    explicit MemoryTransport(std::shared_ptr<MemoryClient> client) : client_(std::move(client)) {
        client_->transport_ = this;
    }
    ~MemoryTransport() override {
        client_->transport_ = nullptr;
        client_->interest = {};
        client_->closed = true;
    }

    std::size_t read(std::span<char> room, std::error_code& ec) noexcept override {
        MemoryClient& client = *client_;
        ++client.reads;
        if (client.breaks(ec)) return 0;
        if (client.coming_.empty()) {
            if (!client.finished_) ec = std::make_error_code(std::errc::operation_would_block);
            return 0;
        }
        std::string& piece = client.coming_.front();
        const std::size_t n = std::min({piece.size(), room.size(), client.most_read});
        std::memcpy(room.data(), piece.data(), n);
        piece.erase(0, n);
        if (piece.empty()) client.coming_.pop_front();
        return n;
    }

    std::size_t write(std::span<const std::string_view> pieces, std::error_code& ec) noexcept override {
        MemoryClient& client = *client_;
        assert(!pieces.empty() && !pieces.front().empty());
        if (client.breaks(ec)) return 0;
        ++client.writes;
        std::size_t left = std::min(client.most_write, client.room);
        std::size_t sent = 0;
        for (const std::string_view bytes : pieces) {
            const std::size_t n = std::min(bytes.size(), left);
            client.received += bytes.substr(0, n);
            left -= n;
            sent += n;
        }
        if (client.room != MemoryClient::all) client.room -= sent;
        if (sent == 0) ec = std::make_error_code(std::errc::operation_would_block);
        return sent;
    }

    Interest wait(Interest interest) override {
        std::error_code ec;
        if (client_->calls == client_->fails_at && client_->breaks(ec)) throw std::bad_alloc{};
        ++client_->calls;
        client_->interest = interest;
        return {};
    }

    void finish() noexcept override { client_->ended = true; }
    [[nodiscard]] std::size_t unacknowledged() const noexcept override { return client_->unacknowledged; }

    using Transport::notify;

private:
    const std::shared_ptr<MemoryClient> client_;
};

inline bool MemoryClient::notify(Interest ready) {
    if (transport_ == nullptr || ready == Interest{}) return false;
    transport_->notify(ready);
    return true;
}

/// A worker and its connections. Time passes only in pass() and tick().
class MemoryServer {
public:
    using Clock = resp::detail::Clock;

    template <resp::Handler H>
    MemoryServer(resp::Options options, H handler)
        : context_(1),
          shared_(std::make_shared<resp::detail::Shared>(
              std::move(options), std::make_unique<resp::detail::HandlerFactory<H>>(std::move(handler)))),
          worker_(std::make_shared<resp::detail::Worker>(shared_, context_.get_executor())) {
        worker_->tick(now_);
    }

    /// A new client. It has sent nothing yet.
    MemoryClient& connect() {
        clients_.push_back(std::make_shared<MemoryClient>());
        adopt(clients_.back());
        return *clients_.back();
    }
    /// Connects a client that the caller owns. Only the caller notifies the engine of it; step() does not.
    void adopt(std::shared_ptr<MemoryClient> client) {
        const resp::detail::Peer peer{.tcp = {}, .is_unix = true};
        auto transport = std::make_unique<MemoryTransport>(std::move(client));
        resp::detail::Place place;
        const resp::detail::Refusal refusal = shared_->places.take(place, peer, now_);
        if (refusal != resp::detail::Refusal::none) {
            worker_->refuse(std::move(transport), peer, resp::detail::last_words(refusal));
        } else {
            ++shared_->accepted;
            worker_->adopt(std::move(transport), peer, std::move(place));
        }
    }

    /// Runs one action that the engine has posted. If there is none, notifies the engine of one ready client,
    /// each client in turn. Returns false if nothing was done.
    bool step() {
        if (run_posted()) return true;
        for (std::size_t i = 0; i != clients_.size(); ++i) {
            next_ = (next_ + 1) % clients_.size();
            if (clients_[next_]->notify()) return true;
        }
        return false;
    }
    /// Posts an action of the test.
    template <class Action>
    void post(Action action) {
        asio::post(context_, std::move(action));
    }
    /// Runs one posted action. Returns false if there is none.
    bool run_posted() {
        context_.restart();
        return context_.poll_one() != 0;
    }
    /// Steps until nothing is left.
    void run() {
        while (step()) {
        }
    }
    /// Lets time pass in ticks, and steps in between.
    void pass(Clock::duration time) {
        run();
        for (const auto end = now_ + time; now_ != end;) {
            now_ = std::min(end, now_ + resp::detail::Worker::tick_time);
            tick();
            run();
        }
    }
    /// One tick, without steps.
    void tick() { worker_->tick(now_); }
    void tick(Clock::duration time) {
        now_ += time;
        tick();
    }

    void stop() {
        worker_->drain([this] { stopped_ = true; });
    }
    /// Closes every connection by force.
    void abort() { worker_->abort(); }
    /// Whether the last connection has closed after stop().
    [[nodiscard]] bool has_stopped() const noexcept { return stopped_; }

    [[nodiscard]] const resp::detail::Counters& counters() const noexcept { return worker_->counters(); }
    [[nodiscard]] std::uint64_t connections() const noexcept { return shared_->places.connections(); }
    [[nodiscard]] std::uint64_t memory() const noexcept { return shared_->memory; }
    [[nodiscard]] resp::detail::Worker& worker() noexcept { return *worker_; }

private:
    asio::io_context context_;  // destroyed last: posted actions refer to the other members
    std::shared_ptr<resp::detail::Shared> shared_;
    std::shared_ptr<resp::detail::Worker> worker_;
    std::deque<std::shared_ptr<MemoryClient>> clients_;
    std::size_t next_ = 0;
    Clock::time_point now_{std::chrono::hours{1}};  // not 0, which means never
    bool stopped_ = false;
};

}  // namespace support
