// The way of one request: receive() reads bytes and lends them to the decoder, handle() lets the
// handler write its replies to the requests in them, flush() sends those. run() is the loop around.
#include "session.hpp"

#include "worker.hpp"

#include <algorithm>

namespace resp::detail {

namespace {

// Input that one connection handles before the others get their turn.
constexpr std::uint64_t turn_budget = 64 * 1024;

// Room to read into inside an unfinished frame: as much again as has come, within these bounds, so
// that memory follows what was received, not what was announced.
constexpr std::size_t least_room = 16 * 1024;
constexpr std::size_t most_room = 128 * 1024;

// What a client may still send that does not know yet that we have closed.
constexpr std::size_t most_discarded = 1024 * 1024;
constexpr std::chrono::seconds linger_time{1};

// The first byte of a TLS ClientHello.
constexpr char tls_handshake = 0x16;

}  // namespace

Session::Session(std::shared_ptr<Worker> worker, Socket socket, const Peer& peer)
    : worker_(std::move(worker)), socket_(std::move(socket)), active_(worker_->now()), peer_(peer) {}

Session::~Session() = default;

void Session::start() {
    service_ = worker_->shared().factory->make();
    static std::atomic<std::uint64_t> last_id{0};
    connection_ = Connection{weak_from_this(), ++last_id};
    spawn();
}

void Session::refuse(std::string_view last_words) {
    refused_ = true;
    out_.append(last_words);
    stop_reading({});
    spawn();
}

void Session::spawn() {
    asio::co_spawn(worker_->executor(), run(shared_from_this()),
                   [self = shared_from_this()](const std::exception_ptr& failure) { self->ended(failure); });
}

/// Serves the client. Before every co_await that lets other connections run, hold() gives back what
/// belongs to the thread.
asio::awaitable<void> Session::run(std::shared_ptr<Session>) {
    if (service_) open();
    while (state_ == State::open) {
        if (paused_ && !draining_) {
            hold();
            co_await resumed();
            continue;
        }
        const Receipt receipt = receive();
        if (receipt == Receipt::end || (receipt == Receipt::nothing && draining_)) {
            stop_reading({});
            break;
        }
        if (receipt == Receipt::nothing) {
            hold();
            std::error_code ec;
            waiting_to_read_ = true;
            co_await socket_->async_wait(Socket::wait_read, asio::redirect_error(asio::use_awaitable, ec));
            waiting_to_read_ = false;
            continue;
        }
        begin_turn();
        for (Turn turn = handle(); turn != Turn::done; turn = handle()) {
            if (turn == Turn::awaiting) {
                co_await handle_awaited();
                continue;
            }
            hold();
            if (turn == Turn::output_full) co_await output_below(worker_->shared().options.output_low_water);
            if (turn == Turn::budget_spent) co_await asio::post(worker_->executor(), asio::use_awaitable);
            begin_turn();
        }
        hold();
        // The others first: until they have had their turn, the next request is likely to have come,
        // and the read that finds it saves a failing one and a wait.
        co_await asio::post(worker_->executor(), asio::use_awaitable);
    }
    co_await finish();
}

void Session::open() {
    log(LogLevel::info, "Accepted connection");
    try {
        service_->opened(connection_);
    } catch (...) {
        request_failed();
    }
}

// ---- receiving

/// Reads what has come, if anything, and gives it to the decoder.
Session::Receipt Session::receive() {
    std::error_code ec;
    std::size_t n = 0;
    if (decoder_ == nullptr && !service_->suspends()) {
        // Between two frames: read into the thread's buffer and decode there.
        const std::span<char> room = worker_->read_room();
        n = read_some(room, ec);
        if (n != 0) {
            decoder_ = worker_->take_decoder(offset_);
            decoder_->feed(room.first(n));
        }
    } else {
        // Inside a frame, or for a handler that keeps it while others run: into its own buffer.
        if (decoder_ == nullptr) decoder_ = worker_->take_decoder(offset_);
        n = read_some(decoder_->prepare(std::clamp(decoder_->pending(), least_room, most_room)), ec);
        decoder_->commit(n);
    }
    if (ec == asio::error::would_block || ec == asio::error::interrupted) return Receipt::nothing;
    if (ec) {
        at_end_ = true;
        if (ec != asio::error::eof) abort(ec);
        return Receipt::end;
    }
    active_ = worker_->now();
    worker_->counters().bytes_received.add(n);
    log(LogLevel::debug, "Received {} bytes", n);
    return Receipt::bytes;
}

std::size_t Session::read_some(std::span<char> room, std::error_code& ec) {
    const bool first = offset_ == 0 && (decoder_ == nullptr || decoder_->pending() == 0);
    const std::size_t n = socket_->read_some(asio::buffer(room.data(), room.size()), ec);
    if (first && n != 0 && room[0] == tls_handshake) {
        log(LogLevel::warn, "Speaks TLS, not RESP");
        ec = std::make_error_code(std::errc::protocol_not_supported);
        return 0;
    }
    return n;
}

// ---- handling

void Session::begin_turn() noexcept { turn_begin_ = decoder_ != nullptr ? decoder_->offset() : offset_; }

/// Lets the handler have the requests that are at hand, and sends its replies.
Session::Turn Session::handle() {
    if (decoder_ == nullptr) return Turn::done;
    if (out_.capacity() == 0) out_ = worker_->take_buffer();
    turn_ = Turn::done;
    Batch batch{*this};
    try {
        if (service_->handle(batch)) {
            handling_ = true;
            post_flush();
            return Turn::awaiting;
        }
    } catch (...) {
        request_failed();
    }
    end_turn();
    return state_ == State::open ? turn_ : Turn::done;
}

asio::awaitable<void> Session::handle_awaited() {
    account(decoder_->memory());
    try {
        co_await service_->awaited();
    } catch (...) {
        request_failed();
    }
    handling_ = false;
}

/// A coroutine handler may wait now, and may not. If it does, the replies before leave without it.
void Session::post_flush() {
    if (flush_posted_ || sent_ == reply_begin_) return;
    flush_posted_ = true;
    asio::post(worker_->executor(), [self = shared_from_this()] {
        self->flush_posted_ = false;
        self->guarded([&] { self->flush(); });
    });
}

/// The replies so far are whole: they may leave, and pushes may follow them.
void Session::end_turn() {
    end_reply();
    if (!pushes_.empty()) deliver_pushes();
    flush();
}

void Session::end_reply() noexcept {
    reply_begin_ = out_.size();
    if (reply_.version() != version()) version_.store(reply_.version(), std::memory_order_relaxed);
}

std::optional<View> Session::next_request() {
    end_reply();
    if (!pushes_.empty()) deliver_pushes();
    if (reply_.closing() || !is_open()) stop_reading({});
    if (state_ != State::open) return std::nullopt;
    if (queued() > worker_->shared().options.output_high_water) {
        turn_ = Turn::output_full;
        return std::nullopt;
    }
    if (decoder_->offset() - turn_begin_ >= turn_budget) {
        turn_ = Turn::budget_spent;
        return std::nullopt;
    }
    const std::optional<View> request = decoder_->next();
    if (!request) {
        if (decoder_->error()) protocol_error(*decoder_->error());
        return std::nullopt;
    }
    if (request->is_inline() && refuses_protocol(*request)) return std::nullopt;
    worker_->counters().requests.add();
    return request;
}

std::optional<View> Batch::next() { return session_.next_request(); }
Reply& Batch::reply() noexcept { return session_.reply_; }
const Connection& Batch::connection() const noexcept { return session_.connection_; }

// ---- waiting

/// Gives back what belongs to the thread: lent bytes, and with nothing left in them the decoder too.
/// flush() did so with the reply buffer. So an idle connection keeps no buffers.
void Session::hold() {
    if (decoder_ != nullptr) {
        decoder_->release();
        offset_ = decoder_->offset();
        const bool nothing_left = decoder_->pending() == 0 || state_ != State::open;
        if (nothing_left) worker_->give_back(std::move(decoder_));
        account(nothing_left ? 0 : decoder_->memory());
    }

    const Options& options = worker_->shared().options;
    if (decoder_ == nullptr || options.frame_deadline.count() == 0) {
        deadline_ = {};
    } else {
        // One deadline a frame, which moves with its bytes, not with its reads.
        if (deadline_ == Clock::time_point{} || waited_frame_ != offset_) {
            waited_frame_ = offset_;
            frame_begun_ = worker_->now();
        }
        const std::chrono::milliseconds earned{decoder_->pending() * 1000 /
                                               std::max<std::size_t>(options.frame_rate, 1)};
        deadline_ = frame_begun_ + options.frame_deadline + earned;
    }
}

/// Waits until somebody calls wake().
asio::awaitable<void> Session::resumed() {
    std::error_code ec;
    resume_ = std::make_unique<asio::steady_timer>(worker_->executor(), Clock::time_point::max());
    co_await resume_->async_wait(asio::redirect_error(asio::use_awaitable, ec));
    resume_.reset();
    deadline_ = {};  // what it did not read meanwhile is not the client's fault
}

/// Waits until at most `mark` bytes are queued, or none will leave any more.
asio::awaitable<void> Session::output_below(std::size_t mark) {
    resume_at_ = mark;
    while (state_ != State::closed && queued() > mark) co_await resumed();
}

// ---- the end

/// Sends what is queued, then closes so that it arrives: a socket that is closed while the client
/// still sends makes the client's kernel throw away what it has not read.
asio::awaitable<void> Session::finish() {
    if (decoder_ != nullptr) hold();
    flush();
    co_await output_below(0);
    std::error_code ec;
    if (state_ == State::closed) co_return;
    socket_->shutdown(Socket::shutdown_send, ec);
    if (at_end_) co_return;
    state_ = State::lingering;
    deadline_ = worker_->now() + linger_time;
    for (std::size_t discarded = 0; state_ == State::lingering && discarded < most_discarded;) {
        const std::span<char> room = worker_->read_room();
        discarded += socket_->read_some(asio::buffer(room.data(), room.size()), ec);
        if (ec && ec != asio::error::would_block) co_return;
        waiting_to_read_ = true;
        co_await socket_->async_wait(Socket::wait_read, asio::redirect_error(asio::use_awaitable, ec));
        waiting_to_read_ = false;
    }
}

}  // namespace resp::detail
