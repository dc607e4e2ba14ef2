// What a service knows about one client: what CLIENT INFO shows.
#pragma once

#include <libresp/server/connection.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace resp {

class Keys;

namespace detail {
class ServiceBase;
struct ClientRecord;
struct CommandEntry;
}  // namespace detail

/// What a Service knows about one client. Its members may be called from any thread.
class Client {
public:
    explicit Client(Connection connection) : connection_(std::move(connection)), id_(connection_.id()) {}
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    [[nodiscard]] const Connection& connection() const noexcept { return connection_; }
    [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
    /// The number of the database that SELECT has chosen.
    [[nodiscard]] unsigned database() const noexcept { return database_.load(std::memory_order_relaxed); }
    void select(unsigned database) noexcept { database_.store(database, std::memory_order_relaxed); }
    /// The user that AUTH has found. "default" if the service has no Commands::auth().
    [[nodiscard]] std::string user() const { return text(user_); }
    /// What the client says about itself: CLIENT SETNAME, CLIENT SETINFO. Empty if it has said nothing.
    [[nodiscard]] std::string name() const { return text(name_); }
    [[nodiscard]] std::string library_name() const { return text(library_name_); }
    [[nodiscard]] std::string library_version() const { return text(library_version_); }
    /// They throw an Error if Options::max_memory has no room for the text.
    void set_user(std::string_view user) { set(user_, user); }
    void set_name(std::string_view name) { set(name_, name); }
    void set_library_name(std::string_view name) { set(library_name_, name); }
    void set_library_version(std::string_view version) { set(library_version_, version); }

    /// Whether the client may run all commands: it is authenticated, or the service has no Commands::auth().
    [[nodiscard]] bool is_authenticated() const noexcept {
        return authenticated_.load(std::memory_order_relaxed);
    }
    void set_authenticated(bool authenticated) noexcept {
        authenticated_.store(authenticated, std::memory_order_relaxed);
    }

    /// Whether the client has subscribed to anything.
    [[nodiscard]] bool is_subscriber() const noexcept {
        return channels_.load(std::memory_order_relaxed) + patterns_.load(std::memory_order_relaxed) +
                   shards_.load(std::memory_order_relaxed) !=
               0;
    }

    /// One line, as CLIENT INFO and CLIENT LIST show it, without its end.
    [[nodiscard]] std::string line() const;

private:
    friend class Call;
    friend class detail::ServiceBase;
    friend struct detail::ClientRecord;

    [[nodiscard]] std::string text(const std::string& member) const {
        const std::lock_guard lock{mutex_};
        return member;
    }
    void set(std::string& member, std::string_view text);

    const Connection connection_;
    const std::uint64_t id_;
    Keys* keys_ = nullptr;  // of the service
    std::atomic<unsigned> database_{0};
    std::atomic<bool> authenticated_{true};
    std::atomic<const detail::CommandEntry*> last_{nullptr};  // the command that ran last
    // For line(): what ClientRecord has.
    std::atomic<std::size_t> channels_{0}, patterns_{0}, shards_{0};
    std::atomic<std::ptrdiff_t> queued_{-1};  // commands after MULTI; -1: no MULTI
    std::atomic<bool> tracks_{false}, broadcasts_{false}, monitors_{false}, blocked_{false};
    std::atomic<std::uint64_t> redirect_{0};  // the client that gets what CLIENT TRACKING says
    mutable std::mutex mutex_;
    std::string user_ = "default";  // this and the following are guarded by the mutex
    std::string name_;
    std::string library_name_;
    std::string library_version_;
    Charge charge_;  // for these texts, if they are long
};

}  // namespace resp
