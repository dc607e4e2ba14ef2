// The server layer: it calls your handler for each request, and takes care of sockets, limits, deadlines and
// shutdown. It runs on standalone Asio. A file whose handler is not a coroutine (a plain handler)
// compiles without Asio's headers.
//
//     struct Echo {
//         void operator()(const resp::Request& request, resp::Reply& reply) {
//             reply.value(request.value());
//         }
//     };
//
//     int main() {
//         resp::Server server{{.port = 6379}, Echo{}};
//         server.run();
//     }
//
// Parts:
//   server.hpp       Server: listens, calls the handler for each request, sends the replies
//   handler.hpp      Handler: what a Server accepts, and its optional members
//   request.hpp      Request: a frame that a client sent
//   reply.hpp        Reply: an Encoder that writes the reply
//   deferred.hpp     Deferred: a reply that is written later
//   incoming.hpp     Incoming: a long word that arrives piece by piece
//   outcome.hpp      Outcome: what a handler returns that waits for some requests only
//   connection.hpp   Connection: a handle on one client, for pushes and for closing
//   server_handle.hpp  ServerHandle: what a handler sees of its server
//   options.hpp      Options: addresses, limits, deadlines; Stats: the counters
//   log.hpp          Log: where the log lines go
//   awaitable.hpp    declares asio::awaitable without including Asio
//   transport.hpp    Transport: the stream to one client, for Options::wrap
// Include this header as well if you need it:
//   asio.hpp         the parts of Asio that coroutine handlers, timers and servers on your own executor use
#pragma once

#include <libresp/codec.hpp>
#include <libresp/server/awaitable.hpp>
#include <libresp/server/connection.hpp>
#include <libresp/server/deferred.hpp>
#include <libresp/server/handler.hpp>
#include <libresp/server/incoming.hpp>
#include <libresp/server/log.hpp>
#include <libresp/server/options.hpp>
#include <libresp/server/outcome.hpp>
#include <libresp/server/reply.hpp>
#include <libresp/server/request.hpp>
#include <libresp/server/server.hpp>
#include <libresp/server/server_handle.hpp>
#include <libresp/server/transport.hpp>
