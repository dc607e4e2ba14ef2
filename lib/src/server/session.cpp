// What a connection is asked for, and what it does then. It decides here; the turns that it takes are
// in batch.cpp, what it sends in output.cpp, and how it ends in ending.cpp.
#include "session.hpp"

#include "worker.hpp"

#include <algorithm>

namespace resp::detail {

Session::Session(Worker& worker, std::unique_ptr<Transport> transport, std::unique_ptr<Adapter> adapter,
                 const Peer& peer)
    : worker_(&worker),
      mailbox_(worker.mailbox()),
      transport_(std::move(transport)),
      adapter_(std::move(adapter)),
      peer_(peer) {
    transport_->attach(*this);
}

Session::~Session() = default;

// ---- being asked

/// Every public function that runs on the executor: acts, goes on as far as that allows, and says what
/// is waited for next. Without memory for it, the connection ends.
template <class Action>
void Session::enter(const Action& action) noexcept {
    if (worker_ == nullptr) return;  // it has ended
    const bool outermost = !entered_;
    entered_ = true;
    try {
        action();
        if (outermost) advance();
    } catch (...) {
        shut(std::make_error_code(std::errc::not_enough_memory));
    }
    if (!outermost) return;
    account();
    entered_ = false;
    settle();
}

/// The same later, when the others have had their turn.
void Session::post(void (Session::*action)()) {
    asio::post(worker_->executor(),
               [self = shared_from_this(), action] { self->enter([&] { (self.get()->*action)(); }); });
}

void Session::start() noexcept {
    static std::atomic<std::uint64_t> last_id{0};
    connection_ = Connection{weak_from_this(), ++last_id};
    enter([this] { open(); });
}

void Session::refuse(std::string_view last_words) noexcept {
    refused_ = true;
    enter([&] {
        output().bytes.append(last_words);
        stop_reading({});
    });
}

void Session::ready(Interest ready) noexcept {
    enter([&] {
        readable_ = ready.read;
        if (ready.write) {
            waiting_.write = false;
            flush();
        }
    });
}

void Session::drain() noexcept {
    enter([this] {
        draining_ = true;
        paused_ = false;  // it goes, and all it holds with it
    });
}

void Session::pause(bool paused) noexcept {
    enter([&] {
        const bool resumed = paused_ && !paused;
        paused_ = paused && !draining_;
        if (paused_) batch_end_ = 0;  // also where a handler waits
        if (!resumed || state_ != State::open) return;
        begun_ = {};  // what was not read meanwhile is not the client's fault
        set_deadline();
    });
}

void Session::abort(std::error_code reason) noexcept {
    enter([&] { shut(reason); });
}

void Session::check_deadlines(Clock::time_point now) noexcept {
    enter([&] { keep_deadlines(now); });
}

void Session::handler_ended() noexcept {
    enter([this] {
        handling_ = false;
        end_batch(handle());
    });
}

void Session::send(std::string bytes) {
    const std::size_t size = bytes.size();
    // Where they come faster than the thread takes them, it will close when it gets to it.
    const std::size_t most = mailbox_->shared().options.max_output;
    if (pushing_.fetch_add(size, std::memory_order_relaxed) > most) bytes.clear();
    try {
        mailbox_->post([self = shared_from_this(), bytes = std::move(bytes), size] {
            self->enter([&] { self->queue_push(bytes, size); });
        });
    } catch (...) {
        pushing_.fetch_sub(size, std::memory_order_relaxed);
        throw;
    }
}

void Session::close() noexcept try {
    is_open_.store(false, std::memory_order_relaxed);  // may_go_on() sees it at once
    mailbox_->post([self = shared_from_this()] { self->enter([&] { self->stop_reading({}); }); });
} catch (const std::exception&) {
    // No memory to tell the thread: notice_close() does at the next tick.
}

// ---- going on

/// Goes on as far as it can without waiting.
void Session::advance() {
    if (handling_ || posted_) return;
    if (state_ == State::open) read_and_handle();
    if (state_ == State::closing && !handling_ && !posted_) finish();
    if (state_ == State::lingering && readable_) discard();
}

/// Gives back what it does not need while it waits, and counts the memory that it keeps.
void Session::account() noexcept try {
    if (!handling_) give_back_room();
    const std::size_t held =
        (decoder_ != nullptr ? decoder_->memory() : 0) + (out_ != nullptr ? out_->memory() : 0);
    if (held == held_) return;
    mailbox_->shared().memory.fetch_add(held - held_, std::memory_order_relaxed);
    held_ = held;
    if (held != 0) worker_->bound_memory();
} catch (const std::exception&) {
    // No memory for a log line: the next tick tries again.
}

/// What it has borrowed may be much larger than what it has in it, and that counts.
void Session::give_back_room() {
    const auto enough = [](std::size_t bytes) { return std::max<std::size_t>(64 * 1024, 32 * bytes); };
    if (decoder_ != nullptr) decoder_->shrink(enough(decoder_->pending()));
    if (out_ == nullptr) return;
    if (out_->empty()) {
        worker_->give_back(std::move(out_));
    } else {
        out_->shrink(enough(queued()));
    }
}

/// Says what is waited for. Last of all: where nothing is, the connection ends.
void Session::settle() noexcept try {
    readable_ = false;
    if (state_ == State::closed) {
        if (!handling_) end();
        return;
    }
    const bool stopped = handling_ || posted_ || output_full_ || paused_;
    waiting_.read = state_ == State::lingering ? discards_ != 0 : state_ == State::open && !stopped;
    transport_->wait(waiting_);
} catch (...) {
    shut(std::make_error_code(std::errc::not_enough_memory));
    if (!handling_) end();
}

}  // namespace resp::detail
