// Everything that one connection has to send.
#pragma once

#include "output.hpp"
#include "pieces.hpp"
#include "send_wait.hpp"

#include <libresp/server/transport.hpp>

#include <cassert>
#include <cstddef>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

namespace resp::detail {

/// Usually only an Output, which is lent while there are bytes in it. If the client does not take them soon,
/// or if a large push or a hole stands between replies, the older bytes move to a queue of pieces.
///
///     pieces  |run|payload|run|hole|…|   then   output  |replies|unfinished reply|
///     ^ sent                      ^ committed                   ^ whole
///
/// Bytes before `sent` have left. Bytes between `sent` and `committed` may leave. `committed` is the first
/// open hole, or else `whole`, the end of the last finished reply.
class SendQueue {
public:
    /// If more unsent bytes than this are in the output, tidy() moves them to the pieces. Then they can be freed
    /// one part after another, and the output is free for the next batch.
    static constexpr std::size_t long_rest = 64 * 1024;

    [[nodiscard]] bool has_output() const noexcept { return output_ != nullptr; }
    [[nodiscard]] Output& output() noexcept {
        assert(output_ != nullptr);
        return *output_;
    }
    [[nodiscard]] const Output& output() const noexcept {
        assert(output_ != nullptr);
        return *output_;
    }
    /// Moves what the output holds to the pieces, which take no more memory than the bytes. No reply is being
    /// written.
    void move_output_to_pieces();
    /// While a handler waits: gives back the room that the output does not need.
    void fit_output();
    void lend(std::unique_ptr<Output> output) noexcept { output_ = std::move(output); }
    [[nodiscard]] std::unique_ptr<Output> take_output() noexcept { return std::move(output_); }

    /// Adds a push: after all finished replies if no reply is being written, otherwise after end_reply() and
    /// deliver(). Needs an output. `pushed` of its bytes count for max_pushes: all or none.
    void push(SharedPayload payload, std::size_t pushed);
    /// Moves the pushes that waited for the end of a reply to the queue.
    void deliver();
    /// Ends a reply that contains shared strings: moves everything to the pieces up to the last of them.
    void end_shared_reply();

    /// Adds the place of a reply after all finished replies. Returns its number; see Pieces.
    [[nodiscard]] std::uint64_t add_hole(Clock::time_point deadline);
    bool fill(std::uint64_t hole, std::string_view reply) {
        return pieces_ != nullptr && pieces_->fill(hole, reply);
    }
    bool fill(std::uint64_t hole, SharedPayload reply) {
        return pieces_ != nullptr && pieces_->fill(hole, std::move(reply));
    }
    std::size_t fill_late(Clock::time_point now, std::string_view reply) {
        return pieces_ != nullptr ? pieces_->fill_late(now, reply) : 0;
    }
    /// The holes that are open.
    [[nodiscard]] std::size_t holes() const noexcept { return pieces_ != nullptr ? pieces_->holes() : 0; }
    /// Bytes that may be sent now.
    [[nodiscard]] std::size_t committed() const noexcept;
    /// Drops everything except the first `bytes` of those.
    void keep_first(std::size_t bytes);
    /// Empty pieces, whose memory another connection can use; or null.
    [[nodiscard]] std::unique_ptr<Pieces> take_pieces() noexcept {
        return pieces_ != nullptr && pieces_->empty() ? std::move(pieces_) : nullptr;
    }
    [[nodiscard]] bool has_pieces() const noexcept { return pieces_ != nullptr; }
    void lend(std::unique_ptr<Pieces> pieces) noexcept { pieces_ = std::move(pieces); }

    [[nodiscard]] bool has_waiting_pushes() const noexcept { return !waiting_.empty(); }

    /// Adds a wait for room.
    void add_wait(std::unique_ptr<SendWait> wait);
    [[nodiscard]] bool has_waits() const noexcept { return waits_ != nullptr; }
    void end_waits(std::error_code result) noexcept;
    /// Ends one of them as cancelled, if it has not ended.
    void cancel_wait(const SendResult& result) noexcept;

    /// Whether there are bytes that may be sent.
    [[nodiscard]] bool has_committed() const noexcept {
        if (pieces_ != nullptr && !pieces_->empty()) return has_committed_pieces();
        return output_ != nullptr && output_->sent != output_->reply_begin();
    }
    /// Writes committed bytes with one call, and removes what was sent. Returns how many bytes.
    std::size_t write(Transport& transport, std::error_code& ec) {
        if (pieces_ != nullptr) return write_pieces(transport, ec);
        const std::string_view bytes = output_->finished();
        const std::size_t n = transport.write({&bytes, 1}, ec);
        output_->sent += n;
        return n;
    }
    /// After writes: removes sent bytes, and moves a long rest to the pieces. Returns how many bytes of
    /// pushes have left the queue since the last call.
    std::size_t tidy() {
        if (pieces_ == nullptr && output_ != nullptr && output_->sent == output_->bytes.size()) [[likely]] {
            output_->consume_sent();
            return std::exchange(output_->pushed, 0);
        }
        return tidy_rest();
    }

    [[nodiscard]] bool empty() const noexcept {
        return (output_ == nullptr || output_->bytes.empty()) && (pieces_ == nullptr || pieces_->empty()) &&
               waiting_.empty();
    }
    /// Whether it takes no memory at all.
    [[nodiscard]] bool is_unused() const noexcept {
        return output_ == nullptr && pieces_ == nullptr && waiting_.capacity() == 0;
    }
    /// Bytes that were not sent, without pushes that wait for the end of a reply.
    [[nodiscard]] std::size_t size() const noexcept {
        return (output_ != nullptr ? output_->size() : 0) + (pieces_ != nullptr ? pieces_->size() : 0);
    }
    /// The same with these pushes.
    [[nodiscard]] std::size_t size_with_waiting() const noexcept { return size() + waiting_size_; }
    /// Bytes of memory that belong to this connection. Payloads count themselves.
    [[nodiscard]] std::size_t memory() const noexcept {
        return (output_ != nullptr ? output_->memory() : 0) + memory_of_pieces() +
               waiting_.capacity() * sizeof(Waiting);
    }
    [[nodiscard]] std::size_t memory_of_pieces() const noexcept {
        return pieces_ != nullptr ? sizeof *pieces_ + pieces_->memory() : 0;
    }
    /// This connection's part of the memory of payloads.
    [[nodiscard]] std::size_t share_of_payloads() const noexcept;
    /// Drops everything except the output.
    void clear() noexcept;

private:
    [[nodiscard]] bool has_committed_pieces() const noexcept;
    std::size_t write_pieces(Transport& transport, std::error_code& ec);
    std::size_t tidy_rest();
    void add(SharedPayload payload, std::size_t pushed);
    void drop_waiting() noexcept;
    [[nodiscard]] Pieces& pieces();

    using Waits = std::vector<std::unique_ptr<SendWait>>;
    struct Waiting {
        SharedPayload payload;
        std::size_t pushed;
    };

    std::unique_ptr<Output> output_;
    std::unique_ptr<Pieces> pieces_;  // null if there are none
    std::vector<Waiting> waiting_;    // pushes that arrived while a reply was being written
    std::size_t waiting_size_ = 0;    // bytes of these
    std::unique_ptr<Waits> waits_;    // null if there are none
    std::size_t left_ = 0;            // bytes of pushes that have left the pieces since tidy()
};

}  // namespace resp::detail
