// Runs one command for one client.
#pragma once

#include "defaults.hpp"
#include "table.hpp"

#include <libresp/codec/wire.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace resp::detail {

/// The keys of commands.
using KeyList = std::vector<std::string_view>;

struct Runner {
    /// Whether the words fit and the client may run the command now. If not, or if a transaction has queued the command, it
    /// has replied.
    [[nodiscard]] static bool may_run(Table& table, Call& call);
    /// Calls a function that is no coroutine, under the lock.
    static void run_plain(Table& table, Call& call);
    /// Calls a function that is a coroutine.
    [[nodiscard]] static Outcome run_waiting(Table& table, Call& call);
    /// The same for a command whose last word arrives meanwhile.
    [[nodiscard]] static Outcome run_stream(Table& table, Call& call, Incoming& incoming);
    /// Runs `body` under the lock for the keys of the call.
    template <class Body>
    static void locked(Table& table, const Call& call, const Body& body) {
        KeyList keys;
        if (table.user_lock) add_keys(call, keys);
        table.locked(keys, call.entry_->traits.readonly ? Access::read : Access::write, body);
    }
    /// Whether it is `NAME HELP` of a command with subcommands. Its function is not called.
    [[nodiscard]] static bool is_help(const Call& call) noexcept;
    /// Calls the function without the lock: the caller holds it.
    static void call_function(Table& table, Call& call);
    /// Counts a call before its function, and after it, where the reply is complete; `begin`: where the reply begins.
    static void start(Table& table, Call& call) {
        CommandTally& tally = tally_of(call);
        const bool is_sample = tally.calls.value() % sampled == 0;
        tally.calls.add();
        if (is_sample || table.extras() != 0) [[unlikely]]
            start_observed(table, call);
    }
    static void finish(Table& table, const Call& call, Reply::Mark begin) {
        const std::string_view written = call.reply().written(begin);
        const bool is_error = !written.empty() && (written[0] == wire::byte(Type::simple_error) ||
                                                   written[0] == wire::byte(Type::bulk_error));
        if (is_error || call.started_ != Clock::time_point{}) [[unlikely]]
            finish_observed(table, call, begin, is_error);
    }
    /// Replies with an error that is not of a command's function.
    static void refuse(ClientRecord& client, Reply& reply, std::string_view error);
    static void refuse_unknown(ClientRecord& client, const Command& command, Reply& reply);
    /// Drops the reply that begins at `begin` if CLIENT REPLY says so.
    static void end_reply(ClientRecord& client, Reply& reply, Reply::Mark begin);
    /// Adds the keys of a call whose words fit.
    static void add_keys(const Call& call, KeyList& keys);
    /// The same for a queued command, whose words are matched again: their places were not kept.
    static void add_queued_keys(Call& call, KeyList& keys);
    /// CLIENT TRACKING: the client hears of the next change of the keys that it reads. Call it under the lock, before
    /// the read: then no change can come between.
    static void track_keys(Table& table, const Call& call);
    /// After a coroutine, which had no lock: the client must not keep a value that has changed while it was read.
    static void check_tracked_keys(const Call& call);
    [[nodiscard]] static void* state_of(const Call& call) noexcept { return call.state_; }

private:
    using Clock = std::chrono::steady_clock;
    /// The time of one call of a command in 16 is measured: to read the clock twice takes longer than many commands.
    static constexpr std::uint64_t sampled = 16;

    [[nodiscard]] static CommandTally& tally_of(const Call& call) noexcept {
        return record_of(call).tally->of.data()[call.entry_->index];
    }
    static void start_observed(Table& table, Call& call);
    static void finish_observed(Table& table, const Call& call, Reply::Mark begin, bool is_error);
    [[nodiscard]] static std::string refusal(Table& table, Call& call);
    [[nodiscard]] static KeyList read_keys(const Call& call);
};

}  // namespace resp::detail
