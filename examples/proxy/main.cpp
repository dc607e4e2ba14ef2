// A proxy. It shows deferred replies, a Turn, async_send() and streams. The stateless commands of all clients of a
// thread share one connection to the upstream. A client with a state there, or with a long value, gets its own.
//
//     ./proxy --port 7000 --upstream 127.0.0.1:6379
//     redis-cli -p 7000 SET greeting 'Hello world!'
//     redis-benchmark -p 7000 -t get -P 32 -q
#include <CLI/CLI.hpp>

#include <csignal>
#include <unordered_map>

#include "shared.hpp"

namespace {
/// The commands that a thread has seen. At the end it prints how often.
class Commands {
public:
    /// Counts a command. Returns whether its client needs its own connection from now on.
    bool count(std::string_view name) {
        if (last_ == nullptr || name != last_name_) find(name);
        ++*last_;
        return is_stateful_;
    }
    ~Commands() {
        for (const auto& [name, count] : counts_) std::printf("%s %ju\n", resp::escaped(name).c_str(), count);
    }

private:
    void find(std::string_view name) {
        static constexpr std::string_view stateful =
            " ASKING AUTH BLMOVE BLMPOP BLPOP BRPOP BRPOPLPUSH BZMPOP BZPOPMAX BZPOPMIN CLIENT DISCARD EXEC"
            " HELLO MONITOR MULTI PSUBSCRIBE PSYNC PUNSUBSCRIBE QUIT READONLY READWRITE REPLCONF RESET SELECT"
            " SHUTDOWN SSUBSCRIBE SUBSCRIBE SUNSUBSCRIBE SYNC UNSUBSCRIBE UNWATCH WAIT WAITAOF WATCH"
            " XREAD XREADGROUP ";
        last_name_ = name;  // as it was sent: usually the next command has the same name
        std::string upper{name};
        for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        is_stateful_ = stateful.find(' ' + upper + ' ') != std::string_view::npos;
        // Clients may invent names. Those after the first 1,000 count together.
        last_ = &counts_[counts_.size() < 1000 || counts_.contains(upper) ? upper : "(other)"];
    }
    std::unordered_map<std::string, std::uintmax_t> counts_;
    std::uintmax_t* last_ = nullptr;
    std::string last_name_;
    bool is_stateful_ = false;
};
class Proxy {
public:
    Proxy(const Endpoints& upstream, bool logs_commands) : upstream_(&upstream), logs_(logs_commands) {}
    /// Each thread has one. The requests of a turn are collected, and sent at its end.
    struct Turn {
        Turn(const Proxy& proxy, const asio::any_io_executor& on) : upstream(proxy.upstream_), executor(on) {}
        void end() {
            if (shared != nullptr) shared->end_turn();
            for (const std::shared_ptr<Link>& own : owns) own->flush();
            owns.clear();
        }
        std::shared_ptr<Shared> join() {
            if (shared == nullptr || shared->is_closed()) {
                shared = std::make_shared<Shared>(executor, *upstream, false);
                asio::co_spawn(executor, shared->run(shared), asio::detached);
            }
            shared->join();
            return shared;
        }
        const Endpoints* upstream;
        asio::any_io_executor executor;
        Commands commands;
        std::shared_ptr<Shared> shared;
        std::vector<std::shared_ptr<Link>> owns;  // that got requests in this turn
    };
    void on_close(std::error_code) {
        if (own_ != nullptr) own_->close();
        if (shared_ != nullptr) shared_->leave();
    }
    bool waits(const resp::Request&) const { return link() != nullptr && link()->is_full(); }
    resp::Outcome operator()(const resp::Request& request, resp::Reply& reply) {
        if (waits(request)) return wait(request, reply);
        forward(request, reply);
        return {};
    }
    bool wants_stream(const resp::Command&, std::uint64_t) const { return true; }
    asio::awaitable<void> on_stream(resp::Incoming& incoming, resp::Reply&) {
        incoming.turn<Turn>().commands.count(incoming.head().name());
        const std::shared_ptr<Link> to = own(incoming.turn<Turn>(), incoming.connection());
        to->append(incoming.wire_before());
        while (const auto piece = co_await incoming.next()) {
            to->append(piece->wire);
            to->flush();
            while (to->is_full()) co_await to->room();
        }
        to->append(co_await incoming.rest());
        to->flush();
    }

private:
    /// The connection for the next request, if there is one yet.
    Link* link() const noexcept { return own_ != nullptr ? own_.get() : shared_.get(); }
    asio::awaitable<void> wait(const resp::Request& request, resp::Reply& reply) {
        while (waits(request)) co_await link()->room();
        forward(request, reply);
    }
    void forward(const resp::Request& request, resp::Reply& reply) {
        Turn& turn = request.turn<Turn>();
        const std::string_view name = request.command().name();
        if (logs_) std::printf("[%d] %s\n", int(request.connection().id()), resp::escaped(name).c_str());
        if (turn.commands.count(name) || own_ != nullptr)
            return own(turn, request.connection())->append(request);
        if (shared_ == nullptr) shared_ = turn.join();
        shared_->forward(request, reply, group_);
    }
    /// The client's own connection. It begins with the first call.
    std::shared_ptr<Link> own(Turn& turn, const resp::Connection& client) {
        if (own_ == nullptr) {
            own_ = std::make_shared<Link>(turn.executor, *upstream_, true);
            asio::co_spawn(turn.executor, own_->pass_on(own_, client), asio::detached);
            shared_ != nullptr ? shared_->release_after(group_, own_) : own_->release();
        }
        if (turn.owns.empty() || turn.owns.back() != own_) turn.owns.push_back(own_);
        return own_;
    }
    const Endpoints* upstream_;
    bool logs_;
    std::shared_ptr<Shared> shared_;  // null before the first stateless request
    std::uint64_t group_ = 0;         // of the last request on the shared connection
    std::shared_ptr<Link> own_;       // null before the first stateful request
};
}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"A pipelining proxy"};
    resp::Options options{.stop_signals = {SIGINT, SIGTERM}};
    std::string upstream = "127.0.0.1:6379";
    bool logs_commands = false;
    app.add_option("-p,--port", options.port, "TCP port; 0 picks a free one")->capture_default_str();
    app.add_option("-u,--upstream", upstream, "HOST:PORT of the upstream")->capture_default_str();
    app.add_option("-t,--threads", options.threads, "Number of threads")->capture_default_str();
    app.add_flag("-l,--log", logs_commands, "Print each command");
    CLI11_PARSE(app, argc, argv);
    try {
        const std::size_t colon = upstream.rfind(':');
        asio::ip::tcp::resolver resolver{asio::system_executor{}};
        const Endpoints endpoints = resolver.resolve(upstream.substr(0, colon), upstream.substr(colon + 1));
        resp::Server server{options, Proxy{endpoints, logs_commands}};
        std::printf("Listening on %s\n", server.local_endpoint().to_string().c_str());
        std::fflush(stdout);
        server.run();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "proxy: %s\n", error.what());
        return 1;
    }
}
