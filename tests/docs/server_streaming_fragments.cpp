// docs/server.md: values that are larger than memory, in and out.
#include "expect.hpp"

#include <libresp/server.hpp>
#include <libresp/server/asio.hpp>

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <ios>
#include <string>
#include <string_view>

// [streaming]
/// Keeps one file: PUT <bytes> replaces it, FETCH replies with it.
struct Files {
    bool wants_stream(const resp::Command& words_before, std::uint64_t) const {
        return words_before.is("PUT");
    }

    asio::awaitable<void> on_stream(resp::Incoming& incoming, resp::Reply& reply) {
        std::ofstream file{path + ".new", std::ios::binary};
        while (const auto piece = co_await incoming.next()) {
            file.write(piece->token.text.data(), static_cast<std::streamsize>(piece->token.text.size()));
        }
        const resp::Command after = co_await incoming.rest();
        if (!after.empty()) {
            reply.simple_error(resp::syntax_error);
        } else if (file.close(); !file || std::rename((path + ".new").c_str(), path.c_str()) != 0) {
            reply.simple_error("ERR cannot write the file");
        } else {
            reply.simple_string("OK");
        }
    }
    resp::Outcome operator()(const resp::Request& request, resp::Reply& reply) {
        if (request.command().is("FETCH")) return fetch(reply);
        return put(request, reply);
    }
    asio::awaitable<void> fetch(resp::Reply& reply) const {
        std::ifstream file{path, std::ios::binary | std::ios::ate};
        const std::streamoff size = file ? static_cast<std::streamoff>(file.tellg()) : 0;
        file.seekg(0);
        std::string piece(64 * 1024, '\0');
        reply.bulk_string_header(static_cast<std::uint64_t>(size));
        for (std::streamoff left = size; left > 0;) {
            file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
            if (file.gcount() == 0)
                throw std::ios_base::failure{"cannot read the file"};  // ends the connection
            reply.wire(std::string_view{piece}.substr(0, static_cast<std::size_t>(file.gcount())));
            left -= file.gcount();
            co_await reply.drain();
        }
        reply.end_bulk_string();
    }
    resp::Outcome put(const resp::Request& request, resp::Reply& reply);  // short values
    std::string path;
};
// [/streaming]

resp::Outcome Files::put(const resp::Request&, resp::Reply& reply) {
    reply.simple_error(resp::syntax_error);
    return {};
}

int main() {
    const resp::Server server{{.port = 0}, Files{"never-written"}};
    expect(server.local_endpoint().address, "127.0.0.1");
}
