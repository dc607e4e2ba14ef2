// What does not depend on the handler's type: contexts and threads, listeners, start and stop.
#include "addresses.hpp"
#include "asio.hpp"
#include "server_link.hpp"
#include "shared.hpp"
#include "stats.hpp"
#include "threads.hpp"
#include "worker.hpp"

#include <libresp/server.hpp>

#include <atomic>
#include <cassert>
#include <optional>
#include <stdexcept>

namespace resp::detail {

namespace {

// After everything was closed by force, coroutine handlers get this long to end. Then they are abandoned.
constexpr std::chrono::milliseconds abandon_time{250};

}  // namespace

class Engine::Core final : public std::enable_shared_from_this<Core>, public LinkedServer {
public:
    /// Makes one context per thread.
    Core(Options options, std::unique_ptr<AdapterFactory> factory)
        : shared_(make_shared(std::move(options), std::move(factory))) {
        for (unsigned i = 0; i != shared_->options.threads; ++i) {
            constexpr int one_thread = 1;  // saves most locks
            contexts_.push_back(std::make_unique<asio::io_context>(one_thread));
            add_worker(contexts_.back()->get_executor());
        }
    }
    /// Embedded: runs on the user's executor.
    Core(const asio::any_io_executor& executor, Options options, std::unique_ptr<AdapterFactory> factory)
        : shared_(make_shared(std::move(options), std::move(factory))) {
        add_worker(asio::make_strand(executor));
    }

    ~Core() {
        // If embedded, a waiting handler may keep its worker alive; the worker then disposes of itself.
        for (std::size_t i = 0; i != contexts_.size(); ++i) workers_[i]->dispose();
    }

    void listen() {
        const auto next_worker = [this]() -> Worker& { return *workers_[next_worker_++ % workers_.size()]; };
        listeners_ = listen_on_all(shared_, executor(), next_worker);
        for (const auto& listener : listeners_) endpoints_.push_back(listener->endpoint());
    }

    void start() {
        if (!is_embedded()) {
            throw std::logic_error{
                "resp::Server: start() needs a server that was made with an executor; call run()"};
        }
        begin_once();
    }

    void run() {
        if (is_embedded()) {
            throw std::logic_error{
                "resp::Server: run() needs a server that was made without an executor; call start()"};
        }
        begin_once();
        for (std::size_t i = 1; i < contexts_.size(); ++i) {
            guards_.emplace_back(contexts_[i]->get_executor());
        }
        const auto fail = [this] {  // from any thread
            at_once_ = true;
            stop_contexts();
        };
        try {
            run_threads(contexts_.size(), [this](std::size_t i) { run(*contexts_[i]); }, fail);
        } catch (...) {
            release();
            throw;
        }
    }

    /// From any thread. The first call drains the connections, the second closes them by force.
    void stop() override {
        asio::post(executor(), [self = alive()] { self->begin_stop(); });
    }

    /// The server is being destroyed.
    void abandon() {
        link_->end();
        if (!is_embedded()) return;  // run() has returned: nothing runs any more
        asio::post(executor(), [self = alive()] {
            self->begin_stop();
            self->force();
        });
    }

    [[nodiscard]] const std::vector<Endpoint>& endpoints() const noexcept override { return endpoints_; }

    [[nodiscard]] Stats stats() const override { return sum_stats(*shared_, workers_); }

private:
    enum class Phase : unsigned char { serving, draining, forced, finished };  // it only goes forward

    static std::shared_ptr<Shared> make_shared(Options options, std::unique_ptr<AdapterFactory> factory) {
        validate(options);
        auto shared = std::make_shared<Shared>(std::move(options), std::move(factory));
        shared->places.lower_most(bounded_by_descriptors(shared->options));
        return shared;
    }

    [[nodiscard]] bool is_embedded() const noexcept { return contexts_.empty(); }

    /// For posted actions. If embedded, an action may run after ~Server(), so it keeps this core alive.
    /// Otherwise the core owns the contexts, and with them the actions, so an action must not own the core.
    [[nodiscard]] std::shared_ptr<Core> alive() {
        return is_embedded() ? shared_from_this() : std::shared_ptr<Core>{std::shared_ptr<Core>{}, this};
    }

    void add_worker(asio::any_io_executor executor) {
        workers_.push_back(std::make_shared<Worker>(shared_, std::move(executor)));
        workers_.back()->open();
    }

    /// The executor of the first worker. It also runs start, stop and accept.
    [[nodiscard]] const asio::any_io_executor& executor() const noexcept {
        return workers_.front()->executor();
    }

    void begin_once() {
        if (started_.exchange(true)) {
            throw std::logic_error{"resp::Server: run() or start() was already called"};
        }
        try {
            shared_->factory->started(link_->handle());
        } catch (...) {
            release();
            throw;
        }
        // Here and not in begin(), so that the caller gets the exception. And before the log says
        // "Listening": a program that reads it may send a signal at once.
        asio::post(executor(), [self = alive(), signals = catch_signals()]() mutable {
            self->begin(std::move(signals));
        });
    }

    [[nodiscard]] std::unique_ptr<asio::signal_set> catch_signals() {
        if (shared_->options.stop_signals.empty()) return nullptr;
        auto signals = std::make_unique<asio::signal_set>(executor());
        for (const int signal : shared_->options.stop_signals) signals->add(signal);
        return signals;
    }

    void begin(std::unique_ptr<asio::signal_set> signals) {
        if (phase_ != Phase::serving) return;
        for (const auto& worker : workers_) {
            // Weak, here and in begin_stop(): if embedded, a handler that never ends keeps its worker alive,
            // and with a strong pointer it would keep the core alive too.
            worker->on_closed = [weak = weak_from_this()] {
                const auto self = weak.lock();
                if (!self) return;
                for (const auto& listener : self->listeners_) listener->descriptor_freed();
            };
        }
        signals_ = std::move(signals);
        if (signals_) wait_for_signal();
        const std::size_t asked = shared_->options.max_connections;
        if (const std::size_t most = shared_->places.most(); most < asked) {
            shared_->log(LogLevel::warn,
                         "[server] Accepts at most {} clients, not {}: the limit of open files is too low",
                         most, asked);
        }
        for (const auto& listener : listeners_) listener->start();
    }

    void wait_for_signal() {
        signals_->async_wait([self = alive()](const std::error_code& ec, int) {
            if (ec) return;
            self->begin_stop();
            if (self->signals_) self->wait_for_signal();
        });
    }

    void begin_stop() {
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

    /// Runs a context until the server has stopped. Then runs it until the drain deadline at most, so that
    /// work which a handler has started on its executor can finish.
    void run(asio::io_context& context) {
        context.run();
        context.restart();
        if (at_once_) return;  // asked after restart(), which undoes stop_contexts()
        context.run_until(work_until_);
    }

    void worker_drained() {
        assert(draining_workers_ != 0);
        if (--draining_workers_ == 0) finish();
    }

    /// Closes all remaining connections at once. If there are none, stops the contexts: work that handlers
    /// have left there is not finished. Does it once, so that more stops do not postpone the end.
    void force() {
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
    void abandon_after(std::chrono::milliseconds time) {
        timer_.emplace(executor(), time);
        timer_->async_wait([self = alive()](const std::error_code& ec) {
            if (!ec && self->draining_workers_ != 0) self->finish();
        });
    }

    void finish() {
        if (phase_ == Phase::finished) return;  // an abandoned handler has ended later
        phase_ = Phase::finished;
        if (draining_workers_ != 0) at_once_ = true;  // the drain deadline has passed, or the stop is forced
        release();
        shared_->log(LogLevel::info, "[server] Stopped");
        stop_contexts();
    }

    /// Lets go of the listeners, the signals, and what else keeps the contexts running.
    void release() {
        for (const auto& listener : listeners_) listener->close();
        timer_.reset();
        signals_.reset();
        guards_.clear();
    }

    void stop_contexts() noexcept {
        for (const auto& context : contexts_) context->stop();
    }

    // Destroyed last: the workers, listeners, guards, signals_ and timer_ use the contexts.
    std::vector<std::unique_ptr<asio::io_context>> contexts_;
    const std::shared_ptr<Shared> shared_;
    const std::shared_ptr<ServerLink> link_ = std::make_shared<ServerLink>(*this, shared_);
    std::vector<std::shared_ptr<Worker>> workers_;
    std::vector<std::shared_ptr<Listener>> listeners_;
    std::vector<Endpoint> endpoints_;
    std::vector<asio::executor_work_guard<asio::io_context::executor_type>> guards_;
    std::unique_ptr<asio::signal_set> signals_;
    std::optional<asio::steady_timer> timer_;
    std::size_t next_worker_ = 0;
    std::size_t draining_workers_ = 0;
    Clock::time_point work_until_{};
    std::atomic<bool> started_{false};
    std::atomic<bool> at_once_{false};  // run() does not wait for other work of the handlers
    Phase phase_ = Phase::serving;
};

Engine::Engine(Options options, std::unique_ptr<AdapterFactory> factory)
    : core_(std::make_shared<Core>(std::move(options), std::move(factory))) {
    core_->listen();
}

Engine::Engine(const asio::any_io_executor& executor, Options options,
               std::unique_ptr<AdapterFactory> factory)
    : core_(std::make_shared<Core>(executor, std::move(options), std::move(factory))) {
    core_->listen();
}

Engine::~Engine() { core_->abandon(); }

void Engine::run() { core_->run(); }
void Engine::start() { core_->start(); }
void Engine::stop() { core_->stop(); }
std::vector<Endpoint> Engine::endpoints() const { return core_->endpoints(); }
Stats Engine::stats() const { return core_->stats(); }

}  // namespace resp::detail
