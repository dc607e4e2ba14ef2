// Replies that do not go through the output: deferred replies, and long strings that are not copied.
//
// The way of a deferred reply:
//
//     handler              reply.defer(): a hole in the queue, after everything before it
//     later requests       their replies stand after the hole and wait
//     Deferred::reply()    on the connection's thread: fills the hole
//                          on another thread: the mailbox collects the replies, and one posted action fills
//                          all their holes
//     Worker::end_turn()   sends, for all connections whose holes were filled since the last time
#include "session.hpp"
#include "session_templates.hpp"
#include "worker.hpp"

#include <cassert>
#include <string_view>

namespace resp {

namespace {

// A string of at least this size is sent without a copy.
constexpr std::size_t least_shared = 16 * 1024;
// An answer of at most this size always has room. A longer one has its own memory, and needs room in max_memory.
constexpr std::size_t short_answer = 4 * 1024;

}  // namespace

// ---- Reply

Deferred Reply::defer() {
    assert(session_ != nullptr);
    return session_ != nullptr ? session_->defer(std::nullopt) : Deferred{};
}

Deferred Reply::defer(std::chrono::milliseconds deadline) {
    assert(session_ != nullptr);
    return session_ != nullptr ? session_->defer(deadline) : Deferred{};
}

Reply& Reply::bulk_string(std::shared_ptr<const std::string> bytes) {
    if (bytes->size() < least_shared || session_ == nullptr) {
        bulk_string(std::string_view{*bytes});
    } else {
        session_->share(std::move(bytes));
    }
    return *this;
}

void Reply::rollback(Mark to) {
    assert(to.size_ <= size());
    if (string_ != nullptr) {
        string_->resize(begin_ + to.size_);
    } else if (session_ == nullptr) {
        buffer_->truncate(begin_ + to.size_);
    } else {
        session_->rollback(begin_ + to.size_);
    }
}

std::size_t Reply::bytes_since(Mark from) const noexcept {
    const std::size_t bytes = size() - std::min(from.size_, size());
    return session_ == nullptr ? bytes : bytes + session_->shared_since(begin_ + from.size_);
}

// ---- Deferred

bool Deferred::wire(std::string_view bytes) && {
    if (session_ == nullptr) return false;
    const bool taken = detail::Session::answer(session_, hole_, bytes, false);
    session_ = nullptr;
    return taken;
}

Buffer& Deferred::scratch() noexcept {
    constexpr std::size_t most_kept = 64 * 1024;
    thread_local Buffer buffer;
    if (buffer.capacity() > most_kept) buffer.release();
    buffer.clear();
    return buffer;
}

void Deferred::drop() noexcept {
    if (session_ == nullptr) return;
    const std::shared_ptr<detail::Session> session = std::move(session_);
    try {
        std::string error;
        Encoder{error, version_}.simple_error("ERR internal error");
        static_cast<void>(detail::Session::answer(session, hole_, error, true));
    } catch (const std::exception&) {
        session->close_unanswered();  // no memory for the answer
    }
}

namespace detail {

// ---- Session, called by a handler

Deferred Session::defer(std::optional<std::chrono::milliseconds> deadline) {
    Reply& reply = queue_.output().reply;
    const bool is_deferred = (reply.state_ & Reply::deferred) != 0;
    assert(reply.empty() && !is_deferred);
    if (is_deferred) return {};  // the first Deferred gives the answer
    if (!reply.empty()) {
        queue_.output().drop_reply();
        reply.simple_error("ERR internal error");
        return {};
    }
    const std::size_t before = queue_.output().bytes.size();
    if (!queue_.has_pieces()) queue_.lend(worker_->take_pieces());
    const std::uint64_t hole =
        queue_.add_hole(worker_->deadline_in(deadline.value_or(mailbox_->shared().options.reply_deadline)));
    limits_.moved(before - queue_.output().bytes.size());
    reply.state_ |= Reply::deferred;
    return {shared_from_this(), hole, reply.version()};
}

/// Adds a long string to the reply that is being written. The queue gets it at the end of the reply.
void Session::share(std::shared_ptr<const std::string> bytes) {
    Output& out = queue_.output();
    SharedPayload payload =
        share_payload(mailbox_->owner(), std::move(bytes), mailbox_->shared().options.max_reply);
    if (payload == nullptr) throw std::bad_alloc{};
    out.shared.reserve(out.shared.size() + 1);
    out.bytes.commit_to(wire::put_header(out.bytes.prepare(wire::header_room), wire::byte(Type::bulk_string),
                                         payload->size()));
    out.shared.push_back({out.bytes.size(), std::move(payload)});
    out.bytes.append(wire::crlf);
    out.reply.state_ |= Reply::has_shared;
}

/// Drops the part of the unfinished reply that is after the first `size` bytes of the output.
void Session::rollback(std::size_t size) {
    Output& out = queue_.output();
    std::erase_if(out.shared, [&](const Output::Shared& part) { return part.before > size; });
    out.bytes.truncate(size);
}

/// The bytes of the shared strings of the unfinished reply that are after the first `size` bytes of the output.
std::size_t Session::shared_since(std::size_t size) const noexcept {
    std::size_t sum = 0;
    for (const Output::Shared& part : queue_.output().shared) {
        if (part.before > size) sum += part.payload->size();
    }
    return sum;
}

/// The reply was deferred, contains shared strings, or changes the limits.
void Session::end_special_reply() {
    Output& out = queue_.output();
    const unsigned state = out.reply.state_;
    out.reply.state_ &= Reply::closes;
    if ((state & Reply::deferred) != 0) {
        assert(out.reply.empty());
        out.drop_reply();
    }
    if ((state & (Reply::lifts | Reply::restores)) != 0) limit_requests((state & Reply::restores) != 0);
    if (out.shared.empty()) return;
    if (!queue_.has_pieces()) queue_.lend(worker_->take_pieces());
    const std::size_t before = out.size();
    std::size_t shared = 0;
    for (const Output::Shared& part : out.shared) shared += part.payload->size();
    try {
        queue_.end_shared_reply();
    } catch (...) {
        shut(std::make_error_code(std::errc::not_enough_memory));  // a part of the reply may be queued
        throw;
    }
    limits_.moved(before - out.size() + shared);
}

// ---- Session, called by a Deferred

/// Answers a deferred reply. From any thread. Returns false if the client does not get it.
bool Session::answer(const std::shared_ptr<Session>& session, std::uint64_t hole, std::string_view reply,
                     bool is_dropped) {
    if (session->peer_state() == PeerState::gone) return false;
    const bool is_long = reply.size() > short_answer;
    SharedPayload payload;
    if (is_long) {
        payload =
            make_payload(session->mailbox_->owner(), std::make_shared<const std::string>(reply), SIZE_MAX);
        if (payload == nullptr) {
            session->close_unanswered();
            return false;
        }
    }
    if (session->mailbox_->runs_here()) {
        return is_long ? session->fill(hole, std::move(payload)) : session->fill(hole, reply, is_dropped);
    }
    return session->mailbox_->answer(session, hole, is_long ? "" : reply, std::move(payload), is_dropped);
}

/// On the executor. It may be called inside other functions of the session, so it only changes the queue.
bool Session::fill(std::uint64_t hole, std::string_view reply, bool is_dropped) {
    if (worker_ == nullptr || state_ == State::closed) return false;
    worker_->flush_later(*this);  // first: if there is no memory for it, the hole stays open
    if (!queue_.fill(hole, reply)) return false;
    if (is_dropped) worker_->counters().handler_errors.add();
    count_held(reply.size());
    deadlines_.request_arrived();  // the idle time begins again
    return true;
}

/// The same for a long answer, whose memory the payload counts.
bool Session::fill(std::uint64_t hole, SharedPayload answer) {
    if (worker_ == nullptr || state_ == State::closed) return false;
    worker_->flush_later(*this);
    if (!queue_.fill(hole, std::move(answer))) return false;
    deadlines_.request_arrived();
    return true;
}

/// A tick.
void Session::answer_late(Clock::time_point now) {
    if (is_unanswered_.load(std::memory_order_relaxed)) {
        log(LogLevel::warn, "Closed: no memory for the answer to a deferred reply");
        worker_->counters().cut_off.add();
        return shut(std::make_error_code(std::errc::no_buffer_space));
    }
    if (queue_.holes() == 0) return;
    std::string error;
    Encoder{error, version()}.simple_error("ERR timeout");
    const std::size_t late = queue_.fill_late(now, error);
    if (late == 0) return;
    worker_->counters().timeouts.add(late);
    worker_->flush_later(*this);
}

/// Posts the answers that other threads have given, all in one action.
bool Mailbox::answer(const std::shared_ptr<Session>& session, std::uint64_t hole, std::string_view reply,
                     SharedPayload payload, bool is_dropped) {
    // Destroyed after the lock is released: a session may own a handler, and the handler a Deferred.
    Answers dropped;
    const std::lock_guard lock{answers_mutex_};
    answers_.bytes.append(reply);
    try {
        answers_.list.push_back({session, hole, reply.size(), std::move(payload), is_dropped});
        // Without an executor no thread takes the answers. They must not stay: they own their sessions.
        answers_posted_ = answers_posted_ || post([self = shared_from_this()] { self->deliver_answers(); });
    } catch (...) {
        answers_.bytes.truncate(answers_.bytes.size() - reply.size());
        std::erase_if(answers_.list, [&](const Answer& a) { return a.session == session && a.hole == hole; });
        throw;
    }
    if (!answers_posted_) {
        std::swap(answers_, dropped);
        return false;
    }
    shared_->memory.fetch_add(reply.size(), std::memory_order_relaxed);
    return true;
}

/// The mailbox is shut.
void Mailbox::drop_answers() noexcept {
    Answers dropped;
    const std::lock_guard lock{answers_mutex_};
    std::swap(answers_, dropped);
    shared_->memory.fetch_sub(dropped.bytes.size(), std::memory_order_relaxed);
    answers_posted_ = false;
}

void Mailbox::deliver_answers() {
    {
        const std::lock_guard lock{answers_mutex_};
        std::swap(answers_, delivering_);
        answers_posted_ = false;
    }
    std::string_view bytes = delivering_.bytes.view();
    for (Answer& answer : delivering_.list) {
        try {
            if (answer.payload != nullptr) {
                static_cast<void>(answer.session->fill(answer.hole, std::move(answer.payload)));
            } else {
                static_cast<void>(
                    answer.session->fill(answer.hole, bytes.substr(0, answer.size), answer.is_dropped));
            }
        } catch (const std::exception&) {
            answer.session->close_unanswered();
        }
        bytes.remove_prefix(answer.size);
    }
    shared_->memory.fetch_sub(delivering_.bytes.size(), std::memory_order_relaxed);
    delivering_.clear();
}

}  // namespace detail
}  // namespace resp
