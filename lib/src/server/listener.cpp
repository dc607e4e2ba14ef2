// The accept loop. It hands each client to a worker, refuses clients above max_connections, and waits if
// descriptors have run out.
#include "listener.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <thread>

namespace resp::detail {

namespace {

// After this many clients in a row the loop lets the connected clients run.
constexpr int most_accepts = 16;
// How long the loop waits for a descriptor or for memory before it tries again.
constexpr std::chrono::milliseconds exhausted_pause{100};
// How long the thread sleeps if there is no memory to wait.
constexpr std::chrono::milliseconds no_memory_pause{10};

/// Accepts a client. Its socket is non-blocking and closed on exec. One call does all of it if possible,
/// because another thread may fork between two calls. Returns -1 and sets errno on an error.
int accept_client(int listener, sockaddr* address, socklen_t* size) noexcept {
#ifdef SOCK_CLOEXEC
    return ::accept4(listener, address, size, SOCK_CLOEXEC | SOCK_NONBLOCK);
#else
    const int client = ::accept(listener, address, size);
    if (client >= 0) {
        ::fcntl(client, F_SETFD, FD_CLOEXEC);
        ::fcntl(client, F_SETFL, O_NONBLOCK);
    }
    return client;
#endif
}

/// Whether accept() may be called again at once.
bool is_client_error(int error) noexcept {
    switch (error) {
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM: return false;
        default: return true;  // caused by the client or its network: ECONNABORTED, EPROTO, EPERM, …
    }
}

/// Calls `listen`, and adds the name of the address to its error.
template <class Listen>
void with_name(const Endpoint& name, const Listen& listen) {
    try {
        listen();
    } catch (const std::system_error& error) {
        throw std::system_error{error.code(), "cannot listen on " + name.to_string()};
    }
}

}  // namespace

Listener::Listener(std::shared_ptr<Shared> shared, asio::any_io_executor executor, NextWorker next_worker,
                   std::uint16_t index)
    : shared_(std::move(shared)),
      executor_(std::move(executor)),
      next_worker_(std::move(next_worker)),
      index_(index),
      acceptor_(executor_),
      pause_(executor_) {}

Listener::~Listener() { close(); }

void Listener::listen(const std::string& address, std::uint16_t port) {
    std::error_code ec;
    const auto numeric = asio::ip::make_address(address, ec);
    if (ec)
        throw std::system_error{ec, "cannot listen on \"" + address + "\", which is not a numeric address"};
    with_name({address, port, {}}, [&] {
        const asio::ip::tcp::endpoint endpoint{numeric, port};
        open(endpoint.protocol());
        acceptor_.set_option(asio::socket_base::reuse_address{true});
        // Otherwise "::" also takes the IPv4 port, and a separate listener on "0.0.0.0" fails.
        if (numeric.is_v6()) acceptor_.set_option(asio::ip::v6_only{true});
        acceptor_.bind(endpoint);
        listen();
    });
}

void Listener::listen(const std::string& unix_path) {
    with_name({{}, 0, unix_path}, [&] {
        const asio::local::stream_protocol::endpoint endpoint{unix_path};  // throws if the path is too long
        open(endpoint.protocol());
        const DirectoryLock lock{unix_path};
        remove_stale(unix_path);
        acceptor_.bind(endpoint);
        file_.emplace(unix_path);
        file_->set(shared_->options.unix_permissions);
        listen();
    });
}

void Listener::take(int descriptor) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    static_cast<void>(::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size));
    acceptor_.assign(Acceptor::protocol_type{address.ss_family, 0}, descriptor);
    ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    acceptor_.non_blocking(true);
}

void Listener::open(const Acceptor::protocol_type& protocol) {
    acceptor_.open(protocol);
    ::fcntl(acceptor_.native_handle(), F_SETFD, FD_CLOEXEC);
}

void Listener::listen() {
    acceptor_.listen(shared_->options.backlog);
    acceptor_.non_blocking(true);
}

Endpoint Listener::endpoint() const {
    if (file_) return {{}, 0, file_->path()};
    asio::ip::tcp::endpoint local;
    const auto bound = acceptor_.local_endpoint();
    if (bound.data()->sa_family == AF_UNIX) {
        asio::local::stream_protocol::endpoint of_unix;
        std::memcpy(of_unix.data(), bound.data(), bound.size());
        of_unix.resize(bound.size());
        return {{}, 0, of_unix.path()};
    }
    std::memcpy(local.data(), bound.data(), std::min<std::size_t>(bound.size(), local.capacity()));
    return Peer{local}.endpoint();
}

void Listener::start() {
    shared_->log(LogLevel::info, "[server] Listening on {}", endpoint().to_string());
    go_on(Accepted::none);
}

void Listener::close() {
    std::error_code ignored;
    if (acceptor_.is_open() && file_) file_->remove();
    acceptor_.close(ignored);
    pause_.cancel();
}

void Listener::descriptor_freed() noexcept try {
    if (!exhausted_.load(std::memory_order_relaxed)) return;
    asio::post(executor_, [self = shared_from_this()] { self->pause_.cancel(); });
} catch (const std::exception&) {
    // No memory: the pause ends by itself.
}

/// Begins the next wait, after an accept with this result.
void Listener::go_on(Accepted last) noexcept {
    while (acceptor_.is_open()) {
        try {
            return last == Accepted::exhausted ? pause() : wait();
        } catch (const std::exception&) {
            ++shared_->accept_errors;
        }
        // No memory even for a wait, and nothing else would continue the loop.
        std::this_thread::sleep_for(no_memory_pause);
    }
}

/// Waits for clients. If more are waiting already, the connected ones run first.
void Listener::wait() {
    acceptor_.async_wait(Acceptor::wait_read,
                         [self = shared_from_this()](const std::error_code&) { self->accept_some(); });
}

/// Waits until a connection has closed, or for exhausted_pause.
void Listener::pause() {
    pause_.expires_after(exhausted_pause);
    pause_.async_wait([self = shared_from_this()](const std::error_code&) {
        self->exhausted_.store(false, std::memory_order_relaxed);
        self->go_on(Accepted::none);
    });
    exhausted_.store(true, std::memory_order_relaxed);
}

/// Accepts up to most_accepts clients.
void Listener::accept_some() noexcept {
    Accepted last = Accepted::client;
    for (int i = 0; i != most_accepts && acceptor_.is_open(); ++i) {
        last = accept();
        if (last == Accepted::none || last == Accepted::exhausted) break;
    }
    go_on(last);
}

Listener::Accepted Listener::accept() noexcept try {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    Descriptor client{accept_client(acceptor_.native_handle(), reinterpret_cast<sockaddr*>(&address), &size)};
    if (client.number() < 0) {
        const int error = errno;
        if (error == EAGAIN || error == EWOULDBLOCK) return Accepted::none;
        ++shared_->accept_errors;
        if (is_client_error(error)) return Accepted::retry;
        shared_->log(LogLevel::warn, "[server] Cannot accept: {}", std::generic_category().message(error));
        return Accepted::exhausted;
    }
    Peer peer = peer_of(client.number(), address, size);
    peer.listener = index_;
    hand_over(shared_, next_worker_, std::move(client), peer);
    return Accepted::client;
} catch (...) {
    could_not_hand_over();
    return Accepted::exhausted;
}

/// Counts and logs a client that is closed because there is no memory for it. Call it in the catch block.
void Listener::could_not_hand_over() noexcept try {
    ++shared_->accept_errors;
    shared_->log(LogLevel::warn, "[server] Cannot serve a client: {}", current_exception_text());
} catch (const std::exception&) {
    // No memory for the log line. The error is counted.
}

}  // namespace resp::detail
