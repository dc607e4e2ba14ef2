// The listeners of a server: one for each address of its options.
#pragma once

#include "listener.hpp"

#include <memory>
#include <vector>

namespace resp::detail {

/// Takes Options::listen_descriptors, then binds and listens on each of Options::addresses and on
/// Options::unix_path. All addresses get the same port. An address with a `-` before it is left out, with a log
/// line, if this machine does not have it. Throws std::system_error, whose text names the address, for any other
/// error, and if all are left out.
[[nodiscard]] std::vector<std::shared_ptr<Listener>> listen_on_all(const std::shared_ptr<Shared>& shared,
                                                                   const asio::any_io_executor& executor,
                                                                   const NextWorker& next_worker);

}  // namespace resp::detail
