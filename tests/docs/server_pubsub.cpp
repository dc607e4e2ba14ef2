// docs/server.md: SUBSCRIBE, UNSUBSCRIBE and PUBLISH as Redis clients expect them, on two threads.
#include <libresp/server.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

// [pubsub]
struct Channels {  // shared by the handlers of all connections
    std::mutex mutex;
    std::map<std::string, std::vector<resp::Connection>, std::less<>> subscribers;
};

class PubSub {
public:
    explicit PubSub(Channels& channels) : channels_(&channels) {}
    void on_open(resp::Connection connection) { connection_ = connection; }
    void on_close(std::error_code) {
        const std::lock_guard lock{channels_->mutex};
        while (!mine_.empty()) leave(*mine_.begin());
    }
    void operator()(const resp::Request& request, resp::Reply& reply) {
        const resp::Command command = request.command();
        const std::lock_guard lock{channels_->mutex};
        if (command.is("SUBSCRIBE") && command.size() >= 2) {
            for (std::size_t i = 1; i != command.size(); ++i) {
                join(std::string{command[i]});
                confirm(reply, "subscribe", command[i]);
            }
        } else if (command.is("UNSUBSCRIBE") && command.size() == 2) {
            leave(std::string{command[1]});
            confirm(reply, "unsubscribe", command[1]);
        } else if (command.is("PUBLISH") && command.size() == 3) {
            reply.integer(publish(command[1], command[2]));
        } else if (command.is("HELLO") && command[1] == "3") {
            reply.set_version(resp::Version::resp3);
            reply.map(1).bulk_string("proto").integer(3);
        } else {
            reply.simple_error(resp::unknown_command(command));
        }
    }

private:
    void join(const std::string& channel) {
        if (mine_.insert(channel).second) channels_->subscribers[channel].push_back(connection_);
    }
    void leave(std::string channel) {
        if (mine_.erase(channel) == 0) return;
        std::vector<resp::Connection>& subscribers = channels_->subscribers[channel];
        std::erase(subscribers, connection_);
        if (subscribers.empty()) channels_->subscribers.erase(channel);
    }
    void confirm(resp::Reply& reply, std::string_view what, std::string_view channel) const {
        reply.push(3).bulk_string(what).bulk_string(channel).integer(static_cast<std::int64_t>(mine_.size()));
    }
    std::int64_t publish(std::string_view channel, std::string_view text) const {
        const auto found = channels_->subscribers.find(channel);
        if (found == channels_->subscribers.end()) return 0;
        // One message for each RESP version. All subscribers of that version share it.
        std::map<resp::Version, std::vector<resp::Connection>> receivers;
        for (const resp::Connection& to : found->second) receivers[to.version()].push_back(to);
        std::size_t sent = 0;
        for (const auto& [version, connections] : receivers) {
            const auto bytes = std::make_shared<std::string>();
            resp::Encoder out{*bytes, version};
            out.push(3).bulk_string("message").bulk_string(channel).bulk_string(text);
            sent += resp::send_all(connections, bytes);
        }
        return static_cast<std::int64_t>(sent);
    }
    Channels* channels_;
    resp::Connection connection_;
    std::set<std::string> mine_;  // the channels of this connection
};
// [/pubsub]

int main() {
    Channels channels;
    resp::Server server{{.port = 6382, .threads = 2}, PubSub{channels}};
    server.run();
}
