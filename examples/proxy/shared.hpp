// The connection to the upstream that all clients of a thread share. Replies come in the order of the requests:
//
//     groups     | client A: 3 requests | client B: 1 | client A: 2 |
//     replies      r r r                  r             r               the last group waits for one more
//
// A group is a run of requests of one client in one turn. It has one deferred reply, which gets all its replies.
#pragma once

#include <deque>

#include "link.hpp"
class Shared : public Link {
public:
    using Link::Link;
    /// It lives as long as it has clients. After the last one it stays closed.
    void join() noexcept { ++clients_; }
    void leave() {
        if (--clients_ == 0) close();
    }
    [[nodiscard]] bool is_closed() const noexcept { return is_closed_; }
    /// Connects, reads, and tries again after a pause that grows from failure to failure.
    asio::awaitable<void> run(std::shared_ptr<Shared>) {
        asio::steady_timer timer{socket_.get_executor()};
        constexpr std::chrono::milliseconds shortest{20}, longest{2000};
        for (auto pause = shortest; !is_closed_; pause = std::min(2 * pause, longest)) {
            try {
                co_await connect();
                std::fprintf(stderr, "[upstream] Connected\n");
                pause = shortest;
                is_down_ = false;
                co_await read();
            } catch (const std::system_error& error) {
                if (!is_closed_) std::fprintf(stderr, "[upstream] %s\n", error.what());
            }
            fail();
            timer.expires_after(is_closed_ ? std::chrono::milliseconds{0} : pause);
            co_await timer.async_wait(asio::use_awaitable);
        }
    }
    /// Forwards a request. `group` is that of the client's request before it, or 0. Becomes that of the request.
    void forward(const resp::Request& request, resp::Reply& reply, std::uint64_t& group) {
        if (is_down_) return void(reply.simple_error(upstream_is_down));
        if (group == 0 || group != open_ || groups_.back().requests == 64) {
            groups_.push_back({reply.defer(), 0, nullptr});
            group = open_ = first_ + groups_.size() - 1;
        }
        ++groups_.back().requests;
        append(request);
    }
    void end_turn() {
        open_ = 0;
        flush();
    }
    /// Releases the client's own connection when its last group is answered.
    void release_after(std::uint64_t group, const std::shared_ptr<Link>& own) {
        group < first_ ? own->release() : void(groups_[group - first_].next = own);
    }

private:
    struct Group {
        resp::Deferred answer;
        std::uint32_t requests;  // that have no reply yet
        std::shared_ptr<Link> next;
    };
    asio::awaitable<void> read() {
        for (resp::Decoder decoder;; decoder.shrink(1 << 20)) {
            const std::span<char> room = decoder.prepare(64 * 1024);
            const auto buffer = asio::buffer(room.data(), room.size());
            decoder.commit(co_await socket_.async_read_some(buffer, asio::use_awaitable));
            while (const auto reply = decoder.next()) take(reply->wire());
            replies_.append(std::exchange(received_, {}));
            if (decoder.error()) throw std::system_error{make_error_code(std::errc::protocol_error)};
        }
    }
    /// Takes one reply. Those of a group stand one after another in the decoder's memory.
    void take(std::string_view reply) {
        if (groups_.empty()) throw std::system_error{make_error_code(std::errc::protocol_error)};
        received_ = {received_.empty() ? reply.data() : received_.data(), received_.size() + reply.size()};
        if (--groups_.front().requests == 0) answer();
    }
    /// Answers the first group with what was received for it.
    void answer() {
        Group group = std::move(groups_.front());
        groups_.pop_front();
        if (open_ == first_++) open_ = 0;
        std::string earlier = std::exchange(replies_, {});
        std::move(group.answer).wire(earlier.empty() ? received_ : earlier.append(received_));
        received_ = {};
        if (group.next != nullptr) group.next->release();
    }
    /// Requests without a reply get an error. Whether the upstream has handled them is not known.
    void fail() {
        drop();
        for (is_down_ = true; !groups_.empty(); answer()) {
            resp::Encoder out{replies_};
            for (auto n = groups_.front().requests; n != 0; --n) out.simple_error(upstream_is_down);
        }
    }
    std::size_t clients_ = 0;
    bool is_down_ = false;  // but not during the first attempt to connect
    std::deque<Group> groups_;
    std::uint64_t first_ = 1;    // the number of the first group
    std::uint64_t open_ = 0;     // the number of the last group, if requests may join it
    std::string replies_;        // to the first group, from earlier reads
    std::string_view received_;  // to the first group, from this read
};
