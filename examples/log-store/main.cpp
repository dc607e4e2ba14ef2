// A key-value store that loses nothing: it appends each SET and DEL to a log, and replies +OK only after the
// log is on the disk. It shows a Turn: one fdatasync() for all clients that are ready together.
//
//     ./log-store --port 6379 --log store.log
//     redis-cli -p 6379 SET greeting 'Hello world!'
//     redis-benchmark -p 6379 -t set,get -c 50 -q
//     kill -9 it, start it again: everything that was acknowledged is there
#include <libresp/server.hpp>

#include <CLI/CLI.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>

namespace {

/// The values, and the log that makes them durable. The log is a file of commands, as clients send them.
class Store {
public:
    explicit Store(const std::string& path)
        : file_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)), path_(path) {
        if (file_ < 0) fail("open");
        replay();
    }
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;
    ~Store() { ::close(file_); }

    [[nodiscard]] const std::string* find(std::string_view key) const {
        const auto found = values_.find(std::string{key});
        return found != values_.end() ? &found->second : nullptr;
    }
    void set(std::string_view key, std::string_view value) {
        append_.command("SET", key, value);
        values_.insert_or_assign(std::string{key}, value);
    }
    bool del(std::string_view key) {
        if (values_.erase(std::string{key}) == 0) return false;
        append_.command("DEL", key);
        return true;
    }

    /// Writes what was appended, and waits until it is on the disk. After a failure the values are more than
    /// what the log holds, so nothing may be read or written any more.
    void commit() {
        if (pending_.empty()) return;
        is_broken_ = true;
        for (std::string_view left = pending_; !left.empty();) {
            const ssize_t n = ::write(file_, left.data(), left.size());
            if (n < 0 && errno != EINTR) fail("write");
            if (n > 0) left.remove_prefix(static_cast<std::size_t>(n));
        }
        if (::fdatasync(file_) != 0) fail("fdatasync");
        is_broken_ = false;
        pending_.clear();
        ++syncs_;
    }
    [[nodiscard]] bool is_broken() const noexcept { return is_broken_; }
    [[nodiscard]] std::size_t syncs() const noexcept { return syncs_; }

private:
    /// Reads the log. Cuts off a command at its end that was not written completely: no client got +OK for it.
    void replay() {
        resp::Decoder decoder;
        for (;;) {
            const std::span<char> room = decoder.prepare(64 * 1024);
            const ssize_t n = ::read(file_, room.data(), room.size());
            if (n < 0) fail("read");
            if (n == 0) break;
            decoder.commit(static_cast<std::size_t>(n));
            while (const auto frame = decoder.next()) {
                const resp::Command command{*frame};
                if (command.is("SET")) values_.insert_or_assign(std::string{command[1]}, command[2]);
                if (command.is("DEL")) values_.erase(std::string{command[1]});
            }
            if (decoder.error()) {
                throw std::runtime_error{path_ + ": not a log, at byte " +
                                         std::to_string(decoder.error()->offset)};
            }
        }
        const auto end = static_cast<off_t>(decoder.offset());
        if (::ftruncate(file_, end) != 0 || ::lseek(file_, end, SEEK_SET) != end) fail("ftruncate");
    }
    [[noreturn]] void fail(const char* what) const {
        throw std::system_error{errno, std::generic_category(), path_ + ": " + what};
    }

    int file_;
    std::string path_;
    std::unordered_map<std::string, std::string> values_;
    std::string pending_;  // not written yet
    resp::Encoder append_{pending_};
    std::size_t syncs_ = 0;
    bool is_broken_ = false;
};

class Handler {
public:
    explicit Handler(Store& store) : store_(&store) {}

    // [turn]
    /// The server calls end() after the requests of all clients that were ready, and before it sends any reply.
    struct Turn {
        explicit Turn(const Handler& handler) : store(handler.store_) {}
        void end() { store->commit(); }
        Store* store;
    };
    // [/turn]

    void operator()(const resp::Request& request, resp::Reply& reply) const {
        const resp::Command command = request.command();
        const auto has = [&](std::size_t words) { return command.size() == words; };
        if (store_->is_broken()) {
            reply.simple_error("MISCONF the log cannot be written");
        } else if (command.is("SET") && has(3)) {
            store_->set(command[1], command[2]);
            reply.simple_string("OK");
        } else if (command.is("GET") && has(2)) {
            const std::string* const value = store_->find(command[1]);
            value != nullptr ? reply.bulk_string(*value) : reply.null();
        } else if (command.is("DEL") && has(2)) {
            reply.integer(store_->del(command[1]) ? 1 : 0);
        } else if (command.is("SYNCS") && has(1)) {
            reply.integer(static_cast<std::int64_t>(store_->syncs()));
        } else if (command.is("PING") && has(1)) {
            reply.simple_string("PONG");
        } else if (command.is("SET") || command.is("GET") || command.is("DEL")) {
            reply.simple_error(resp::wrong_number_of_arguments(command.name()));
        } else {
            reply.simple_error(resp::unknown_command(command));
        }
    }

private:
    Store* store_;
};

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"A key-value store whose writes are on the disk before it replies"};
    // One thread, so that the store needs no lock. The disk is slower than one thread.
    resp::Options options{.stop_signals = {SIGINT, SIGTERM}};
    std::string log = "store.log";
    app.add_option("-p,--port", options.port, "TCP port; 0 picks a free one")->capture_default_str();
    app.add_option("-l,--log", log, "File of the log")->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    try {
        Store store{log};
        resp::Server server{options, Handler{store}};
        std::printf("Listening on %s\n", server.local_endpoint().to_string().c_str());
        std::fflush(stdout);
        server.run();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "log-store: %s\n", error.what());
        return 1;
    }
}
