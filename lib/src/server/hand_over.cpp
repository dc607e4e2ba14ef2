// A new client gets a place and a worker, or is refused.
#include "hand_over.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace resp::detail {

namespace {

/// The posted action that gives a client to its worker. If it never runs, or cannot be posted, it closes the
/// client and frees the place. The worker is first, so it is destroyed last: it keeps the places alive.
struct HandOver {
    std::shared_ptr<Worker> worker;
    Descriptor client;
    Peer peer;
    Place place;
    Refusal refusal;

    void operator()() noexcept {
        if (refusal == Refusal::none) {
            worker->accept(std::move(client), peer, std::move(place));
        } else {
            worker->refuse(std::move(client), peer, last_words(refusal));
        }
    }
};

/// Asks the filter of the user.
bool is_filtered(Shared& shared, const Peer& peer) noexcept try {
    const auto& filter = shared.options.accept_filter;
    return filter && !filter(peer.endpoint());
} catch (...) {
    ++shared.accept_errors;
    try {
        shared.log(LogLevel::error, "[{}] accept_filter threw an exception: {}", peer.endpoint().to_string(),
                   current_exception_text());
    } catch (const std::exception&) {
        // No memory for the log line. The exception is counted.
    }
    return true;
}

}  // namespace

Peer peer_of(int socket, const sockaddr_storage& address, socklen_t size) noexcept {
    Peer peer;
    peer.is_unix = address.ss_family != AF_INET && address.ss_family != AF_INET6;
    if (peer.is_unix) return peer;
    std::memcpy(peer.tcp.data(), &address, std::min<std::size_t>(size, peer.tcp.capacity()));
    auto room = static_cast<socklen_t>(peer.local.capacity());
    static_cast<void>(::getsockname(socket, peer.local.data(), &room));
    return peer;
}

void hand_over(const std::shared_ptr<Shared>& shared, const NextWorker& next_worker, Descriptor client,
               const Peer& peer) {
    Place place;
    const Refusal refusal =
        is_filtered(*shared, peer) ? Refusal::filter : shared->places.take(place, peer, Clock::now());
    if (refusal != Refusal::none) count_refused(*shared, refusal, peer);
    if (refusal != Refusal::none && last_words(refusal).empty()) return;
    if (refusal == Refusal::none) ++shared->accepted;
    std::shared_ptr<Worker> worker = next_worker().shared_from_this();
    const asio::any_io_executor executor = worker->executor();
    asio::dispatch(executor, HandOver{std::move(worker), std::move(client), peer, std::move(place), refusal});
}

void count_refused(Shared& shared, Refusal refusal, const Peer& peer) {
    const char* reason = "too many clients";
    ++shared.refused;
    if (refusal == Refusal::filter) {
        ++shared.refused_by_filter;
        reason = "by accept_filter";
    } else if (refusal == Refusal::rate) {
        ++shared.refused_by_rate;
        reason = "connects too often";
    } else if (refusal == Refusal::address) {
        ++shared.refused_by_address;
        reason = "too many clients from its address";
    }
    shared.log(LogLevel::info, "[{}] Refused: {}", peer.endpoint().to_string(), reason);
}

}  // namespace resp::detail
