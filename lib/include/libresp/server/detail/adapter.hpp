// The boundary between the compiled engine and a handler of any type. For a plain handler, a virtual call
// crosses it once for each batch of requests, not once for each request.
#pragma once

#include <libresp/server/handler.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <system_error>
#include <type_traits>
#include <utility>

namespace resp::detail {

class Session;

/// Why a batch ended. `all_handled`: no whole frame is left, or the connection closes.
enum class BatchEnd : unsigned char { all_handled, output_full, budget_spent, awaiting_handler };

/// The requests that one connection handles in one go.
class Batch {
public:
    /// The next request. Empty at the end of the batch: no whole frame is left, too many replies are queued,
    /// the batch has used its budget, or the connection closes.
    [[nodiscard]] std::optional<View> next() {
        const Entry request = next_entry();
        if (request.node == nullptr) return std::nullopt;
        return view_of(request);
    }
    /// A view of the request that next() has returned, valid until its coroutine handler ends.
    [[nodiscard]] View keep(View request);
    [[nodiscard]] Reply& reply() noexcept { return reply_; }
    [[nodiscard]] const Connection& connection() const noexcept { return connection_; }

private:
    friend class Session;
    Batch(Session& session, const Connection& connection, Reply& reply) noexcept
        : session_(session), connection_(connection), reply_(reply) {}
    Entry next_entry();

    Session& session_;
    const Connection& connection_;
    Reply& reply_;
    std::uint64_t requests_ = 0;  // that next() has returned
    BatchEnd end_ = BatchEnd::all_handled;
};

/// One connection's handler, whatever its type.
class Adapter {
public:
    Adapter() = default;
    Adapter(const Adapter&) = delete;
    Adapter& operator=(const Adapter&) = delete;
    virtual ~Adapter();

    /// Handles the requests of the batch. Returns true if the caller must await awaited() first, and then
    /// call handle() again.
    virtual bool handle(Batch& batch) = 0;
    /// Calls the coroutine handler with the request that handle() took from the batch.
    virtual Awaitable awaited(Reply& reply);

    virtual void opened(const Connection&) {}
    virtual void closed(const std::error_code&) {}
};

/// Makes an Adapter for each connection. All threads of the server call it.
class AdapterFactory {
public:
    AdapterFactory() = default;
    AdapterFactory(const AdapterFactory&) = delete;
    AdapterFactory& operator=(const AdapterFactory&) = delete;
    virtual ~AdapterFactory();
    [[nodiscard]] virtual std::unique_ptr<Adapter> make() const = 0;
    /// Whether handlers are coroutines. Then a request must stay in place while other connections run.
    [[nodiscard]] virtual bool suspends() const noexcept = 0;
};

/// The same type as Awaitable. Because it depends on H, the compiler needs Asio's definition only if H is a
/// coroutine handler. The file of such a handler includes Asio.
template <class H>
using AwaitableOf = asio::awaitable<void, std::enable_if_t<(sizeof(H) > 0), asio::any_io_executor>>;

/// The part that both kinds of handler share: the hooks.
template <class H>
class HandlerAdapter : public Adapter {
public:
    explicit HandlerAdapter(const H& handler) : handler_(handler) {}

    void opened(const Connection& connection) override {
        if constexpr (has_hook<H, OnOpen>()) OnOpen::call(handler_, connection);
    }
    void closed(const std::error_code& reason) override {
        if constexpr (has_hook<H, OnClose>()) OnClose::call(handler_, reason);
    }

protected:
    H handler_;
};

template <PlainHandler H>
class PlainAdapter final : public HandlerAdapter<H> {
public:
    using HandlerAdapter<H>::HandlerAdapter;

    bool handle(Batch& batch) override {
        while (const std::optional<View> value = batch.next()) {
            const Request request{*value, batch.connection()};  // an lvalue, as the concept requires
            this->handler_(request, batch.reply());
        }
        return false;
    }
};

template <CoroutineHandler H>
class CoroutineAdapter final : public HandlerAdapter<H> {
public:
    using HandlerAdapter<H>::HandlerAdapter;

    bool handle(Batch& batch) override {
        const std::optional<View> value = batch.next();
        if (!value) return false;
        request_.emplace(batch.keep(*value), batch.connection());
        return true;
    }
    AwaitableOf<H> awaited(Reply& reply) override { return this->handler_(std::as_const(*request_), reply); }

private:
    std::optional<Request> request_;
};

template <Handler H>
class HandlerFactory final : public AdapterFactory {
public:
    explicit HandlerFactory(H handler) : handler_(std::move(handler)) {}
    [[nodiscard]] std::unique_ptr<Adapter> make() const override {
        if constexpr (PlainHandler<H>) {
            return std::make_unique<PlainAdapter<H>>(handler_);
        } else {
            return std::make_unique<CoroutineAdapter<H>>(handler_);
        }
    }
    [[nodiscard]] bool suspends() const noexcept override { return CoroutineHandler<H>; }

private:
    H handler_;
};

template <class H>
concept is_called_with_request_and_reply =
    requires(H& handler, const Request& request, Reply& reply) { handler(request, reply); };

/// A factory for H. If H is not a handler, a static_assert of Server has reported why, and this adds no
/// error.
template <class H>
std::unique_ptr<AdapterFactory> make_factory(H handler) {
    if constexpr (Handler<H>) {
        return std::make_unique<HandlerFactory<H>>(std::move(handler));
    } else {
        return nullptr;
    }
}

}  // namespace resp::detail
