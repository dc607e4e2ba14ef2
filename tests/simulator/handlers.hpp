// The handlers of a world: those of tests/fuzz, one that defers replies and one that does everything, with three more
// verbs. U subscribes its client, M sends a push to all subscribers, and D, in a coroutine, waits for a timer.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <system_error>
#include <vector>

#include "fuzz/server_handlers.hpp"

namespace simulator {

struct Stage : fuzz::Stage {
    static constexpr std::size_t most_subscribers = 6;

    std::vector<fuzz::Served*> subscribers;
    std::array<fuzz::Gate, 8> timers;  // those of tick t are at t % 8
    std::size_t ticks = 0;
    bool closed_unopened = false;  // on_close() was called for a client without on_open()

    /// A wait of `n` ticks, 1 to 7.
    [[nodiscard]] asio::awaitable<void> delay(std::size_t n) {
        return timers[(ticks + n) % timers.size()].pass();
    }
    /// A tick has passed. Returns whether a coroutine was waiting for it.
    bool tick() {
        ++ticks;
        return timers[ticks % timers.size()].open();
    }
    void subscribe(fuzz::Served* served) {
        if (std::find(subscribers.begin(), subscribers.end(), served) != subscribers.end()) return;
        if (subscribers.size() < most_subscribers) subscribers.push_back(served);
    }
    void unsubscribe(fuzz::Served* served) { std::erase(subscribers, served); }
    void publish(std::size_t size) {
        for (fuzz::Served* const served : subscribers) served->push(size);
    }
    /// Destroys the waiting coroutines. Call it before their context is destroyed.
    void clear() {
        gate = {};
        for (fuzz::Gate& timer : timers) timer = {};
    }
};

/// `Base` is one of the handlers of tests/fuzz.
template <class Base>
class Extended : public Base {
public:
    explicit Extended(Stage& stage) : Base(stage), stage_(&stage) {}

    void on_close(std::error_code reason) {
        if (this->served() == nullptr) {
            stage_->closed_unopened = true;
        } else {
            Base::on_close(reason);
        }
    }

protected:
    void act_on_others(char verb, const resp::Request& request) {
        if (verb == 'U') stage_->subscribe(this->served());
        if (verb == 'M') stage_->publish(10 + 5 * request.value().size());
    }
    Stage* stage_;
};

class PlainHandler : public Extended<fuzz::PlainHandler> {
public:
    using Extended::Extended;
    void operator()(const resp::Request& request, resp::Reply& reply) {
        act_on_others(fuzz::verb_of(request.value()), request);
        fuzz::PlainHandler::operator()(request, reply);
    }
};

class DeferringHandler : public Extended<fuzz::DeferringHandler> {
public:
    using Extended::Extended;
    void operator()(const resp::Request& request, resp::Reply& reply) {
        act_on_others(fuzz::verb_of(request.value()), request);
        fuzz::DeferringHandler::operator()(request, reply);
    }
};

template <class Base>
class Delaying : public Extended<Base> {
public:
    using Extended<Base>::Extended;
    asio::awaitable<void> operator()(const resp::Request& request, resp::Reply& reply) {
        const char verb = fuzz::verb_of(request.value());
        this->act_on_others(verb, request);
        if (verb == 'D') co_await this->stage_->delay(1 + request.value().wire().size() % 7);
        co_await Base::wait_and_answer(request, reply);
    }
};

using CoroutineHandler = Delaying<fuzz::CoroutineHandler>;

class MixedHandler : public Delaying<fuzz::MixedHandler> {
public:
    using Delaying::Delaying;
    [[nodiscard]] bool waits(const resp::Request& request) const {
        return fuzz::MixedHandler::waits(request) || fuzz::verb_of(request.value()) == 'D';
    }
    resp::Outcome operator()(const resp::Request& request, resp::Reply& reply) {
        if (waits(request)) return Delaying::operator()(request, reply);
        act_on_others(fuzz::verb_of(request.value()), request);
        answer_later(request, reply);
        return {};
    }
};

}  // namespace simulator
