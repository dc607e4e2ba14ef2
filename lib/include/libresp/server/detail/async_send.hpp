// The part of async_send() that depends on the type of its completion handler.
#pragma once

#include <libresp/server/connection.hpp>

#include <asio/associated_allocator.hpp>
#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/bind_allocator.hpp>
#include <asio/bind_executor.hpp>
#include <asio/cancellation_type.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/system_executor.hpp>

#include <memory>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

namespace resp::detail {

/// What an async_send() completes with. The connection's thread writes it before the completion.
using SendResult = std::shared_ptr<std::error_code>;

/// Waits for a timer with a completion handler of any type.
class SendWaiter {
public:
    SendWaiter() = default;
    SendWaiter(const SendWaiter&) = delete;
    SendWaiter& operator=(const SendWaiter&) = delete;
    virtual void wait(asio::steady_timer& timer) = 0;

protected:
    ~SendWaiter() = default;
};

/// Queues the bytes, and makes a timer for which `waiter` waits. The timer ends when there is room, or at an error;
/// `*result` is set before that. Returns false if it has made no timer: the connection is gone.
[[nodiscard]] bool start_send(const Connection& connection, std::string bytes, const SendResult& result,
                              SendWaiter& waiter);
[[nodiscard]] bool start_send(const Connection& connection, std::shared_ptr<const std::string> bytes,
                              const SendResult& result, SendWaiter& waiter);
/// Ends the timer of the send with this result. The bytes stay queued.
void cancel_send(const Connection& connection, const SendResult& result);

struct NoExecutor : asio::system_executor {};
template <class Handler>
inline constexpr bool has_executor =
    !std::is_same_v<asio::associated_executor_t<Handler, NoExecutor>, NoExecutor>;

/// What the timer calls. It does not have the cancellation slot of the completion handler, because the timer belongs
/// to another thread than the slot.
template <class Handler>
struct SendCompletion {
    void operator()(const std::error_code&) { std::move(handler)(*result); }

    Handler handler;
    SendResult result;
};

template <class Handler>
class SendWaiterOf final : public SendWaiter {
public:
    SendWaiterOf(Handler& handler, const SendResult& result) : handler_(handler), result_(result) {}
    void wait(asio::steady_timer& timer) override {
        const auto executor = asio::associated_executor<Handler>::get(handler_);
        const auto allocator = asio::associated_allocator<Handler>::get(handler_);
        auto completion =
            asio::bind_allocator(allocator, SendCompletion<Handler>{std::move(handler_), result_});
        if constexpr (has_executor<Handler>) {
            timer.async_wait(asio::bind_executor(executor, std::move(completion)));
        } else {
            timer.async_wait(std::move(completion));
        }
    }

private:
    Handler& handler_;
    const SendResult& result_;
};

/// The initiation of async_send().
struct InitiateSend {
    template <class Handler, class Bytes>
    void operator()(Handler&& completion, const Connection& connection, Bytes bytes) const {
        std::decay_t<Handler> handler = std::forward<Handler>(completion);
        const auto result = std::make_shared<std::error_code>(std::make_error_code(std::errc::not_connected));
        const auto slot = asio::associated_cancellation_slot<std::decay_t<Handler>>::get(handler);
        if (slot.is_connected()) connect(slot, connection, result);
        SendWaiterOf waiter{handler, result};
        if (start_send(connection, std::move(bytes), result, waiter)) return;
        const auto executor = asio::associated_executor<std::decay_t<Handler>>::get(handler);
        asio::post(executor,
                   [handler = std::move(handler), result]() mutable { std::move(handler)(*result); });
    }

private:
    template <class Slot>
    static void connect(Slot slot, const Connection& connection,
                        const std::weak_ptr<std::error_code>& result) {
        slot.assign([connection, result](asio::cancellation_type type) {
            constexpr auto stops = asio::cancellation_type::terminal | asio::cancellation_type::partial;
            if ((type & stops) == asio::cancellation_type::none) return;
            if (const SendResult waits = result.lock()) cancel_send(connection, waits);
        });
    }
};

}  // namespace resp::detail
