// The table of a service: its commands, and what all connections share.
#pragma once

#include "clients.hpp"
#include "names.hpp"

#include <libresp/server/server_handle.hpp>
#include <libresp/service/commands.hpp>

#include <atomic>
#include <chrono>
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
    /// The lock is taken for this command of the library too: it calls functions of the program.
    void take_lock_for(std::string_view name) noexcept;
    void freeze();
    void require_open() const;  ///< throws std::logic_error after freeze()

    // After freeze(), from any thread.
    /// Runs `body` under the lock of the service for the keys `of`: that of the program, or one mutex, or none.
    void locked(std::span<const std::string_view> of, Access access, const std::function<void()>& body);
    /// The entry of a command. If its subcommand is unknown, the entry of its name; null if the name is unknown.
    [[nodiscard]] const CommandEntry* find(const Command& command) const noexcept {
        const CommandEntry* const entry = names_.find(command.name());
        if (entry == nullptr || entry->subcommands == nullptr || command.size() < 2) return entry;
        const CommandEntry* const sub = entry->subcommands->find(command[1]);
        return sub != nullptr ? sub : entry;
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
    std::vector<ConfigParameter> parameters;
    std::vector<InfoSection> sections;
    ServerHandle server;  // set before the first client
    /// Commands::lock(). Without it, `mutex` is the lock, unless the server has one thread.
    UserLock user_lock;
    std::mutex mutex;
    bool has_one_thread = false;
    std::atomic<std::uint64_t> blocked{0};  // clients whose command waits for a key
    PubSub pubsub;
    Keys keys{pubsub};
    const std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
    Clients clients;
    Statistics statistics;

private:
    void add_default(std::string_view line, Function function, CommandTraits traits, bool checks_itself);
    CommandEntry& make(std::string_view line, Function function, CommandTraits traits);
    CommandEntry& container(std::string_view name);

    std::vector<std::unique_ptr<CommandEntry>> entries_;
    NameTable names_;
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

/// A client has left, or RESET: ends its transaction, subscriptions and tracking.
void forget(Table& table, ClientRecord& client);
void leave_all(Table& table, ClientRecord& client);           // its subscriptions
void end_tracking(Table& table, ClientRecord& client);        // CLIENT TRACKING OFF
void untrack_keys(Table& table, const ClientRecord& client);  // what CLIENT TRACKING has remembered
void unwatch(Table& table, ClientRecord& client);
/// Ends a transaction whose EXEC was refused. Returns the error text.
[[nodiscard]] std::string abort_transaction(Table& table, ClientRecord& client, std::string_view error);

}  // namespace resp::detail
