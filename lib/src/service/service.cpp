// The handler: finds the entry of a command and runs it.
#include "runner.hpp"

#include <libresp/server/asio.hpp>
#include <libresp/service/service.hpp>

#include <utility>

namespace resp::detail {

namespace {

/// Whether the number of words is right.
bool has_fitting_size(const CommandEntry& entry, std::size_t words) noexcept {
    const std::size_t least = entry.usage.least_words();
    return words - least <= entry.usage.most_words() - least;
}

}  // namespace

ServiceBase::ServiceBase(const CommandTable& commands) : table_(commands.table_) { table_->freeze(); }
ServiceBase::ServiceBase(const ServiceBase& other) : table_(other.table_) {}
ServiceBase::ServiceBase(ServiceBase&& other) noexcept = default;
ServiceBase::~ServiceBase() = default;

void ServiceBase::on_start(ServerHandle server) {
    table_->has_one_thread = server.threads() == 1;
    const Options options = server.options();
    table_->idle_timeout = options.idle_timeout;
    table_->max_pushes = options.max_pushes;
    table_->server = std::move(server);
}

void ServiceBase::on_open(Connection connection) {
    record_ = std::make_shared<ClientRecord>(std::move(connection));
    record_->tally = &table_->statistics.of_thread(record_->connection().thread(), table_->size());
    record_->table = table_.get();
    record_->keys_ = &table_->keys;
    record_->has_before = static_cast<bool>(table_->before);
    if (table_->auth.exists()) {
        record_->set_authenticated(false);
        record_->is_admin = false;
    }
    record_->update();
    table_->clients.add(record_);
}

void ServiceBase::on_close(std::error_code) {
    if (record_ == nullptr) return;
    forget(*table_, *record_);
    table_->clients.remove(*record_);
}

bool ServiceBase::waits(const Request& request) const {
    const CommandEntry* const entry = table_->find(request.value());
    next_ = entry;
    if (entry == nullptr) return false;
    if ((table_->extras() & Extra::pause) != 0) [[unlikely]] {
        is_paused_ = record_ != nullptr && table_->pause.holds(*entry, *record_);
        if (!table_->pause.lasts()) table_->end_extra(Extra::pause, [&] { return table_->pause.lasts(); });
        if (is_paused_) return true;
    }
    return !entry->is_plain && entry->function.waiting != nullptr;
}

Outcome ServiceBase::run(const Request& request, Reply& reply, void* state) {
    const CommandEntry* const entry = next_;
    if (entry == nullptr || record_ == nullptr || is_paused_) [[unlikely]]
        return run_rare(request, reply, state);
    next_ = nullptr;
    ClientRecord& client = *record_;
    Call call{*entry, request, reply, client, state};
    if (!has_fitting_size(*entry, call.size()) || !client.is_usual || entry->is_special) [[unlikely]] {
        client.begin_command(entry->usage.name() == "CLIENT");
        if (!Runner::may_run(*table_, call)) return {};
    }
    client.last_.store(entry, std::memory_order_relaxed);
    if (entry->function.waiting != nullptr && !Runner::is_help(call))
        return Runner::run_waiting(*table_, call);
    Runner::run_plain(*table_, call);
    return {};
}

/// An unknown command, a test that has not called waits() or on_open() before, or CLIENT PAUSE.
Outcome ServiceBase::run_rare(const Request& request, Reply& reply, void* state) {
    if (record_ == nullptr) on_open(request.connection());
    if (next_ == nullptr) next_ = table_->find(request.value());
    if (next_ == nullptr) {
        Runner::refuse_unknown(*record_, request.command(), reply);
        return {};
    }
    const bool is_paused = std::exchange(is_paused_, false);
    // A wrong number of words gets its error at once.
    const bool runs_later = is_paused && has_fitting_size(*next_, request.command().size());
    return runs_later ? run_later(request, reply, state) : run(request, reply, state);
}

/// After CLIENT PAUSE. The request is a copy that lives until the coroutine ends.
Outcome ServiceBase::run_later(const Request& request, Reply& reply, void* state) {
    return [](ServiceBase& service, const CommandEntry& entry, const Request& kept, Reply& out,
              void* its_state) -> asio::awaitable<void> {
        if (!co_await service.table_->pause.wait(entry, *service.record_)) co_return;
        service.next_ = &entry;
        Outcome outcome = service.run(kept, out, its_state);
        if (outcome.waits()) co_await outcome.take();
    }(*this, *next_, request, reply, state);
}

}  // namespace resp::detail
