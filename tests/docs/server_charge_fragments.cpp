// docs/server.md: memory that a handler keeps for its client counts for max_memory.
#include "expect.hpp"

#include <libresp/server.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// [charge]
// KEEP <text>: keeps the text as long as the client is connected.
class Keeper {
public:
    void operator()(const resp::Request& request, resp::Reply& reply) {
        const std::string_view text = request.command()[1];
        std::optional<resp::Charge> charge = request.connection().charge(text.size());
        if (!charge) {
            reply.simple_error("OOM command not allowed when used memory > 'maxmemory'.");
            return;
        }
        kept_.emplace_back(std::string{text}, std::move(*charge));
        reply.simple_string("OK");
    }

private:
    std::vector<std::pair<std::string, resp::Charge>> kept_;
};
// [/charge]

int main() {
    std::string out;
    resp::Reply reply{out};
    const auto keep = resp::parse("*2\r\n$4\r\nKEEP\r\n$1\r\nx\r\n");
    const resp::Connection none;
    Keeper{}(resp::Request{(*keep).view(), none}, reply);
    expect(out.substr(0, 4), "-OOM");
}
