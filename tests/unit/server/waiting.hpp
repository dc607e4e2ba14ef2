// A coroutine handler whose waits the test ends, and a record of how they ended.
#pragma once

#include <libresp/server/asio.hpp>
#include <libresp/server/handler.hpp>

#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "handlers.hpp"

namespace support {

/// What it answers, and when:
///
///     WAIT             PONG, when the test calls open(). If unless_gone() returns false: nothing
///     FAIL             the same, but the wait throws
///     PAUSE            PONG, after a wait without unless_gone()
///     LATE             PONG, after a wait without unless_gone() and a second one with it
///     BEGIN <bytes>    begins a reply of so many bytes, waits without unless_gone(), and completes the reply
///     GIVE <bytes>     that many bytes, at once
///     anything else    PONG, at once
class Waits {
public:
    void on_open(const resp::Connection& connection) const { state_->clients.push_back(connection); }

    asio::awaitable<void> operator()(const resp::Request& request, resp::Reply& reply) const {
        const resp::Command command = request.command();
        const auto size = static_cast<std::size_t>(command.integer(1).value_or(0));
        if (command.is("GIVE")) {
            reply.bulk_string(noise(size));
            co_return;
        }
        if (command.is("BEGIN")) reply.array(2).bulk_string(noise(size));
        if (command.is("BEGIN") || command.is("PAUSE") || command.is("LATE")) co_await pause();
        if (command.is("WAIT") || command.is("FAIL") || command.is("LATE")) {
            if (!co_await wait(request.connection(), command.is("FAIL"))) co_return;
        }
        reply.simple_string("PONG");
    }

    /// Ends all waits that have begun. The server notices it in its next step.
    void open() const {
        ++state_->opened;
        for (asio::steady_timer* timer : state_->timers) timer->cancel();
    }
    /// How many handlers wait now.
    [[nodiscard]] std::size_t waiting() const noexcept { return state_->timers.size(); }
    /// How waits have ended: `true` and `false` are results of unless_gone().
    [[nodiscard]] const std::vector<std::string>& ends() const noexcept { return state_->ends; }
    [[nodiscard]] const resp::Connection& client(std::size_t i) const { return state_->clients.at(i); }

private:
    struct State {
        std::vector<asio::steady_timer*> timers;
        int opened = 0;
        std::vector<std::string> ends;
        std::vector<resp::Connection> clients;
    };

    /// Throws if it was cancelled by something else than open().
    asio::awaitable<void> pass() const {
        const int opened = state_->opened;
        std::error_code ec;
        asio::steady_timer timer{co_await asio::this_coro::executor, asio::steady_timer::time_point::max()};
        state_->timers.push_back(&timer);
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ec));
        std::erase(state_->timers, &timer);
        if (state_->opened == opened) throw std::system_error{ec};
    }
    asio::awaitable<void> pass_and_throw() const {
        co_await pass();
        throw std::runtime_error{"thrown"};
    }
    asio::awaitable<void> pause() const {
        try {
            co_await pass();
            state_->ends.emplace_back("paused");
        } catch (const std::system_error&) {
            state_->ends.emplace_back("cancelled");
        }
    }
    asio::awaitable<bool> wait(resp::Connection client, bool fails) const {
        bool stays = false;
        asio::awaitable<void> passing = fails ? pass_and_throw() : pass();  // GCC 12: not inside the co_await
        try {
            stays = co_await resp::unless_gone(client, std::move(passing));
        } catch (const std::runtime_error& error) {
            state_->ends.emplace_back(error.what());
            throw;
        }
        state_->ends.emplace_back(stays ? "true" : "false");
        co_return stays;
    }

    std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace support
