// Opens the listeners, and decides which addresses may be missing.
#include "addresses.hpp"

#include <cerrno>
#include <exception>

namespace resp::detail {

namespace {

/// Whether the error says that this machine does not have the address or its family. Source: Redis,
/// listenToPort.
bool is_missing(int error) noexcept {
    switch (error) {
        case EADDRNOTAVAIL:
        case EAFNOSUPPORT:
        case EPFNOSUPPORT:
        case ENOPROTOOPT:
        case EPROTONOSUPPORT:
        case ESOCKTNOSUPPORT: return true;
        default: return false;
    }
}

}  // namespace

std::vector<std::shared_ptr<Listener>> listen_on_all(const std::shared_ptr<Shared>& shared,
                                                     const asio::any_io_executor& executor,
                                                     const NextWorker& next_worker) {
    const Options& options = shared->options;
    std::vector<std::shared_ptr<Listener>> listeners;
    std::exception_ptr missing;
    const auto make = [&] {
        return std::make_shared<Listener>(shared, executor, next_worker,
                                          static_cast<std::uint16_t>(listeners.size()));
    };
    for (const int descriptor : options.listen_descriptors) {
        listeners.push_back(make());
        listeners.back()->take(descriptor);
    }
    std::uint16_t port = options.port;
    for (const std::string& address : options.addresses) {
        const bool may_be_missing = address.starts_with('-');
        auto listener = make();
        try {
            listener->listen(address.substr(may_be_missing ? 1 : 0), port);
        } catch (const std::system_error& error) {
            if (!may_be_missing || !is_missing(error.code().value())) throw;
            shared->log(LogLevel::info, "[server] Left out an address: {}", error.what());
            missing = std::current_exception();
            continue;
        }
        if (port == 0) port = listener->endpoint().port;
        listeners.push_back(std::move(listener));
    }
    if (!options.unix_path.empty()) {
        listeners.push_back(make());
        listeners.back()->listen(options.unix_path);
    }
    if (listeners.empty()) std::rethrow_exception(missing);
    return listeners;
}

}  // namespace resp::detail
