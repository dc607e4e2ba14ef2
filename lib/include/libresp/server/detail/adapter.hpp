// The boundary between the compiled engine and a handler of any type. It is crossed once for each batch.
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

/// The requests that are at hand on one connection; the engine's half of a turn.
class Batch {
public:
    /// The next request, or nothing where the turn is over: no whole frame is left, too many replies
    /// wait, or the connection closes.
    [[nodiscard]] std::optional<View> next() {
        const Entry request = next_entry();
        if (request.node == nullptr) return std::nullopt;
        return view_of(request);
    }
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
    std::uint64_t requests_ = 0;  // that next() has given
};

/// A handler behind a boundary that is crossed once a batch. One for each connection.
class Adapter {
public:
    Adapter() = default;
    Adapter(const Adapter&) = delete;
    Adapter& operator=(const Adapter&) = delete;
    virtual ~Adapter();

    /// Handles requests until the batch has none. True where awaited() has to end first.
    virtual bool handle(Batch& batch) = 0;
    /// The coroutine that handle() has made.
    virtual Awaitable awaited();

    virtual void opened(const Connection&) {}
    virtual void closed(std::error_code) {}
};

/// Makes a Adapter for each connection. Called from any of the server's threads.
class AdapterFactory {
public:
    AdapterFactory() = default;
    AdapterFactory(const AdapterFactory&) = delete;
    AdapterFactory& operator=(const AdapterFactory&) = delete;
    virtual ~AdapterFactory();
    [[nodiscard]] virtual std::unique_ptr<Adapter> make() const = 0;
    /// Whether handlers are coroutines, so that requests must stay where they are while others run.
    [[nodiscard]] virtual bool suspends() const noexcept = 0;
};

/// The same type as Awaitable, but not looked at before there is a coroutine handler, whose author has
/// included Asio.
template <class H>
using AwaitableOf = asio::awaitable<void, std::enable_if_t<(sizeof(H) > 0), asio::any_io_executor>>;

/// What both kinds of handler have in common.
template <class H>
class HandlerAdapter : public Adapter {
public:
    explicit HandlerAdapter(const H& handler) : handler_(handler) {}

    void opened(const Connection& connection) override {
        if constexpr (requires { handler_.on_open(connection); }) handler_.on_open(connection);
    }
    void closed(std::error_code reason) override {
        if constexpr (requires { handler_.on_close(reason); }) handler_.on_close(reason);
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
            this->handler_(Request{*value, batch.connection()}, batch.reply());
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
        request_.emplace(*value, batch.connection());
        reply_ = &batch.reply();
        return true;
    }
    AwaitableOf<H> awaited() override { return this->handler_(*request_, *reply_); }

private:
    std::optional<Request> request_;
    Reply* reply_ = nullptr;
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

}  // namespace resp::detail
