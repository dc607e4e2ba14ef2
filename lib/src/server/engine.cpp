// What does not depend on the handler's type: how contexts, workers and listeners are made and started.
#include "addresses.hpp"
#include "core.hpp"
#include "stats.hpp"
#include "threads.hpp"

#include <libresp/server.hpp>

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace resp::detail {

namespace {

/// Returns the addresses of a connected socket. Throws std::invalid_argument if it is none.
Peer check_connected(int socket) {
    int type = 0;
    socklen_t size = sizeof type;
    if (::getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM)
        throw std::invalid_argument{"resp::Server: adopt() needs a stream socket"};
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    if (::getpeername(socket, reinterpret_cast<sockaddr*>(&address), &length) != 0 && errno == ENOTCONN)
        throw std::invalid_argument{"resp::Server: adopt() needs a connected socket"};
    return peer_of(socket, address, length);
}

}  // namespace

// ---- making

Engine::Core::Core(Options options, std::unique_ptr<AdapterFactory> factory)
    : shared_(make_shared(std::move(options), 0, std::move(factory))) {
    for (unsigned i = 0; i != shared_->options.threads; ++i) {
        constexpr int one_thread = 1;  // saves most locks
        contexts_.push_back(std::make_unique<asio::io_context>(one_thread));
        add_worker(contexts_.back()->get_executor());
    }
}

Engine::Core::Core(const std::vector<asio::any_io_executor>& executors, Options options,
                   std::unique_ptr<AdapterFactory> factory)
    : shared_(make_shared(std::move(options), executors.size(), std::move(factory))) {
    for (const asio::any_io_executor& executor : executors) add_worker(asio::make_strand(executor));
}

Engine::Core::~Core() {
    // If embedded, a waiting handler may keep its worker alive; the worker then disposes of itself.
    for (std::size_t i = 0; i != contexts_.size(); ++i) workers_[i]->dispose();
}

/// `workers`: the number of the user's executors; 0: Options::threads.
std::shared_ptr<Shared> Engine::Core::make_shared(Options options, std::size_t workers,
                                                  std::unique_ptr<AdapterFactory> factory) {
    if (workers != 0) options.threads = static_cast<unsigned>(workers);
    validate(options);
    auto shared = std::make_shared<Shared>(std::move(options), std::move(factory));
    shared->places.lower_most(bounded_by_descriptors(shared->options));
    return shared;
}

void Engine::Core::add_worker(asio::any_io_executor executor) {
    workers_.push_back(std::make_shared<Worker>(shared_, std::move(executor), workers_.size()));
    workers_.back()->open();
}

void Engine::Core::listen() {
    listeners_ = listen_on_all(shared_, executor(), [this]() -> Worker& { return next_worker(); });
    for (const auto& listener : listeners_) shared_->endpoints.push_back(listener->endpoint());
}

// ---- starting

void Engine::Core::start() {
    if (!is_embedded()) {
        throw std::logic_error{
            "resp::Server: start() needs a server that was made with an executor; call run()"};
    }
    begin_once();
}

void Engine::Core::run() {
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

void Engine::Core::begin_once() {
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
    asio::post(executor(),
               [self = alive(), signals = catch_signals()]() mutable { self->begin(std::move(signals)); });
}

void Engine::Core::begin(std::unique_ptr<asio::signal_set> signals) {
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
                     "[server] Accepts at most {} clients, not {}: the limit of open files is too low", most,
                     asked);
    }
    for (const auto& listener : listeners_) listener->start();
    begun_ = true;
    for (Adopted& adopted : std::exchange(adopted_, {})) serve(std::move(adopted));
}

Stats Engine::Core::stats() const { return sum_stats(*shared_, workers_); }

// ---- adopting a socket

void Engine::Core::adopt(int socket) {
    Adopted adopted{Descriptor{socket}, {}};
    adopted.peer = check_connected(socket);
    ::fcntl(socket, F_SETFD, FD_CLOEXEC);
    ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
    asio::post(executor(),
               [self = alive(), adopted = std::move(adopted)]() mutable { self->serve(std::move(adopted)); });
}

/// Before begin() the client waits. After a stop, or if there is no memory for it, it is closed.
void Engine::Core::serve(Adopted adopted) noexcept try {
    if (phase_ != Phase::serving) return;
    if (!begun_) return adopted_.push_back(std::move(adopted));
    hand_over(
        shared_, [this]() -> Worker& { return next_worker(); }, std::move(adopted.client), adopted.peer);
} catch (const std::exception&) {
    ++shared_->accept_errors;
}

// ---- Engine

Engine::Engine(Options options, std::unique_ptr<AdapterFactory> factory)
    : core_(std::make_shared<Core>(std::move(options), std::move(factory))) {
    core_->listen();
}

Engine::Engine(const std::vector<asio::any_io_executor>& executors, Options options,
               std::unique_ptr<AdapterFactory> factory) {
    if (executors.empty()) throw std::invalid_argument{"resp::Server: there is no executor"};
    core_ = std::make_shared<Core>(executors, std::move(options), std::move(factory));
    core_->listen();
}

Engine::~Engine() { core_->abandon(); }

void Engine::run() { core_->run(); }
void Engine::start() { core_->start(); }
void Engine::stop() { core_->stop(); }
void Engine::adopt(int socket) { core_->adopt(socket); }
std::vector<Endpoint> Engine::endpoints() const { return core_->endpoints(); }
Stats Engine::stats() const { return core_->stats(); }

}  // namespace resp::detail
