// Who has subscribed to what, and how a message gets to them.
#include <libresp/service/pubsub.hpp>

#include <libresp/service/glob.hpp>

#include <initializer_list>
#include <memory>
#include <mutex>

namespace resp {

namespace {

/// Encodes a message when the first receiver of a RESP version needs it, and collects the receivers.
class Message {
public:
    Message(std::initializer_list<std::string_view> parts, const PubSub::Publisher* publisher) noexcept
        : parts_(parts), publisher_(publisher) {}

    void add(const Connection& client) {
        if (publisher_ != nullptr && client == publisher_->client) {
            write(publisher_->reply);
            ++written_;
            return;
        }
        (client.version() == Version::resp3 ? resp3_ : resp2_).push_back(client);
    }
    /// Returns how many clients it was queued for.
    std::size_t send() const {
        return written_ + send(resp2_, Version::resp2) + send(resp3_, Version::resp3);
    }

private:
    void write(Encoder& out) const {
        out.push(parts_.size());
        for (const std::string_view part : parts_) out.bulk_string(part);
    }
    std::size_t send(const std::vector<Connection>& to, Version version) const {
        if (to.empty()) return 0;
        std::string bytes;
        Encoder out{bytes, version};
        write(out);
        return send_all(to, std::make_shared<const std::string>(std::move(bytes)));
    }

    std::initializer_list<std::string_view> parts_;
    const PubSub::Publisher* publisher_;
    std::vector<Connection> resp2_, resp3_;
    std::size_t written_ = 0;
};

/// Returns how many clients get it.
template <class Subscribers>
std::size_t send_to(const Subscribers& clients, std::initializer_list<std::string_view> parts,
                    const PubSub::Publisher* publisher) {
    Message message{parts, publisher};
    for (const auto& [id, client] : clients) message.add(client);
    return message.send();
}

}  // namespace

std::size_t PubSub::publish(std::string_view channel, std::string_view message,
                            const Publisher* publisher) const {
    const std::shared_lock lock{mutex_};
    std::size_t sent = 0;
    const Names& channels = of(Kind::channel);
    if (const auto found = channels.find(channel); found != channels.end()) {
        sent += send_to(found->second, {"message", channel, message}, publisher);
    }
    for (const auto& [pattern, clients] : of(Kind::pattern)) {
        if (!matches_glob(channel, pattern)) continue;
        sent += send_to(clients, {"pmessage", pattern, channel, message}, publisher);
    }
    return sent;
}

std::size_t PubSub::publish_shard(std::string_view channel, std::string_view message,
                                  const Publisher* publisher) const {
    const std::shared_lock lock{mutex_};
    const Names& channels = of(Kind::shard);
    const auto found = channels.find(channel);
    return found == channels.end() ? 0 : send_to(found->second, {"smessage", channel, message}, publisher);
}

std::vector<std::string> PubSub::names(Kind kind, std::string_view pattern) const {
    const std::shared_lock lock{mutex_};
    std::vector<std::string> names;
    for (const auto& [name, clients] : of(kind)) {
        if (matches_glob(name, pattern)) names.push_back(name);
    }
    return names;
}

std::size_t PubSub::subscribers(Kind kind, std::string_view name) const {
    const std::shared_lock lock{mutex_};
    const auto found = of(kind).find(name);
    return found == of(kind).end() ? 0 : found->second.size();
}

std::size_t PubSub::patterns() const {
    const std::shared_lock lock{mutex_};
    return of(Kind::pattern).size();
}

bool PubSub::subscribe(Kind kind, std::string_view name, const Connection& client) {
    const std::lock_guard lock{mutex_};
    auto found = of(kind).find(name);
    if (found == of(kind).end()) found = of(kind).try_emplace(std::string{name}).first;
    return found->second.try_emplace(client.id(), client).second;
}

bool PubSub::unsubscribe(Kind kind, std::string_view name, const Connection& client) {
    const std::lock_guard lock{mutex_};
    const auto found = of(kind).find(name);
    if (found == of(kind).end()) return false;
    const bool was_subscriber = found->second.erase(client.id()) != 0;
    // It may be empty without a change: a subscribe() that found no memory has left it.
    if (found->second.empty()) of(kind).erase(found);
    return was_subscriber;
}

}  // namespace resp
