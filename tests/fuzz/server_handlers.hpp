// The handlers of server_fuzz.cpp, plain and coroutine, and what they record.
#pragma once

#include <libresp/codec/decoder.hpp>
#include <libresp/server/handler.hpp>
#include <libresp/server/incoming.hpp>

#include <asio/async_result.hpp>
#include <asio/awaitable.hpp>
#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "check.hpp"
#include "server_rule.hpp"

namespace fuzz {

/// What a handler records of its client.
struct Served {
    enum class Greeting : unsigned char { none, push, exception };

    Greeting greeting{};              // what on_open() does
    std::vector<std::string> pushed;  // in order
    std::size_t own_pushes = 0;       // pushes up to the last one that the client's own handler sent
    resp::Connection connection;
    int opened = 0;
    int closed = 0;
    std::error_code reason;  // given to on_close()

    /// Sends a push that differs from every reply.
    void push(std::size_t size) {
        std::string text = std::to_string(pushed.size()) + ' ';
        text.resize(std::max(size, text.size()), 'p');
        std::string bytes = ">1\r\n$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
        pushed.push_back(bytes);  // first, because send() may throw and push_back() may too
        try {
            if (connection.send(std::move(bytes)) == resp::Sent::queued) return;
        } catch (...) {
            pushed.pop_back();
            throw;
        }
        pushed.pop_back();
    }
    void push_own(std::size_t size) {
        push(size);
        own_pushes = pushed.size();
    }
};

/// Coroutines wait here until the fuzzer calls open().
class Gate {
public:
    asio::awaitable<void> pass() {
        return asio::async_initiate<const asio::use_awaitable_t<>, void()>(
            [this](auto handler) {
                using Handler = decltype(handler);
                waiting_.push_back(std::make_unique<WaiterOf<Handler>>(std::move(handler)));
            },
            asio::use_awaitable);
    }
    /// Returns whether a coroutine was waiting.
    bool open() {
        std::vector<std::unique_ptr<Waiter>> all = std::exchange(waiting_, {});
        for (const std::unique_ptr<Waiter>& waiter : all) waiter->go_on();
        return !all.empty();
    }

private:
    struct Waiter {
        Waiter() = default;
        Waiter(const Waiter&) = delete;
        Waiter& operator=(const Waiter&) = delete;
        virtual ~Waiter() = default;
        virtual void go_on() = 0;
    };
    template <class Handler>
    struct WaiterOf final : Waiter {
        explicit WaiterOf(Handler given) : handler(std::move(given)) {}
        void go_on() override { asio::post(std::move(handler)); }
        Handler handler;
    };

    std::vector<std::unique_ptr<Waiter>> waiting_;
};

/// State of both handlers. `connecting` belongs to the client that is connecting now.
struct Stage {
    Served* connecting = nullptr;
    Gate gate;
    std::vector<std::pair<resp::Deferred, std::string>> answers;  // deferred replies, and what they will be
    std::size_t deferred = 0;                                     // replies in total
    std::size_t streamed = 0;                                     // requests

    /// The i-th of `answers`, which it is no longer.
    [[nodiscard]] std::pair<resp::Deferred, std::string> take_answer(std::size_t i) {
        std::swap(answers[i], answers.back());
        std::pair<resp::Deferred, std::string> answer = std::move(answers.back());
        answers.pop_back();
        return answer;
    }
};

class Noting {
public:
    explicit Noting(Stage& stage) : stage_(&stage) {}

    void on_open(const resp::Connection& connection) {
        served_ = stage_->connecting;
        ++served_->opened;
        served_->connection = connection;
        if (served_->greeting == Served::Greeting::push) served_->push_own(0);
        if (served_->greeting == Served::Greeting::exception) throw std::runtime_error{"no"};
    }
    void on_close(std::error_code reason) {
        ++served_->closed;
        served_->reason = reason;
    }

protected:
    /// The actions before the reply.
    void act(char verb, const resp::Request& request, resp::Reply& reply) {
        if (pushes(verb)) served_->push_own(request.value().size());
        if (verb == 'S') request.connection().close();
        if (verb == 'Q') reply.close();
    }
    /// Acts, and replies at once.
    void answer(const resp::Request& request, resp::Reply& reply) {
        const char verb = verb_of(request.value());
        if (throws(verb)) reply.array(3).integer(1);
        act(verb, request, reply);
        if (verb == 'T') throw std::runtime_error{"thrown"};
        if (throws(verb)) throw 1;
        write_reply(verb, request.value(), reply);
    }
    /// The same, but it defers replies of three of four sizes. One that changes the connection is written at once.
    void answer_later(const resp::Request& request, resp::Reply& reply) {
        resp::Buffer bytes;
        resp::Reply written{bytes, reply.version()};
        answer(request, written);
        if (written.closing()) reply.close();
        if (written.version() != reply.version()) {
            reply.set_version(written.version());
        } else if (!written.closing() && bytes.size() % 4 != 0) {
            ++stage_->deferred;
            stage_->answers.emplace_back(reply.defer(), bytes.view());
            return;
        }
        reply.wire(bytes.view());
    }
    void count_stream() const noexcept { ++stage_->streamed; }
    [[nodiscard]] asio::awaitable<void> wait() { return stage_->gate.pass(); }
    /// The client of this handler; null before on_open().
    [[nodiscard]] Served* served() const noexcept { return served_; }

private:
    Stage* stage_;
    Served* served_ = nullptr;
};

class PlainHandler : public Noting {
public:
    using Noting::Noting;
    void operator()(const resp::Request& request, resp::Reply& reply) { answer(request, reply); }
};

/// The same, but it defers most replies.
class DeferringHandler : public Noting {
public:
    using Noting::Noting;
    void operator()(const resp::Request& request, resp::Reply& reply) { answer_later(request, reply); }
};

/// The same, except that W waits inside its reply, G before it, and Y between a push and its exception.
class CoroutineHandler : public Noting {
public:
    using Noting::Noting;
    asio::awaitable<void> operator()(const resp::Request& request, resp::Reply& reply) {
        return wait_and_answer(request, reply);
    }

protected:
    asio::awaitable<void> wait_and_answer(const resp::Request& request, resp::Reply& reply) {
        const char verb = verb_of(request.value());
        if (throws(verb)) reply.array(3).integer(1);
        act(verb, request, reply);
        if (verb == 'G' || verb == 'Y') co_await wait();
        if (verb == 'T') throw std::runtime_error{"thrown"};
        if (throws(verb)) throw 1;
        if (verb == 'W') {
            reply.array(2).bulk_string("begun");
            co_await wait();
            reply.bulk_string("ended");
        } else {
            write_reply(verb, request.value(), reply);
        }
    }
};

/// Replies at once, later, or after a wait. Long words stream, and their requests get the same replies as others.
class MixedHandler : public CoroutineHandler {
public:
    using CoroutineHandler::CoroutineHandler;

    [[nodiscard]] bool waits(const resp::Request& request) const {
        const char verb = verb_of(request.value());
        return verb == 'W' || verb == 'G' || verb == 'Y';
    }
    resp::Outcome operator()(const resp::Request& request, resp::Reply& reply) {
        if (waits(request)) return wait_and_answer(request, reply);
        answer_later(request, reply);
        return {};
    }

    [[nodiscard]] bool wants_stream(const resp::Command&, std::uint64_t size) const { return size % 4 != 0; }
    asio::awaitable<void> on_stream(resp::Incoming& incoming, resp::Reply& reply) {
        count_stream();
        std::string wire{incoming.wire_before()};
        while (const auto piece = co_await incoming.next()) wire += piece->wire;
        resp::Encoder words{wire};
        for (const std::string_view word : co_await incoming.rest()) words.bulk_string(word);
        resp::Decoder decoder;
        decoder.feed(wire);
        const std::optional<resp::View> whole = decoder.next();
        check(whole.has_value(), "the parts of a streamed request are a request");
        const resp::Request request{*whole, incoming.connection()};
        co_await wait_and_answer(request, reply);
    }
};

}  // namespace fuzz
