// How a server stops: it drains the connections, closes the rest by force, and then ends its contexts.
#include "core.hpp"

#include <cassert>

namespace resp::detail {

namespace {

// After everything was closed by force, coroutine handlers get this long to end. Then they are abandoned.
constexpr std::chrono::milliseconds abandon_time{250};

}  // namespace

void Engine::Core::stop() {
    asio::post(executor(), [self = alive()] { self->begin_stop(); });
}

void Engine::Core::abandon() {
    link_->end();
    if (!is_embedded()) return;  // run() has returned: nothing runs any more
    asio::post(executor(), [self = alive()] {
        self->begin_stop();
        self->force();
    });
}

std::unique_ptr<asio::signal_set> Engine::Core::catch_signals() {
    if (shared_->options.stop_signals.empty()) return nullptr;
    auto signals = std::make_unique<asio::signal_set>(executor());
    for (const int signal : shared_->options.stop_signals) signals->add(signal);
    return signals;
}

void Engine::Core::wait_for_signal() {
    signals_->async_wait([self = alive()](const std::error_code& ec, int) {
        if (ec) return;
        self->begin_stop();
        if (self->signals_) self->wait_for_signal();
    });
}

void Engine::Core::begin_stop() {
    if (phase_ != Phase::serving) return force();
    phase_ = Phase::draining;
    shared_->log(LogLevel::info, "[server] Stopping");
    for (const auto& listener : listeners_) listener->close();
    draining_workers_ = workers_.size();
    work_until_ = Clock::now() + shared_->options.drain_deadline;
    abandon_after(shared_->options.drain_deadline + Worker::tick_time + abandon_time);
    for (const auto& worker : workers_) {
        asio::dispatch(worker->executor(), [self = alive(), worker] {
            worker->tick(Clock::now());  // the drain deadline counts from now
            worker->drain([weak = self->weak_from_this()] {
                const auto alive = weak.lock();
                if (!alive) return;
                asio::post(alive->executor(), [self = alive->alive()] { self->worker_drained(); });
            });
        });
    }
}

void Engine::Core::worker_drained() {
    assert(draining_workers_ != 0);
    if (--draining_workers_ == 0) finish();
}

/// Closes all remaining connections at once. If there are none, stops the contexts: work that handlers
/// have left there is not finished. Does it once, so that more stops do not postpone the end.
void Engine::Core::force() {
    at_once_ = true;
    if (draining_workers_ == 0) return stop_contexts();
    if (phase_ >= Phase::forced) return;
    phase_ = Phase::forced;
    for (const auto& worker : workers_) {
        asio::dispatch(worker->executor(), [worker] { worker->abort(); });
    }
    abandon_after(abandon_time);
}

/// After `time`, ends the server even if a coroutine handler still waits. The handler is destroyed later.
void Engine::Core::abandon_after(std::chrono::milliseconds time) {
    timer_.emplace(executor(), time);
    timer_->async_wait([self = alive()](const std::error_code& ec) {
        if (!ec && self->draining_workers_ != 0) self->finish();
    });
}

void Engine::Core::finish() {
    if (phase_ == Phase::finished) return;  // an abandoned handler has ended later
    phase_ = Phase::finished;
    if (draining_workers_ != 0) at_once_ = true;  // the drain deadline has passed, or the stop is forced
    release();
    shared_->log(LogLevel::info, "[server] Stopped");
    stop_contexts();
}

/// Lets go of the listeners, the signals, and what else keeps the contexts running.
void Engine::Core::release() {
    for (const auto& listener : listeners_) listener->close();
    timer_.reset();
    signals_.reset();
    guards_.clear();
}

void Engine::Core::stop_contexts() noexcept {
    for (const auto& context : contexts_) context->stop();
}

/// Runs a context until the server has stopped. Then runs it until the drain deadline at most, so that
/// work which a handler has started on its executor can finish.
void Engine::Core::run(asio::io_context& context) {
    context.run();
    context.restart();
    if (at_once_) return;  // asked after restart(), which undoes stop_contexts()
    context.run_until(work_until_);
}

}  // namespace resp::detail
