// The handler: finds the entry of a command and runs it.
#include "runner.hpp"

#include <libresp/service/service.hpp>

#include <utility>

namespace resp::detail {

ServiceBase::ServiceBase(const CommandTable& commands) : table_(commands.table_) { table_->freeze(); }
ServiceBase::ServiceBase(const ServiceBase& other) : table_(other.table_) {}
ServiceBase::ServiceBase(ServiceBase&& other) noexcept = default;
ServiceBase::~ServiceBase() = default;

void ServiceBase::on_start(ServerHandle server) {
    table_->has_one_thread = server.threads() == 1;
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
    next_ = table_->find(request.command());
    return next_ != nullptr && next_->function.waiting != nullptr;
}

Outcome ServiceBase::run(const Request& request, Reply& reply, void* state) {
    const CommandEntry* entry = std::exchange(next_, nullptr);
    if (entry == nullptr) entry = table_->find(request.command());
    if (record_ == nullptr) [[unlikely]]
        on_open(request.connection());  // a test without a server
    ClientRecord& client = *record_;
    if (entry == nullptr) [[unlikely]] {
        Runner::refuse_unknown(client, request.command(), reply);
        return {};
    }
    Call call{*entry, request, reply, client, state};
    const bool has_fitting_size =
        call.size() - entry->usage.least_words() <= entry->usage.most_words() - entry->usage.least_words();
    if (!has_fitting_size || !client.is_usual || entry->is_special) [[unlikely]] {
        client.begin_command(entry->usage.name() == "CLIENT");
        if (!Runner::may_run(*table_, call)) return {};
    }
    client.tally->of[entry->index].calls.add();
    client.last_.store(entry, std::memory_order_relaxed);
    if (entry->function.waiting != nullptr) {
        Runner::track_keys(*table_, call);
        return entry->function.waiting(entry->function.object.get(), call);
    }
    Runner::run_plain(*table_, call);
    return {};
}

}  // namespace resp::detail
