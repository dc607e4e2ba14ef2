// The handler that runs commands.
#pragma once

#include <libresp/server/handler.hpp>
#include <libresp/service/commands.hpp>

#include <cstdint>
#include <memory>
#include <system_error>

namespace resp {

namespace detail {

struct ClientRecord;

/// The part of Service that does not depend on the type of the state.
class ServiceBase {
public:
    void on_start(ServerHandle server);
    void on_open(Connection connection);
    void on_close(std::error_code reason);
    [[nodiscard]] bool waits(const Request& request) const;
    [[nodiscard]] bool wants_stream(const Command& words_before, std::uint64_t size) const;

protected:
    explicit ServiceBase(const CommandTable& commands);
    ServiceBase(const ServiceBase& other);
    ServiceBase(ServiceBase&& other) noexcept;
    ServiceBase& operator=(const ServiceBase&) = delete;
    ~ServiceBase();

    Outcome run(const Request& request, Reply& reply, void* state);
    Outcome run_stream(Incoming& incoming, Reply& reply, void* state);

private:
    Outcome run_rare(const Request& request, Reply& reply, void* state);
    Outcome run_later(const Request& request, Reply& reply, void* state);
    Outcome run_stream_later(const CommandEntry& entry, Incoming& incoming, Reply& reply, void* state);
    std::shared_ptr<Table> table_;
    std::shared_ptr<ClientRecord> record_;        // of this connection
    mutable const CommandEntry* next_ = nullptr;  // what waits() has found
    mutable bool is_paused_ = false;              // by CLIENT PAUSE: next_ runs later
};

}  // namespace detail

/// A handler that runs the commands of a table:
///
///     resp::Server server{{.port = 6379}, resp::Service{commands}};
///
/// All connections share the table. After a Service was made from it, Commands::add() throws.
template <class State = void>
class Service : public detail::ServiceBase {
public:
    explicit Service(const Commands<State>& commands) : ServiceBase(commands) {}

    Outcome operator()(const Request& request, Reply& reply) { return run(request, reply, &state_); }
    Outcome on_stream(Incoming& incoming, Reply& reply) { return run_stream(incoming, reply, &state_); }

private:
    State state_{};
};

template <>
class Service<void> : public detail::ServiceBase {
public:
    explicit Service(const Commands<void>& commands) : ServiceBase(commands) {}

    Outcome operator()(const Request& request, Reply& reply) { return run(request, reply, nullptr); }
    Outcome on_stream(Incoming& incoming, Reply& reply) { return run_stream(incoming, reply, nullptr); }
};

template <class State>
Service(const Commands<State>&) -> Service<State>;

}  // namespace resp
