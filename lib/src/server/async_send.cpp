// async_send(): pushes of a producer that waits for its client.
#include "session.hpp"
#include "session_templates.hpp"
#include "worker.hpp"

namespace resp::detail {

// ---- from any thread

bool start_send(const Connection& connection, std::string bytes, const SendResult& result,
                SendWaiter& waiter) {
    const auto session = Session::of(connection);
    if (!session || !session->is_open()) return false;
    auto payload = make_payload(session->mailbox()->owner(),
                                std::make_shared<const std::string>(std::move(bytes)), SIZE_MAX);
    return session->send_paced(std::move(payload), result, waiter);
}

bool start_send(const Connection& connection, std::shared_ptr<const std::string> bytes,
                const SendResult& result, SendWaiter& waiter) {
    const auto session = Session::of(connection);
    if (!session || !session->is_open()) return false;
    auto payload = share_payload(session->mailbox()->owner(), std::move(bytes), SIZE_MAX);
    return session->send_paced(std::move(payload), result, waiter);
}

void cancel_send(const Connection& connection, const SendResult& result) {
    const auto session = Session::of(connection);
    if (!session) return;
    session->mailbox()->post([session, result] { session->cancel_send(result); });
}

/// Null: max_memory has no room for it.
bool Session::send_paced(SharedPayload push, const SendResult& result, SendWaiter& waiter) {
    return mailbox_->use_executor([&](const asio::any_io_executor& executor) {
        auto wait = std::make_unique<SendWait>(executor, result);
        waiter.wait(wait->timer);
        *result = std::make_error_code(std::errc::not_enough_memory);
        if (push == nullptr) return;
        try {
            asio::post(executor,
                       [self = shared_from_this(), push = std::move(push), wait = std::move(wait)]() mutable {
                           self->queue_paced(std::move(push), std::move(wait));
                       });
        } catch (const std::bad_alloc&) {
            // The wait was destroyed, which completes it.
        }
    });
}

// ---- on the executor

void Session::queue_paced(SharedPayload push, std::unique_ptr<SendWait> wait) noexcept {
    *wait->result = std::make_error_code(std::errc::not_connected);  // unless there is room before that
    enter([&] {
        if (state_ != State::open && state_ != State::closing) return;
        output();  // borrows one if there is none
        queue_.push(std::move(push), 0);
        queue_.add_wait(std::move(wait));
        flush();
    });
}

}  // namespace resp::detail
