// The part of the server that does not depend on the handler's type: contexts and threads, listeners, start
// and stop.
#include "asio.hpp"
#include "listener.hpp"
#include "shared.hpp"
#include "worker.hpp"

#include <libresp/server.hpp>

#include <algorithm>
#include <cassert>
#include <optional>
#include <stdexcept>
#include <thread>

namespace resp::detail {

namespace {

// After everything was closed by force, coroutine handlers get this long to end. Then they are abandoned.
constexpr std::chrono::milliseconds abandon_time{250};

}  // namespace

class Engine::Core : public std::enable_shared_from_this<Core> {
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
        const Options& options = shared_->options;
        std::uint16_t port = options.port;
        for (const std::string& address : options.addresses) {
            add_listener().listen(address, port);
            if (port == 0) port = listeners_.back()->endpoint().port;
        }
        if (!options.unix_path.empty()) add_listener().listen(options.unix_path);
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
        std::vector<std::thread> threads;
        for (std::size_t i = 1; i < contexts_.size(); ++i) {
            guards_.emplace_back(contexts_[i]->get_executor());
        }
        for (std::size_t i = 1; i < contexts_.size(); ++i) {
            threads.emplace_back([this, i] { run(*contexts_[i]); });
        }
        run(*contexts_[0]);
        for (std::thread& thread : threads) thread.join();
    }

    /// From any thread. The first call drains the connections, the second closes them by force.
    void stop() {
        asio::post(executor(), [self = alive()] { self->begin_stop(); });
    }

    /// The server is being destroyed.
    void abandon() {
        if (!is_embedded()) return;  // run() has returned: nothing runs any more
        asio::post(executor(), [self = alive()] {
            self->begin_stop();
            self->force();
        });
    }

    [[nodiscard]] const std::vector<Endpoint>& endpoints() const noexcept { return endpoints_; }

    [[nodiscard]] Stats stats() const {
        Stats stats;
        stats.connections = shared_->places.connections();
        stats.accepted = shared_->accepted;
        stats.refused = shared_->refused;
        stats.refused_by_address = shared_->refused_by_address;
        stats.refused_by_rate = shared_->refused_by_rate;
        stats.refused_by_filter = shared_->refused_by_filter;
        stats.accept_errors = shared_->accept_errors;
        stats.memory = shared_->memory;
        for (const auto& worker : workers_) {
            const Counters& counters = worker->counters();
            stats.requests += counters.requests.value();
            stats.bytes_received += counters.bytes_received.value();
            stats.bytes_sent += counters.bytes_sent.value();
            stats.protocol_errors += counters.protocol_errors.value();
            stats.handler_errors += counters.handler_errors.value();
            stats.timeouts += counters.timeouts.value();
            stats.cut_off += counters.cut_off.value();
        }
        return stats;
    }

private:
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

    Listener& add_listener() {
        const auto next_worker = [this]() -> Worker& { return *workers_[next_worker_++ % workers_.size()]; };
        listeners_.push_back(std::make_shared<Listener>(shared_, executor(), next_worker));
        return *listeners_.back();
    }

    /// The executor of the first worker. It also runs start, stop and accept.
    [[nodiscard]] const asio::any_io_executor& executor() const noexcept {
        return workers_.front()->executor();
    }

    void begin_once() {
        if (started_.exchange(true)) {
            throw std::logic_error{"resp::Server: run() or start() was already called"};
        }
        asio::post(executor(), [self = alive()] { self->begin(); });
    }

    void begin() {
        if (stopping_) return;
        for (const auto& worker : workers_) {
            // Weak, here and in begin_stop(): if embedded, a handler that never ends keeps its worker alive,
            // and with a strong pointer it would keep the core alive too.
            worker->on_closed = [weak = weak_from_this()] {
                const auto self = weak.lock();
                if (!self) return;
                for (const auto& listener : self->listeners_) listener->descriptor_freed();
            };
        }
        // Before the log says "Listening": a program that reads it may send a signal at once.
        if (!shared_->options.stop_signals.empty()) {
            signals_.emplace(executor());
            for (const int signal : shared_->options.stop_signals) signals_->add(signal);
            wait_for_signal();
        }
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
        if (std::exchange(stopping_, true)) return force();
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

    /// Runs a context until the server has stopped. After that it runs the context until the drain deadline
    /// at most, so that work which a handler has started on its executor can finish.
    void run(asio::io_context& context) {
        context.run();
        context.restart();
        context.run_until(work_until_);
    }

    void worker_drained() {
        assert(draining_workers_ != 0);
        if (--draining_workers_ == 0) finish();
    }

    /// Closes all remaining connections at once. If there are none, stops the contexts: work that handlers
    /// have left there is not finished.
    void force() {
        if (draining_workers_ == 0) return stop_contexts();
        work_until_ = {};
        for (const auto& worker : workers_) {
            asio::dispatch(worker->executor(), [worker] { worker->abort(); });
        }
        abandon_after(abandon_time);
    }

    /// After `time`, ends the server even if a coroutine handler still waits; its connection is closed by
    /// then. The handler is destroyed with its context.
    void abandon_after(std::chrono::milliseconds time) {
        timer_.emplace(executor(), time);
        timer_->async_wait([self = alive()](const std::error_code& ec) {
            if (!ec && self->draining_workers_ != 0) self->finish();
        });
    }

    void finish() {
        // Before the guards go: then the other threads may read it.
        if (draining_workers_ != 0) work_until_ = {};  // the drain deadline has passed, or the stop is forced
        timer_.reset();
        signals_.reset();
        guards_.clear();
        shared_->log(LogLevel::info, "[server] Stopped");
        stop_contexts();
    }

    void stop_contexts() noexcept {
        for (const auto& context : contexts_) context->stop();
    }

    // Destroyed last: the workers, listeners, guards, signals_ and timer_ use the contexts.
    std::vector<std::unique_ptr<asio::io_context>> contexts_;
    const std::shared_ptr<Shared> shared_;
    std::vector<std::shared_ptr<Worker>> workers_;
    std::vector<std::shared_ptr<Listener>> listeners_;
    std::vector<Endpoint> endpoints_;
    std::vector<asio::executor_work_guard<asio::io_context::executor_type>> guards_;
    std::optional<asio::signal_set> signals_;
    std::optional<asio::steady_timer> timer_;
    std::size_t next_worker_ = 0;
    std::size_t draining_workers_ = 0;
    Clock::time_point work_until_{};
    std::atomic<bool> started_{false};
    bool stopping_ = false;
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
