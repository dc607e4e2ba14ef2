// What the handlers of server_fuzz.cpp do with a request, which depends on the first letter of its name, and
// what a client must receive for the bytes that it sent.
#pragma once

#include <libresp/codec/command.hpp>
#include <libresp/codec/decoder.hpp>
#include <libresp/codec/encoder.hpp>
#include <libresp/codec/value.hpp>
#include <libresp/server/options.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fuzz {

/// The first letter of a command, or 0.
inline char verb_of(resp::View request) {
    const std::string_view name = resp::Command{request}.name();
    return name.empty() ? '\0' : name.front();
}

/// Whether the handler throws after it has begun a reply, or closes the connection after its reply.
inline bool throws(char verb) { return verb == 'T' || verb == 'X' || verb == 'Y'; }
inline bool closes(char verb) { return verb == 'Q' || verb == 'S'; }
/// Whether the handler first pushes to its own client.
inline bool pushes(char verb) { return verb == 'P' || verb == 'X' || verb == 'S' || verb == 'Y'; }

/// The reply of a verb that does not throw. No reply begins with `>`, so that it differs from a push.
inline void write_reply(char verb, resp::View request, resp::Encoder& out) {
    constexpr std::size_t large = 150;
    switch (verb) {
        case 'N': return;
        case 'B': out.bulk_string(std::string(large * request.size(), 'b')); return;
        case 'W': out.array(2).bulk_string("begun").bulk_string("ended"); return;
        case '2': out.set_version(resp::Version::resp2); break;
        case '3': out.set_version(resp::Version::resp3); break;
        default: break;
    }
    if (request.type() == resp::Type::push) {
        out.simple_string("push");
    } else {
        encode(out, request);
    }
}

/// What a client must receive, without pushes.
struct Expected {
    std::vector<std::string> replies;  // without empty ones
    std::optional<resp::Errc> error;   // that the last reply reports
    bool ends = false;                 // after the replies, whatever else was sent
    bool abrupt = false;               // the same, without an end of the stream
    bool incomplete = false;           // the last frame is incomplete

    /// One reply, then the end.
    static Expected last(std::string words) {
        Expected expected;
        expected.replies.push_back(std::move(words));
        expected.ends = true;
        return expected;
    }
};

/// Whether a request is the beginning of HTTP. Source: docs/server.md.
inline bool speaks_http(resp::View request) {
    const resp::Command command{request};
    if (command.is("POST") || command.is("HOST:")) return true;
    if (!request.is_inline()) return false;
    const std::string name{command.name()};
    if (resp::equals_ignoring_case(name.substr(0, 5), "HOST:")) return true;
    if (command.is("HOST") && !command[1].empty() && command[1][0] == ':') return true;
    return command.name() == "PRI" && command[1] == "*" && command[2].starts_with("HTTP/");
}

inline std::string simple_error(const std::string& text) { return "-ERR " + text + "\r\n"; }

/// Decodes everything that a client sent in one piece, and applies the rule.
inline Expected expected_of(std::string_view sent, const resp::Options& options) {
    constexpr char tls_handshake = 0x16;
    Expected expected;
    expected.ends = expected.abrupt = sent.starts_with(tls_handshake);
    resp::Decoder decoder{options.limits, options.reads};
    decoder.feed(sent);
    resp::Version version = resp::Version::resp2;
    while (!expected.ends) {
        const std::optional<resp::View> request = decoder.next();
        if (!request) break;
        const char verb = verb_of(*request);
        expected.ends = speaks_http(*request);
        if (expected.ends) break;
        std::string reply;
        resp::Encoder out{reply, version};
        if (throws(verb)) {
            reply = simple_error("internal error");
        } else {
            write_reply(verb, *request, out);
        }
        version = out.version();
        expected.ends = throws(verb) || closes(verb);
        if (!reply.empty()) expected.replies.push_back(std::move(reply));
    }
    if (!expected.ends && decoder.error()) {
        expected.error = decoder.error()->code;
        expected.replies.push_back(simple_error("Protocol error: " + decoder.error()->message()));
        expected.ends = true;
    }
    expected.incomplete = !expected.ends && decoder.pending() != 0;
    return expected;
}

/// How far the received bytes match the expected ones.
struct Match {
    std::size_t replies = 0;  // complete ones
    std::size_t pushes = 0;
    bool cut = false;  // it ends inside a reply or push
    const char* wrong = nullptr;
};

/// Reads the received bytes as replies in order, with pushes in order between them.
inline Match match(std::string_view received, const std::vector<std::string>& replies,
                   const std::vector<std::string>& pushed) {
    Match found;
    while (!received.empty()) {
        const bool push = received.front() == '>';
        const std::vector<std::string>& source = push ? pushed : replies;
        std::size_t& count = push ? found.pushes : found.replies;
        if (count == source.size()) {
            found.wrong =
                push ? "a push was received that was not sent" : "there are more replies than requests";
            return found;
        }
        const std::string_view piece = source[count];
        if (received.substr(0, piece.size()) != piece.substr(0, received.size())) {
            found.wrong = push ? "a push is not what was sent" : "a reply is not what the handler wrote";
            return found;
        }
        found.cut = received.size() < piece.size();
        if (found.cut) return found;
        ++count;
        received.remove_prefix(piece.size());
    }
    return found;
}

}  // namespace fuzz
