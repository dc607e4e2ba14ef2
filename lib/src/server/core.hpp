// What an Engine consists of: contexts, workers, listeners. engine.cpp makes and starts them, stopping.cpp stops them.
#pragma once

#include "asio.hpp"
#include "listener.hpp"
#include "server_link.hpp"
#include "shared.hpp"
#include "worker.hpp"

#include <libresp/server/detail/engine.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace resp::detail {

class Engine::Core final : public std::enable_shared_from_this<Core>, public LinkedServer {
public:
    /// Makes one context per thread.
    Core(Options options, std::unique_ptr<AdapterFactory> factory);
    /// Embedded: runs on the user's executors, with one worker on each.
    Core(const std::vector<asio::any_io_executor>& executors, Options options,
         std::unique_ptr<AdapterFactory> factory);
    ~Core();

    void listen();
    void start();
    void run();
    /// From any thread. The first call drains the connections, the second closes them by force.
    void stop() override;
    /// From any thread. Serves the client of a connected socket.
    void adopt(int socket);
    /// The server is being destroyed.
    void abandon();

    [[nodiscard]] std::size_t threads() const noexcept override { return workers_.size(); }
    [[nodiscard]] const std::vector<Endpoint>& endpoints() const noexcept override {
        return shared_->endpoints;
    }
    [[nodiscard]] Stats stats() const override;

private:
    enum class Phase : unsigned char { serving, draining, forced, finished };  // it only goes forward
    struct Adopted {
        Descriptor client;
        Peer peer;
    };

    static std::shared_ptr<Shared> make_shared(Options options, std::size_t workers,
                                               std::unique_ptr<AdapterFactory> factory);
    [[nodiscard]] bool is_embedded() const noexcept { return contexts_.empty(); }
    /// For posted actions. If embedded, an action may run after ~Server(), so it keeps this core alive.
    /// Otherwise the core owns the contexts, and with them the actions, so an action must not own the core.
    [[nodiscard]] std::shared_ptr<Core> alive() {
        return is_embedded() ? shared_from_this() : std::shared_ptr<Core>{std::shared_ptr<Core>{}, this};
    }
    void add_worker(asio::any_io_executor executor);
    /// The executor of the first worker. It also runs start, stop and accept.
    [[nodiscard]] const asio::any_io_executor& executor() const noexcept {
        return workers_.front()->executor();
    }
    [[nodiscard]] Worker& next_worker() noexcept { return *workers_[next_worker_++ % workers_.size()]; }
    void begin_once();
    void begin(std::unique_ptr<asio::signal_set> signals);
    void serve(Adopted adopted) noexcept;

    // stopping.cpp
    void run(asio::io_context& context);
    [[nodiscard]] std::unique_ptr<asio::signal_set> catch_signals();
    void wait_for_signal();
    void begin_stop();
    void worker_drained();
    void force();
    void abandon_after(std::chrono::milliseconds time);
    void finish();
    void release();
    void stop_contexts() noexcept;

    // Destroyed last: the workers, listeners, guards, signals_ and timer_ use the contexts.
    std::vector<std::unique_ptr<asio::io_context>> contexts_;
    const std::shared_ptr<Shared> shared_;
    const std::shared_ptr<ServerLink> link_ = std::make_shared<ServerLink>(*this, shared_);
    std::vector<std::shared_ptr<Worker>> workers_;
    std::vector<std::shared_ptr<Listener>> listeners_;
    std::vector<Adopted> adopted_;  // before begin()
    std::vector<asio::executor_work_guard<asio::io_context::executor_type>> guards_;
    std::unique_ptr<asio::signal_set> signals_;
    std::optional<asio::steady_timer> timer_;
    std::size_t next_worker_ = 0;
    std::size_t draining_workers_ = 0;
    Clock::time_point work_until_{};
    std::atomic<bool> started_{false};
    std::atomic<bool> at_once_{false};  // run() does not wait for other work of the handlers
    bool begun_ = false;                // set by begin(): clients are served
    Phase phase_ = Phase::serving;
};

}  // namespace resp::detail
