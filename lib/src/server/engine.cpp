// A server without its handler: contexts and threads, listeners, starting and stopping.
#include "asio.hpp"
#include "listener.hpp"
#include "shared.hpp"
#include "worker.hpp"

#include <libresp/server.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <thread>

namespace resp::detail {

namespace {

// Descriptors that a server needs besides its clients': listeners, epoll, timers, a log file.
constexpr std::size_t reserved_descriptors = 32;
// What is still running this long after everything was closed by force is abandoned.
constexpr std::chrono::milliseconds abandon_time{250};

void validate(const Options& options) {
    const auto require = [](bool right, const char* what) {
        if (!right) throw std::invalid_argument{what};
    };
    require(!options.addresses.empty() || !options.unix_path.empty(), "no address to listen on");
    require(options.threads != 0, "a server needs a thread");
    require(options.max_connections != 0, "max_connections is 0");
    require(options.output_low_water <= options.output_high_water,
            "output_low_water is above output_high_water");
    require(options.output_high_water <= options.max_output, "output_high_water is above max_output");
}

std::size_t bounded_by_descriptors(std::size_t connections) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return connections;
    const auto most = static_cast<std::size_t>(limit.rlim_cur);
    return std::min(connections, most > reserved_descriptors ? most - reserved_descriptors : 1);
}

}  // namespace

class Engine::Core : public std::enable_shared_from_this<Core> {
public:
    /// With contexts of its own.
    Core(Options options, std::unique_ptr<AdapterFactory> factory)
        : shared_(make_shared(std::move(options), std::move(factory))) {
        for (unsigned i = 0; i != shared_->options.threads; ++i) {
            contexts_.push_back(std::make_unique<asio::io_context>(1));  // of one thread: saves most locks
            add_worker(contexts_.back()->get_executor());
        }
    }
    /// On a user's executor.
    Core(const asio::any_io_executor& executor, Options options, std::unique_ptr<AdapterFactory> factory)
        : shared_(make_shared(std::move(options), std::move(factory))) {
        add_worker(asio::make_strand(executor));
    }

    ~Core() {
        // On a user's executor the connections are what keeps this alive, and none is left.
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
        if (started_) throw std::logic_error{"a resp::Server starts once"};
        started_ = true;
        asio::post(executor(), [self = alive()] { self->begin(); });
    }

    void run() {
        if (contexts_.empty()) throw std::logic_error{"an embedded resp::Server is run by its executor"};
        start();
        std::vector<std::thread> threads;
        for (std::size_t i = 1; i < contexts_.size(); ++i) {
            guards_.emplace_back(contexts_[i]->get_executor());
        }
        for (std::size_t i = 1; i < contexts_.size(); ++i) {
            threads.emplace_back([&context = *contexts_[i]] { context.run(); });
        }
        contexts_[0]->run();
        for (std::thread& thread : threads) thread.join();
    }

    /// From any thread. The first call drains, the second forces.
    void stop() {
        asio::post(executor(), [self = alive()] { self->begin_stop(); });
    }

    /// The server is being destroyed.
    void abandon() {
        if (!contexts_.empty()) return;  // nothing runs any more
        asio::post(executor(), [self = alive()] {
            self->begin_stop();
            self->force();
        });
    }

    [[nodiscard]] const std::vector<Endpoint>& endpoints() const noexcept { return endpoints_; }

    [[nodiscard]] Stats stats() const {
        Stats stats;
        stats.connections = shared_->connections;
        stats.accepted = shared_->accepted;
        stats.refused = shared_->refused;
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
        shared->max_connections = bounded_by_descriptors(shared->options.max_connections);
        return shared;
    }

    /// For handlers. On a user's executor they may outlive the server and keep this alive; contexts of
    /// our own live shorter than this, and must not keep it.
    [[nodiscard]] std::shared_ptr<Core> alive() {
        return contexts_.empty() ? shared_from_this() : std::shared_ptr<Core>{std::shared_ptr<Core>{}, this};
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

    /// Where starting and stopping happen, and accepting.
    [[nodiscard]] const asio::any_io_executor& executor() const noexcept {
        return workers_.front()->executor();
    }

    void begin() {
        if (stopping_) return;
        for (const auto& worker : workers_) {
            // Weak, here and below: a connection whose handler never ends outlives an embedded server.
            worker->on_closed = [weak = weak_from_this()] {
                const auto self = weak.lock();
                if (!self) return;
                for (const auto& listener : self->listeners_) listener->descriptor_freed();
            };
        }
        // Before a line says that it listens: whoever reads that may send a signal.
        if (!shared_->options.stop_signals.empty()) {
            signals_.emplace(executor());
            for (const int signal : shared_->options.stop_signals) signals_->add(signal);
            wait_for_signal();
        }
        const std::size_t asked = shared_->options.max_connections;
        if (const std::size_t most = shared_->max_connections; most < asked) {
            shared_->log(LogLevel::warn, "[server] Takes {} clients at a time, not {}: too few descriptors",
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
        abandon_after(shared_->options.drain_deadline + Worker::tick_time + abandon_time);
        for (const auto& worker : workers_) {
            asio::dispatch(worker->executor(), [self = alive(), worker] {
                worker->tick(Clock::now());  // the drain deadline counts from now
                worker->drain([weak = self->weak_from_this()] {
                    const auto alive = weak.lock();
                    if (alive)
                        asio::post(alive->executor(), [self = alive->alive()] { self->worker_drained(); });
                });
            });
        }
    }

    void worker_drained() {
        if (--draining_workers_ == 0) finish();
    }

    /// Closes what is left.
    void force() {
        if (draining_workers_ == 0) return;
        for (const auto& worker : workers_) {
            asio::dispatch(worker->executor(), [worker] { worker->abort(); });
        }
        abandon_after(abandon_time);
    }

    /// What then still waits, a coroutine handler after its connection was closed, is abandoned with its
    /// context.
    void abandon_after(std::chrono::milliseconds time) {
        timer_.emplace(executor(), time);
        timer_->async_wait([self = alive()](const std::error_code& ec) {
            if (!ec && self->draining_workers_ != 0) self->finish();
        });
    }

    void finish() {
        timer_.reset();
        signals_.reset();
        guards_.clear();
        shared_->log(LogLevel::info, "[server] Stopped");
        if (draining_workers_ == 0) return;
        for (const auto& context : contexts_) context->stop();
    }

    // Contexts are destroyed last: what is left in them refers to all the rest.
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
