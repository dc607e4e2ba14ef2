// The service layer: commands with names and arguments, and what Redis clients expect of every server: the handshake,
// introspection, and Redis' own error texts. It is a handler on the server layer, and uses only its public parts.
//
//     int main() {
//         std::map<std::string, std::string, std::less<>> store;
//         resp::Commands commands;
//         commands.add("SET key value", [&](std::string_view key, std::string_view value) {
//             store.insert_or_assign(std::string{key}, value);
//             return resp::ok;
//         });
//         commands.add("GET key", [&](std::string_view key) -> std::optional<std::string_view> {
//             const auto found = store.find(key);
//             if (found == store.end()) return std::nullopt;
//             return found->second;
//         });
//         resp::Server server{{.port = 6379}, resp::Service{commands}};
//         server.run();
//     }
//
// Parts:
//   commands.hpp   Commands: the table, from usage lines and functions
//   command_table.hpp  the lock, passwords, INFO and CONFIG of a service
//   usage.hpp      Usage: the syntax of a usage line
//   traits.hpp     CommandTraits: what else a program says of a command
//   call.hpp       Call: one call of a command; its options by name
//   words.hpp      Words: words that a client may repeat
//   result.hpp     what a function may return; ok, simple(), error()
//   finished.hpp   Finished: what became of a command, for Commands::after()
//   value_stream.hpp  ValueStream: a word that arrives piece by piece
//   auth.hpp       AuthRequest, User: passwords
//   client.hpp     Client: what the service knows about a client
//   pubsub.hpp     PubSub: channels
//   keys.hpp       Keys: which keys have changed, for WATCH, client-side caching and notifications
//   glob.hpp       patterns as in KEYS
//   service.hpp    Service: the handler
#pragma once

#include <libresp/server.hpp>
#include <libresp/service/auth.hpp>
#include <libresp/service/call.hpp>
#include <libresp/service/client.hpp>
#include <libresp/service/command_table.hpp>
#include <libresp/service/commands.hpp>
#include <libresp/service/finished.hpp>
#include <libresp/service/glob.hpp>
#include <libresp/service/keys.hpp>
#include <libresp/service/pubsub.hpp>
#include <libresp/service/result.hpp>
#include <libresp/service/service.hpp>
#include <libresp/service/traits.hpp>
#include <libresp/service/usage.hpp>
#include <libresp/service/value_stream.hpp>
#include <libresp/service/words.hpp>
