// The handle on a connection: each member first checks whether the connection still exists.
#include <libresp/server/connection.hpp>

#include "session.hpp"

#include <algorithm>
#include <stdexcept>
#include <vector>

namespace resp {

namespace {

/// See share_payload(); for a push.
detail::SharedPayload share_push(const detail::Session& session, std::shared_ptr<const std::string> bytes) {
    const std::shared_ptr<detail::Shared>& shared = session.mailbox()->owner();
    return detail::share_payload(shared, std::move(bytes), shared->options.max_pushes);
}

}  // namespace

Endpoint Connection::peer() const {
    const auto session = session_.lock();
    return session ? session->peer() : Endpoint{};
}

Version Connection::version() const noexcept {
    const auto session = session_.lock();
    return session ? session->version() : Version::resp2;
}

bool Connection::is_open() const noexcept {
    const auto session = session_.lock();
    return session && session->is_open();
}

asio::any_io_executor Connection::executor() const {
    const auto session = session_.lock();
    return session ? session->mailbox()->copy_executor() : asio::any_io_executor{};
}

Sent Connection::send(std::string bytes) const {
    const auto session = session_.lock();
    if (!session || !session->is_open()) return Sent::gone;
    const std::shared_ptr<detail::Shared>& shared = session->mailbox()->owner();
    return session->send(detail::make_payload(shared, std::make_shared<const std::string>(std::move(bytes)),
                                              shared->options.max_pushes));
}

Sent Connection::send(std::shared_ptr<const std::string> bytes) const {
    const auto session = session_.lock();
    if (!session || !session->is_open()) return Sent::gone;
    return session->send(share_push(*session, std::move(bytes)));
}

void Connection::close() const {
    if (const auto session = session_.lock()) session->close();
}

PeerState Connection::peer_state() const noexcept {
    const auto session = session_.lock();
    return session ? session->peer_state() : PeerState::gone;
}

void Connection::set_idle_timeout(std::chrono::milliseconds time) const noexcept {
    if (const auto session = session_.lock())
        session->set_idle_timeout(std::clamp<std::chrono::milliseconds>(time, {}, detail::longest_duration));
}

std::optional<Charge> Connection::charge(std::size_t bytes) const {
    const auto session = session_.lock();
    if (!session || session->peer_state() == PeerState::gone) return std::nullopt;
    std::shared_ptr<detail::Shared> shared = session->mailbox()->owner();
    if (!shared->reserve(bytes)) return std::nullopt;
    session->charged.fetch_add(bytes, std::memory_order_relaxed);
    return Charge{std::move(shared), session_, bytes};
}

// ---- one push to many clients

namespace {

/// The connections of one thread that get the push.
struct Receivers {
    std::shared_ptr<detail::Mailbox> mailbox;
    std::shared_ptr<std::vector<std::shared_ptr<detail::Session>>> sessions;
};

std::vector<std::shared_ptr<detail::Session>>& receivers_of(std::vector<Receivers>& all,
                                                            const std::shared_ptr<detail::Mailbox>& mailbox) {
    for (Receivers& some : all) {
        if (some.mailbox == mailbox) return *some.sessions;
    }
    all.push_back({mailbox, std::make_shared<std::vector<std::shared_ptr<detail::Session>>>()});
    return *all.back().sessions;
}

void post_push(const Receivers& some, const detail::SharedPayload& push) {
    some.mailbox->post([sessions = some.sessions, push] {
        for (const auto& session : *sessions) session->queue_push(push);
    });
}

void uncount_push(std::span<const Receivers> all, std::size_t size) noexcept {
    for (const Receivers& some : all) {
        for (const auto& session : *some.sessions) session->uncount_push(size);
    }
}

/// Counts the push for the connection, and adds the connection to those that get it, unless it is refused.
bool add_receiver(std::vector<Receivers>& all, std::shared_ptr<detail::Session> session,
                  const detail::SharedPayload& push) {
    auto& sessions = receivers_of(all, session->mailbox());
    sessions.push_back(std::move(session));
    if (sessions.back()->count_push(push->size()) == Sent::queued) return true;
    sessions.pop_back();
    return false;
}

}  // namespace

std::size_t send_all(std::span<const Connection> connections, std::shared_ptr<const std::string> bytes) {
    std::vector<Receivers> all;
    std::size_t queued = 0;
    std::size_t posted = 0;
    try {
        detail::SharedPayload push;
        for (const Connection& connection : connections) {
            const auto session = detail::Session::of(connection);
            if (!session || !session->is_open()) continue;
            if (push == nullptr) push = share_push(*session, bytes);
            if (push == nullptr) return 0;
            if (add_receiver(all, session, push)) ++queued;
        }
        for (; posted != all.size(); ++posted) post_push(all[posted], push);
    } catch (...) {
        uncount_push(std::span{all}.subspan(posted), bytes->size());
        throw;
    }
    return queued;
}

// ---- memory that the program charges

Charge::Charge(std::shared_ptr<detail::Shared> shared, std::weak_ptr<detail::Session> session,
               std::size_t bytes) noexcept
    : shared_(std::move(shared)), session_(std::move(session)), bytes_(bytes) {}

Charge::Charge(Charge&& other) noexcept
    : shared_(std::move(other.shared_)),
      session_(std::move(other.session_)),
      bytes_(std::exchange(other.bytes_, 0)) {}

Charge& Charge::operator=(Charge&& other) noexcept {
    if (this == &other) return *this;
    release();
    shared_ = std::move(other.shared_);
    session_ = std::move(other.session_);
    bytes_ = std::exchange(other.bytes_, 0);
    return *this;
}

Charge::~Charge() { release(); }

void Charge::release() noexcept {
    if (bytes_ == 0) return;
    shared_->memory.fetch_sub(bytes_, std::memory_order_relaxed);
    if (const auto session = session_.lock()) session->charged.fetch_sub(bytes_, std::memory_order_relaxed);
    bytes_ = 0;
}

namespace detail {

Adapter::~Adapter() = default;
AdapterFactory::~AdapterFactory() = default;
AnyTurn::~AnyTurn() = default;

void Batch::refuse_to_wait() {
    throw std::logic_error{"the handler waits for a request for which its waits() has returned false"};
}

}  // namespace detail
}  // namespace resp
