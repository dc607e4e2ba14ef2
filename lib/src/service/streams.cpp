// Commands whose last word arrives piece by piece: Commands::add_stream().
#include "defaults.hpp"
#include "runner.hpp"

#include <libresp/server/asio.hpp>
#include <libresp/server/incoming.hpp>
#include <libresp/service/service.hpp>

namespace resp::detail {

namespace {

/// Whether a client may run the command now. If not, the word arrives as a whole, and run() refuses the command.
bool may_stream(const CommandEntry& entry, const ClientRecord& client) {
    return (client.is_authenticated() || entry.traits.noauth) && client.transaction == nullptr &&
           (!entry.traits.admin || client.is_admin) &&
           !(client.is_subscribed && client.connection().version() == Version::resp2);
}

}  // namespace

bool ServiceBase::wants_stream(const Command& words_before, std::uint64_t) const {
    const CommandEntry* const entry = table_->find(words_before.value());
    return entry != nullptr && entry->function.streams && record_ != nullptr &&
           words_before.size() + 1 == entry->usage.least_words() && may_stream(*entry, *record_);
}

Outcome ServiceBase::run_stream(Incoming& incoming, Reply& reply, void* state) {
    const Command words = incoming.head();
    const CommandEntry& entry = *table_->find(words.value());
    if ((table_->extras() & Extra::pause) != 0 && table_->pause.holds(entry, *record_)) {
        return run_stream_later(entry, incoming, reply, state);
    }
    Call call{entry, Request{words.value(), incoming.connection()}, reply, *record_, state};
    record_->begin_command(false);
    record_->last_.store(&entry, std::memory_order_relaxed);
    return Runner::run_stream(*table_, call, incoming);
}

/// After CLIENT PAUSE.
Outcome ServiceBase::run_stream_later(const CommandEntry& entry, Incoming& incoming, Reply& reply,
                                      void* state) {
    return [](ServiceBase& service, const CommandEntry& paused, Incoming& word, Reply& out,
              void* its_state) -> asio::awaitable<void> {
        if (!co_await service.table_->pause.wait(paused, *service.record_)) co_return;
        Outcome outcome = service.run_stream(word, out, its_state);
        if (outcome.waits()) co_await outcome.take();
    }(*this, entry, incoming, reply, state);
}

Outcome Runner::run_stream(Table& table, Call& call, Incoming& incoming) {
    call.incoming_ = &incoming;
    std::string error;
    if (incoming.words_after() != 0) {
        error = wrong_number_of_arguments(call.entry_->name);
    } else if (table.before && !call.entry_->traits.noauth) {
        if (const std::optional<Error> veto = table.before(call)) error = veto->text();
    }
    if (error.empty()) return run_waiting(table, call);
    ClientRecord& client = record_of(call);
    client.tally->of[call.entry_->index].rejected.add();
    refuse(client, call.reply(), error);
    return {};
}

}  // namespace resp::detail
