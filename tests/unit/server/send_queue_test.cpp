// The queue of what a connection has to send: the order of replies and pushes, and how they are written.
#include "server/send_queue.hpp"
#include "payloads.hpp"
#include "support/catch.hpp"
#include "support/memory_transport.hpp"

#include <utility>

using resp::detail::Output;
using resp::detail::SendQueue;
using support::any_size;
using support::below;
using support::MemoryClient;
using support::MemoryTransport;
using support::noise;
using support::Pusher;

namespace {

/// A queue beside the string that the client must get.
class QueueModel {
public:
    explicit QueueModel(unsigned seed) : random_(seed) {}

    void step() {
        if (!queue_.has_output()) queue_.lend(std::make_unique<Output>());
        switch (below(random_, 7)) {
            case 0: return write_reply();
            case 1: return end_reply();
            case 2: return push();
            case 3:
                if (queue_.output().reply.empty()) queue_.move_output_to_pieces();
                return;
            default: return send();
        }
    }
    void end() {
        if (!queue_.has_output()) queue_.lend(std::make_unique<Output>());
        end_reply();
        client_->most_write = MemoryClient::all;
        while (queue_.has_committed()) send();
        REQUIRE(queue_.empty());
        check();
        REQUIRE((client_->received == whole_));
        if (queue_.has_output()) static_cast<void>(queue_.take_output());
        static_cast<void>(queue_.take_pieces());
        REQUIRE(queue_.memory() == 0);
        REQUIRE(pushed_ == 0);
        REQUIRE(pusher_.memory() == 0);
    }
    void check() const {
        const bool in_order = whole_.starts_with(client_->received);
        REQUIRE(in_order);
        REQUIRE(client_->received.size() + queue_.size() == whole_.size() + unfinished_.size());
        // Pushes count at most as long as they are in the queue.
        REQUIRE(pushed_ <= queue_.size() + waiting_.size());
        REQUIRE(queue_.has_committed() == (client_->received.size() != whole_.size()));
    }

private:
    void write_reply() {
        const std::string bytes = noise(any_size(random_), ++seed_);
        queue_.output().bytes.append(bytes);
        unfinished_ += bytes;
    }
    void end_reply() {
        queue_.output().end_reply();
        whole_ += std::exchange(unfinished_, {});
        queue_.deliver();
        whole_ += std::exchange(waiting_, {});
    }
    void push() {
        const std::string bytes = noise(any_size(random_), ++seed_);
        const std::size_t counted = below(random_, 2) * bytes.size();
        queue_.push(pusher_.payload(bytes), counted);
        (unfinished_.empty() ? whole_ : waiting_) += bytes;
        pushed_ += counted;
    }
    void send() {
        client_->most_write = any_size(random_);
        for (std::size_t writes = below(random_, 4); writes != 0 && queue_.has_committed(); --writes) {
            std::error_code ec;
            static_cast<void>(queue_.write(transport_, ec));
            REQUIRE_FALSE(ec);
        }
        pushed_ -= queue_.tidy();
        if (queue_.has_output() && queue_.output().bytes.empty()) static_cast<void>(queue_.take_output());
    }

    support::Random random_;
    Pusher pusher_;
    std::shared_ptr<MemoryClient> client_ = std::make_shared<MemoryClient>();
    MemoryTransport transport_{client_};
    SendQueue queue_;
    std::string whole_;       // finished replies and pushes
    std::string unfinished_;  // the reply that is being written
    std::string waiting_;     // pushes that follow that reply
    std::size_t pushed_ = 0;  // bytes of pushes that count
    std::uint32_t seed_ = 0;
};

}  // namespace

TEST_CASE("a send queue is the same bytes as a string, whatever is replied, pushed and sent") {
    for (unsigned seed = 0; seed != 300; ++seed) {
        INFO(seed);
        QueueModel model{seed};
        for (int i = 0; i != 100; ++i) {
            model.step();
            model.check();
        }
        model.end();
    }
}

TEST_CASE("one write sends several pieces and the output after them") {
    const Pusher pusher;
    const auto client = std::make_shared<MemoryClient>();
    MemoryTransport transport{client};
    SendQueue queue;
    queue.lend(std::make_unique<Output>());
    std::string expected;
    for (std::uint32_t i = 0; i != 5; ++i) {
        queue.output().bytes.append("reply");
        queue.output().end_reply();
        queue.push(pusher.payload(noise(5'000, i)), 5'000);
        expected += "reply" + noise(5'000, i);
    }
    queue.output().bytes.append("last");
    queue.output().end_reply();
    std::error_code ec;
    CHECK(queue.write(transport, ec) == expected.size() + 4);
    CHECK(client->writes == 1);
    CHECK((client->received == expected + "last"));
    CHECK(queue.tidy() == 25'000);
    CHECK(queue.empty());
    CHECK(pusher.memory() == 0);
}

TEST_CASE("while a handler waits, an empty output keeps at most 1 KiB of memory") {
    const auto [capacity, kept] = GENERATE(table<std::size_t, std::size_t>({{1024, 1024}, {1025, 0}}));
    SendQueue queue;
    queue.lend(std::make_unique<Output>());
    queue.output().bytes.append(noise(capacity));
    queue.output().bytes.clear();
    REQUIRE(queue.output().bytes.capacity() == capacity);
    queue.fit_output();
    CHECK(queue.output().bytes.capacity() == kept);
}
