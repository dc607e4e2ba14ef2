// Publish/subscribe: messages to all clients that have subscribed to a channel or to a pattern.
#pragma once

#include <libresp/codec/encoder.hpp>
#include <libresp/server/connection.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

namespace resp {

/// The channels of a service. Clients use SUBSCRIBE, PSUBSCRIBE, SSUBSCRIBE, PUBLISH, SPUBLISH and PUBSUB; a program
/// publishes with this:
///
///     commands.pubsub().publish("news", "Hello world!");
///
/// All members may be called from any thread. A message is encoded once for each RESP version that its receivers use,
/// and they share the bytes. A client that does not read is disconnected at Options::max_pushes.
class PubSub {
public:
    /// What a client subscribes to.
    enum class Kind : unsigned char {
        channel,  ///< SUBSCRIBE
        pattern,  ///< PSUBSCRIBE: all channels that match; see matches_glob()
        shard,    ///< SSUBSCRIBE: a separate name space, for SPUBLISH
    };

    PubSub() = default;
    PubSub(const PubSub&) = delete;
    PubSub& operator=(const PubSub&) = delete;

    /// Sends a message to the subscribers of a channel, and of patterns that match it. Returns how many messages were
    /// queued.
    std::size_t publish(std::string_view channel, std::string_view message) const {
        return publish(channel, message, nullptr);
    }
    /// The same for Kind::shard.
    std::size_t publish_shard(std::string_view channel, std::string_view message) const {
        return publish_shard(channel, message, nullptr);
    }
    /// For PUBLISH: what the client that publishes receives itself is written to its reply, so that it stands before the
    /// number, as in Redis.
    struct Publisher {
        const Connection& client;
        Encoder& reply;
    };
    std::size_t publish(std::string_view channel, std::string_view message, const Publisher* publisher) const;
    std::size_t publish_shard(std::string_view channel, std::string_view message,
                              const Publisher* publisher) const;

    /// The names that have subscribers and match `pattern`, in order.
    [[nodiscard]] std::vector<std::string> names(Kind kind, std::string_view pattern = "*") const;
    /// How many clients have subscribed to exactly this name.
    [[nodiscard]] std::size_t subscribers(Kind kind, std::string_view name) const;
    /// How many patterns have subscribers.
    [[nodiscard]] std::size_t patterns() const;

    /// Adds a subscriber, or removes one. Returns false if that changes nothing. The commands of the service call them
    /// and remember the subscriptions of each client.
    bool subscribe(Kind kind, std::string_view name, const Connection& client);
    bool unsubscribe(Kind kind, std::string_view name, const Connection& client);

private:
    // By the numbers of the connections. Ordered maps: names that clients choose cannot make them slow.
    using Subscribers = std::map<std::uint64_t, Connection>;
    using Names = std::map<std::string, Subscribers, std::less<>>;

    [[nodiscard]] const Names& of(Kind kind) const noexcept { return names_[static_cast<std::size_t>(kind)]; }
    [[nodiscard]] Names& of(Kind kind) noexcept { return names_[static_cast<std::size_t>(kind)]; }

    mutable std::shared_mutex mutex_;
    std::array<Names, 3> names_;
};

}  // namespace resp
