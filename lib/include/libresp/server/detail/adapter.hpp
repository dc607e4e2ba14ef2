// The boundary between the compiled engine and a handler of any type. For a plain handler, a virtual call
// crosses it once for each batch of requests, not once for each request.
#pragma once

#include <libresp/server/detail/batch.hpp>
#include <libresp/server/handler.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <system_error>
#include <type_traits>
#include <utility>

namespace resp::detail {

/// One connection's handler, whatever its type.
class Adapter {
public:
    Adapter() = default;
    Adapter(const Adapter&) = delete;
    Adapter& operator=(const Adapter&) = delete;
    virtual ~Adapter();

    /// Handles the requests of the batch. If a handler waits, returns what the caller must await before it
    /// calls this again.
    virtual Outcome handle(Batch& batch) = 0;

    [[nodiscard]] virtual bool wants_stream(const Command&, std::uint64_t) const { return false; }
    virtual Outcome on_stream(Incoming&, Reply&) { return {}; }

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
    /// Whether handlers may wait. Then a request must stay in place while other connections run.
    [[nodiscard]] virtual bool suspends() const noexcept = 0;
    /// Whether handlers may stream a word of a command.
    [[nodiscard]] virtual bool streams() const noexcept = 0;
    /// Calls on_start() of the handler that is copied for each connection. Before make().
    virtual void started(const ServerHandle& server) = 0;
    /// Makes the handler's Turn for one thread; null if it has none.
    [[nodiscard]] virtual std::unique_ptr<AnyTurn> make_turn(const asio::any_io_executor& executor) const = 0;
};

/// The part that both kinds of handler share: the hooks.
template <class H>
class HandlerAdapter : public Adapter {
public:
    explicit HandlerAdapter(const H& handler) : handler_(handler) {}

    [[nodiscard]] bool wants_stream(const Command& words_before, std::uint64_t size) const override {
        if constexpr (StreamingHandler<H>) return handler_.wants_stream(words_before, size);
        return false;
    }
    Outcome on_stream(Incoming& incoming, Reply& reply) override {
        if constexpr (StreamingHandler<H>) return handler_.on_stream(incoming, reply);
        return {};
    }
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

    Outcome handle(Batch& batch) override {
        while (const std::optional<View> value = batch.next()) {
            const Request request = batch.request(*value);  // an lvalue, as the concept requires
            this->handler_(request, batch.reply());
        }
        return {};
    }
};

/// For a CoroutineHandler or an OutcomeHandler.
template <class H>
class WaitingAdapter final : public HandlerAdapter<H> {
public:
    using HandlerAdapter<H>::HandlerAdapter;

    Outcome handle(Batch& batch) override {
        while (const std::optional<View> value = batch.next()) {
            if constexpr (has_waits<H>) {
                const Request request = batch.request(*value);
                if (!std::as_const(this->handler_).waits(request)) {
                    if (this->handler_(request, batch.reply()).waits()) [[unlikely]]
                        Batch::refuse_to_wait();
                    continue;
                }
            }
            kept_.emplace(batch.request(batch.keep(*value)));
            Outcome outcome = this->handler_(std::as_const(*kept_), batch.reply());
            if (outcome.waits()) return outcome;
        }
        return {};
    }

private:
    std::optional<Request> kept_;  // of a handler that may wait
};

template <Handler H>
class HandlerFactory final : public AdapterFactory {
public:
    explicit HandlerFactory(H handler) : handler_(std::move(handler)) {}
    [[nodiscard]] std::unique_ptr<Adapter> make() const override {
        if constexpr (PlainHandler<H>) {
            return std::make_unique<PlainAdapter<H>>(handler_);
        } else {
            return std::make_unique<WaitingAdapter<H>>(handler_);
        }
    }
    [[nodiscard]] bool suspends() const noexcept override { return !PlainHandler<H>; }
    [[nodiscard]] bool streams() const noexcept override { return StreamingHandler<H>; }
    void started(const ServerHandle& server) override {
        if constexpr (has_hook<H, OnStart>()) OnStart::call(handler_, server);
    }
    [[nodiscard]] std::unique_ptr<AnyTurn> make_turn(const asio::any_io_executor& executor) const override {
        return detail::make_turn<H>(handler_, executor);
    }

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
