// What a handler is, what it gets, and how a server calls it.
#pragma once

#include <libresp/command.hpp>
#include <libresp/connection.hpp>
#include <libresp/encoder.hpp>
#include <libresp/value.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <system_error>
#include <type_traits>
#include <utility>

// Declared, not included: a plain handler compiles without Asio.
namespace asio {
class any_io_executor;
template <typename T, typename Executor>
class awaitable;
}  // namespace asio

namespace resp {

namespace detail {
struct Output;
}

/// A frame that a client sent. It and its views hold until the handler has returned or, a coroutine,
/// has ended.
class Request {
public:
    Request(View value, const Connection& connection) noexcept : value_(value), connection_(&connection) {}

    [[nodiscard]] View value() const noexcept { return value_; }
    [[nodiscard]] Command command() const noexcept { return Command{value_}; }
    /// Who sent it; copy it to push to that client later.
    [[nodiscard]] const Connection& connection() const noexcept { return *connection_; }

private:
    View value_;
    const Connection* connection_;
};

/// Writes the reply to a request, in the connection's RESP version: an Encoder with a few verbs more.
/// A handler writes one value, or none where the protocol wants none.
class Reply : public Encoder {
public:
    using Encoder::Encoder;
    Reply(const Reply&) = delete;  // what a copy is told, nobody hears
    Reply& operator=(const Reply&) = delete;

    /// Any value; see encode() for how it reads in RESP2.
    Reply& value(View value) {
        encode(*this, value);
        return *this;
    }
    /// Closes the connection after this reply is sent; requests behind this one are dropped.
    void close() noexcept { closing_ = true; }
    [[nodiscard]] bool closing() const noexcept { return closing_; }

private:
    friend struct detail::Output;  // which uses it for one connection after another
    bool closing_ = false;
};

namespace detail {

using Awaitable = asio::awaitable<void, asio::any_io_executor>;

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
class Service {
public:
    Service() = default;
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;
    virtual ~Service();

    /// Handles requests until the batch has none. True where awaited() has to end first.
    virtual bool handle(Batch& batch) = 0;
    /// The coroutine that handle() has made.
    virtual Awaitable awaited();

    virtual void opened(const Connection&) {}
    virtual void closed(std::error_code) {}
};

/// Makes a Service for each connection. Called from any of the server's threads.
class ServiceFactory {
public:
    ServiceFactory() = default;
    ServiceFactory(const ServiceFactory&) = delete;
    ServiceFactory& operator=(const ServiceFactory&) = delete;
    virtual ~ServiceFactory();
    [[nodiscard]] virtual std::unique_ptr<Service> make() const = 0;
    /// Whether handlers are coroutines, so that requests must stay where they are while others run.
    [[nodiscard]] virtual bool suspends() const noexcept = 0;
};

}  // namespace detail

/// A callable `(const Request&, Reply&) -> void`, called for each request in order.
template <class H>
concept SyncHandler =
    std::copy_constructible<H> && requires(H& handler, const Request& request, Reply& reply) {
        { handler(request, reply) } -> std::same_as<void>;
    };

/// A callable `(const Request&, Reply&) -> asio::awaitable<void>`. While it waits, its connection is
/// not read and others run. Both arguments hold until it ends.
template <class H>
concept CoroutineHandler =
    std::copy_constructible<H> && requires(H& handler, const Request& request, Reply& reply) {
        { handler(request, reply) } -> std::same_as<detail::Awaitable>;
    };

/// What a Server takes. It is copied once for each connection, so its members are that connection's
/// state; what connections share, it refers to. Optional members:
///
///     void on_open(resp::Connection connection);   // before the first request
///     void on_close(std::error_code reason);       // after the last; no error if it was orderly. Not
///                                                  // where a stop by force abandons a coroutine
template <class H>
concept Handler = SyncHandler<H> || CoroutineHandler<H>;

namespace detail {

/// The same type as Awaitable, but not looked at before there is a coroutine handler, whose author has
/// included Asio.
template <class H>
using AwaitableOf = asio::awaitable<void, std::enable_if_t<(sizeof(H) > 0), asio::any_io_executor>>;

/// What both kinds of handler have in common.
template <class H>
class HandlerService : public Service {
public:
    explicit HandlerService(const H& handler) : handler_(handler) {}

    void opened(const Connection& connection) override {
        if constexpr (requires { handler_.on_open(connection); }) handler_.on_open(connection);
    }
    void closed(std::error_code reason) override {
        if constexpr (requires { handler_.on_close(reason); }) handler_.on_close(reason);
    }

protected:
    H handler_;
};

template <SyncHandler H>
class SyncService final : public HandlerService<H> {
public:
    using HandlerService<H>::HandlerService;

    bool handle(Batch& batch) override {
        while (const std::optional<View> value = batch.next()) {
            this->handler_(Request{*value, batch.connection()}, batch.reply());
        }
        return false;
    }
};

template <CoroutineHandler H>
class CoroutineService final : public HandlerService<H> {
public:
    using HandlerService<H>::HandlerService;

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
class HandlerFactory final : public ServiceFactory {
public:
    explicit HandlerFactory(H handler) : handler_(std::move(handler)) {}
    [[nodiscard]] std::unique_ptr<Service> make() const override {
        if constexpr (SyncHandler<H>) {
            return std::make_unique<SyncService<H>>(handler_);
        } else {
            return std::make_unique<CoroutineService<H>>(handler_);
        }
    }
    [[nodiscard]] bool suspends() const noexcept override { return CoroutineHandler<H>; }

private:
    H handler_;
};

}  // namespace detail
}  // namespace resp
