// How a socket becomes a client of the server, whether a listener has accepted it or the program has adopted it.
#pragma once

#include "peer.hpp"
#include "shared.hpp"
#include "worker.hpp"

#include <sys/socket.h>

#include <functional>
#include <memory>

namespace resp::detail {

/// Returns the worker that gets the next client.
using NextWorker = std::function<Worker&()>;

/// The addresses of a connected socket, whose client has this address.
[[nodiscard]] Peer peer_of(int socket, const sockaddr_storage& address, socklen_t size) noexcept;

/// Gives the client to the next worker, on the thread of that worker. If it is refused without a reply, it is
/// closed here. On the executor of the first worker: the filter of the user runs there.
void hand_over(const std::shared_ptr<Shared>& shared, const NextWorker& next_worker, Descriptor client,
               const Peer& peer);

}  // namespace resp::detail
