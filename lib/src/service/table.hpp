// The table of a service: its commands, and what all connections share.
#pragma once

#include "auth_failures.hpp"
#include "clients.hpp"
#include "monitor.hpp"
#include "names.hpp"
#include "pause.hpp"
#include "slow_log.hpp"

#include <libresp/server/server_handle.hpp>
#include <libresp/service/commands.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace resp::detail {

struct ConfigParameter {
    std::string name;
    std::function<std::string()> get;
    std::function<std::optional<std::string>(std::string_view)> set;
};

/// What else happens to commands, beside their functions. Usually nothing does. Bits of Table::extras().
struct Extra {
    static constexpr unsigned monitor = 1;   // MONITOR
    static constexpr unsigned slow_log = 2;  // SLOWLOG
    static constexpr unsigned after = 4;     // Commands::after()
    static constexpr unsigned pause = 8;     // CLIENT PAUSE
};

struct InfoSection {
    std::string name;
    std::function<std::string()> lines;
};

class Table {
public:
    explicit Table(ServiceInfo about) : info(std::move(about)) {}

    // Until freeze().
    /// Adds a command. Throws std::invalid_argument if there is one of this name.
    CommandEntry& insert(std::string_view line, Function function, CommandTraits traits);
    /// Adds a command of the library, unless the program has one of this name. `checks_itself`: the usage line is only
    /// for COMMAND DOCS, and the function checks the words.
    template <class F>
    void add_default(UsageLine<void, std::type_identity_t<F>> usage, F f, CommandTraits traits,
                     bool checks_itself = false) {
        add_default(usage.text(), Invoker<void, F>::make(std::move(f)), std::move(traits), checks_itself);
    }
    template <class F>
    void add_default(RuntimeUsage usage, F f, CommandTraits traits) {
        add_default(usage.line, Invoker<void, F>::make(std::move(f)), std::move(traits), false);
    }
    /// Adds a parameter of CONFIG, unless the program has one of this name.
    void add_parameter(ConfigParameter parameter);
    /// The lock is taken for this command of the library too: it calls functions of the program.
    void take_lock_for(std::string_view name) noexcept;
    void freeze();
    void require_open() const;  ///< throws std::logic_error after freeze()

    // After freeze(), from any thread.
    [[nodiscard]] unsigned extras() const noexcept { return extras_.load(std::memory_order_relaxed); }
    void set_extra(unsigned bit, bool on) noexcept { on ? extras_.fetch_or(bit) : extras_.fetch_and(~bit); }
    /// Another thread may need it again at the same time: `is_needed` is asked after the bit was cleared.
    template <class IsNeeded>
    void end_extra(unsigned bit, const IsNeeded& is_needed) {
        set_extra(bit, false);
        if (is_needed()) set_extra(bit, true);
    }
    /// Runs `body` under the lock of the service for the keys `of`: that of the program, or one mutex, or none.
    template <class Body>
    void locked(std::span<const std::string_view> of, Access access, const Body& body) {
        if (user_lock) {
            user_lock(of, access, body);
        } else if (has_one_thread) {
            body();
        } else {
            const std::lock_guard lock{mutex};
            body();
        }
    }
    /// The entry of a command. If its subcommand is unknown, the entry of its name; null if the name is unknown.
    [[nodiscard]] const CommandEntry* find(View request) const noexcept {
        const CommandEntry* const entry = names_.find(Command{request}.name());
        return entry == nullptr || entry->is_plain ? entry : find_subcommand(*entry, request);
    }
    /// The same for one word, or for two words with `|` between them: "config|get".
    [[nodiscard]] const CommandEntry* find(std::string_view name) const noexcept;
    /// All commands without their subcommands.
    [[nodiscard]] const NameTable& names() const noexcept { return names_; }
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    [[nodiscard]] const CommandEntry& operator[](std::size_t i) const noexcept { return *entries_[i]; }

    const ServiceInfo info;
    Authenticator auth;
    std::function<std::optional<Error>(Call&)> before;
    std::function<void(const Call&, const Finished&)> after;
    std::vector<ConfigParameter> parameters;
    std::vector<InfoSection> sections;
    ServerHandle server;  // set before the first client
    /// Commands::lock(). Without it, `mutex` is the lock, unless the server has one thread.
    UserLock user_lock;
    std::mutex mutex;
    bool has_one_thread = false;
    // Of the server's options.
    std::chrono::milliseconds idle_timeout{0};
    std::size_t max_pushes = Options{}.max_pushes;
    std::atomic<std::uint64_t> blocked{0};  // clients whose command waits
    PubSub pubsub;
    Keys keys{pubsub};
    const std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
    Clients clients;
    Statistics statistics;
    Monitors monitors;
    SlowLog slow_log;
    Pause pause;
    AuthFailures auth_failures;

private:
    [[nodiscard]] static const CommandEntry* find_subcommand(const CommandEntry& entry,
                                                             View request) noexcept;
    void add_default(std::string_view line, Function function, CommandTraits traits, bool checks_itself);
    CommandEntry& make(std::string_view line, Function function, CommandTraits traits);
    CommandEntry& container(std::string_view name);

    std::vector<std::unique_ptr<CommandEntry>> entries_;
    NameTable names_;
    std::atomic<unsigned> extras_{0};
    bool frozen_ = false;
};

// The commands that each service has; called by freeze().
void add_handshake(Table& table);
void add_client_commands(Table& table);
void add_command_commands(Table& table);
void add_info(Table& table);
void add_pubsub(Table& table);
void add_transactions(Table& table);
void add_tracking(Table& table);
void add_monitor(Table& table);
void add_slow_log(Table& table);
void add_latency(Table& table);
void add_pause(Table& table);

/// Negative: off.
void set_slow_log(Table& table, std::int64_t microseconds);
/// After a change of `is_subscribed` or `is_monitor`: such a client has no reason to send requests.
void update_idle_timeout(const Table& table, const ClientRecord& client) noexcept;

/// A client has left, or RESET: ends its transaction, subscriptions, tracking and MONITOR.
void forget(Table& table, ClientRecord& client) noexcept;
void leave_all(Table& table, ClientRecord& client) noexcept;           // its subscriptions
void end_tracking(Table& table, ClientRecord& client) noexcept;        // CLIENT TRACKING OFF
void untrack_keys(Table& table, const ClientRecord& client) noexcept;  // what CLIENT TRACKING has remembered
void unwatch(Table& table, ClientRecord& client) noexcept;
void end_monitoring(Table& table, ClientRecord& client) noexcept;
/// Ends a transaction whose EXEC was refused. Returns the error text.
[[nodiscard]] std::string abort_transaction(Table& table, ClientRecord& client, std::string_view error);

}  // namespace resp::detail
