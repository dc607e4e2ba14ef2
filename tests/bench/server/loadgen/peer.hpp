// The server as seen from one socket: connecting to it, and the one exchange that tells what its replies
// look like. Both wait; what is measured comes later and waits for nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace loadgen {

/// A connected TCP socket without Nagle's delay, which lives as long as the process.
int connect_to(const std::string& host, std::uint16_t port);

/// `*2\r\n$4\r\nECHO\r\n$<size>\r\n<payload>\r\n`: every server gets the same bytes.
std::string echo_request(std::size_t size);

/// Sends the request and checks its reply: the request itself, from a server that echoes bytes or values,
/// or the payload as a bulk string, from one that knows the command ECHO. Returns the reply's length.
std::size_t first_reply(int socket, std::string_view request);

}  // namespace loadgen
