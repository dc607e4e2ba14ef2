// MULTI, EXEC, DISCARD, WATCH and UNWATCH.
//
//     MULTI           the client's commands are copied, see Runner::may_run()
//     WATCH key       under the lock of the key; then Keys::changed() sets the flag of the client
//     EXEC            takes the lock for all keys, looks at the flag, and calls all functions
#include "defaults.hpp"
#include "runner.hpp"
#include "transaction.hpp"

#include <algorithm>
#include <utility>

namespace resp::detail {

namespace {

CommandTraits about_transaction(const char* summary) {
    CommandTraits traits = about("transactions", summary);
    traits.fast = true;
    traits.no_multi = true;
    return traits;
}

/// While the functions of a transaction run.
class Execution {
public:
    explicit Execution(ClientRecord& client) noexcept : client_(client) {
        client.is_executing = true;
        client.own_messages = &messages_;
        messages_.set_limit(client.table->max_pushes);
    }
    Execution(const Execution&) = delete;
    Execution& operator=(const Execution&) = delete;
    ~Execution() {
        client_.is_executing = false;
        client_.own_messages = nullptr;
    }
    /// What the client has published for itself. CLIENT REPLY OFF drops only what stands before it.
    void write_messages(Reply& reply, Reply::Mark begin) const {
        if (messages_.empty()) return;
        client_.wrote_push = client_.replies != ReplyMode::on;
        if (client_.wrote_push) reply.rollback(begin);
        reply.wire(messages_);
    }

private:
    ClientRecord& client_;
    Buffer messages_;
};

/// Ends the transaction of a client, and returns it.
std::unique_ptr<Transaction> take_transaction(ClientRecord& client) noexcept {
    std::unique_ptr<Transaction> transaction = std::move(client.transaction);
    client.update();
    if (transaction == nullptr) return nullptr;
    for (const Transaction::Queued& queued : transaction->queued) client.memory.give_back(queued.memory());
    return transaction;
}

void watch(Table& table, const Words& keys, Call& call) {
    ClientRecord& client = record_of(call);
    if (client.transaction != nullptr) throw Error{"ERR WATCH inside MULTI is not allowed"};
    if (client.watch_flag == nullptr) client.watch_flag = std::make_shared<std::atomic<bool>>(false);
    const unsigned database = client.database();
    for (const std::string_view key : keys) {
        std::pair<unsigned, std::string> watched{database, key};
        if (client.watched.contains(watched)) continue;
        if (!client.memory.take(client.connection(), memory_of_name(key))) throw Error{out_of_memory};
        client.watched.insert(std::move(watched));
        table.keys.watch(database, key, client.id(), client.watch_flag);
    }
    call.reply().simple_string("OK");
}

void run_all(Table& table, Call& call, const Transaction& transaction) {
    Reply& reply = call.reply();
    ClientRecord& client = record_of(call);
    if (client.watch_flag != nullptr && client.watch_flag->load()) {
        reply.version() == Version::resp3 ? reply.null() : reply.null_array();
        return;
    }
    const Reply::Mark begin = reply.mark();
    const Execution execution{client};
    reply.array(transaction.queued.size());
    for (const Transaction::Queued& queued : transaction.queued) {
        const Request request = call.request().with(queued.words.view());
        Call each{*queued.entry, request, reply, client, Runner::state_of(call)};
        const std::size_t before = reply.size();
        if (Runner::may_run(table, each)) Runner::call_function(table, each);
        // Each command must have its place in the array.
        if (reply.size() == before) reply.null();
    }
    execution.write_messages(reply, begin);
}

/// The keys of all commands, and the watched ones. None, which locks everything, if a command of the program has none.
KeyList keys_to_lock(const Call& exec, const Transaction& transaction) {
    ClientRecord& client = record_of(exec);
    KeyList keys;
    for (const Transaction::Queued& queued : transaction.queued) {
        const Request request = exec.request().with(queued.words.view());
        Call each{*queued.entry, request, exec.reply(), client, nullptr};
        const std::size_t before = keys.size();
        Runner::add_queued_keys(each, keys);
        if (keys.size() == before && !queued.entry->is_ours) return {};
    }
    for (const auto& [database, key] : client.watched) keys.emplace_back(key);
    return keys;
}

void exec(Table& table, Call& call) {
    ClientRecord& client = record_of(call);
    const std::unique_ptr<Transaction> transaction = take_transaction(client);
    if (transaction == nullptr) throw Error{"ERR EXEC without MULTI"};
    if (transaction->failed) {
        unwatch(table, client);
        throw Error{"EXECABORT Transaction discarded because of previous errors."};
    }
    const bool writes = std::any_of(transaction->queued.begin(), transaction->queued.end(),
                                    [](const auto& queued) { return !queued.entry->traits.readonly; });
    const KeyList keys = table.user_lock ? keys_to_lock(call, *transaction) : KeyList{};
    table.locked(keys, writes ? Access::write : Access::read, [&] { run_all(table, call, *transaction); });
    unwatch(table, client);
}

}  // namespace

/// In a transaction it does nothing: EXEC has looked at the keys, and the lock that it holds may still refer to them.
void unwatch(Table& table, ClientRecord& client) noexcept {
    if (client.is_executing) return;
    for (const auto& [database, key] : client.watched) {
        table.keys.unwatch(database, key, client.id());
        client.memory.give_back(memory_of_name(key));
    }
    client.watched.clear();
    client.watch_flag.reset();
}

std::string abort_transaction(Table& table, ClientRecord& client, std::string_view error) {
    static_cast<void>(take_transaction(client));
    unwatch(table, client);
    if (error.starts_with("ERR ")) error.remove_prefix(4);
    return "EXECABORT Transaction discarded because of: " + std::string{error};
}

void forget(Table& table, ClientRecord& client) noexcept {
    static_cast<void>(take_transaction(client));
    unwatch(table, client);
    leave_all(table, client);
    end_tracking(table, client);
    end_monitoring(table, client);
}

void add_transactions(Table& table) {
    table.add_default(
        "MULTI",
        [](Call& call) {
            ClientRecord& client = record_of(call);
            if (client.transaction != nullptr) throw Error{"ERR MULTI calls can not be nested"};
            client.transaction = std::make_unique<Transaction>();
            client.update();
            return ok;
        },
        about_transaction("Starts a transaction."));
    table.add_default(
        "EXEC", [&table](Call& call) { exec(table, call); },
        about_transaction("Executes all commands in a transaction."));
    table.add_default(
        "DISCARD",
        [&table](Call& call) {
            if (take_transaction(record_of(call)) == nullptr) throw Error{"ERR DISCARD without MULTI"};
            unwatch(table, record_of(call));
            return ok;
        },
        about_transaction("Discards a transaction."));
    table.add_default(
        "WATCH key [key ...]", [&table](Words keys, Call& call) { watch(table, keys, call); },
        about_transaction("Monitors changes to keys to determine the execution of a transaction."));
    table.take_lock_for("watch");
    CommandTraits traits = about_transaction("Forgets about watched keys of a transaction.");
    traits.no_multi = false;
    table.add_default(
        "UNWATCH",
        [&table](Call& call) {
            unwatch(table, record_of(call));
            return ok;
        },
        traits);
}

}  // namespace resp::detail
