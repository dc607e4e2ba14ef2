// The part of a connection's output that stands before the bytes which its Output holds.
#pragma once

#include "payload.hpp"

#include <libresp/codec/buffer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace resp::detail {

/// A queue of pieces, in the order in which the client gets them. A piece is
///
///     run       finished replies and short pushes, which the connection owns
///     payload   bytes that the connection shares with others or with the program
///     hole      the place of a reply that does not exist yet; what stands after it waits for fill()
///
/// Replies that are short are collected: they go to the end of the run before them. The memory of one run is
/// kept for the next one. So a client whose replies come in order needs no allocation for each.
class Pieces {
public:
    Pieces() = default;
    Pieces(const Pieces&) = delete;
    Pieces& operator=(const Pieces&) = delete;

    /// Adds a run. `sent` of its bytes were sent, which only the first piece may have. `pushed` of them are
    /// pushes.
    void add(Buffer run, std::size_t sent, std::size_t pushed);
    /// Adds a copy of short bytes, of which none were sent.
    void add(std::string_view bytes, std::size_t pushed);
    /// `pushed` as above: all of its bytes, or none.
    void add(SharedPayload payload, std::size_t pushed);
    /// Adds a hole. Returns its number for fill(). It should be filled before `deadline`.
    [[nodiscard]] std::uint64_t add_hole(Clock::time_point deadline);
    /// Puts a reply into the hole. Returns false if the hole was filled before.
    bool fill(std::uint64_t hole, std::string_view reply);
    bool fill(std::uint64_t hole, SharedPayload reply);
    /// Fills all holes whose deadline has passed. Returns how many.
    std::size_t fill_late(Clock::time_point now, std::string_view reply);
    /// Drops everything except the first `bytes` of what may be sent now.
    void keep_first(std::size_t bytes);

    /// Writes to `to` the bytes that may be sent now, from the front. Returns how many pieces they are.
    std::size_t gather(std::span<std::string_view> to) const noexcept;
    /// Removes bytes from the front: they were sent. Returns how many bytes of pushes left the queue.
    std::size_t consume(std::size_t bytes) noexcept;

    [[nodiscard]] bool empty() const noexcept { return first_ == pieces_.size(); }
    /// The holes that are open.
    [[nodiscard]] std::size_t holes() const noexcept { return holes_; }
    /// Bytes that were not sent.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// Bytes before the first hole that were not sent.
    [[nodiscard]] std::size_t committed() const noexcept;
    /// Bytes of memory that it owns. Payloads count themselves.
    [[nodiscard]] std::size_t memory() const noexcept {
        return owned_ + spare_.capacity() + pieces_.capacity() * sizeof(Piece);
    }
    /// The connection's part of the memory of the payloads, which it shares with other connections.
    [[nodiscard]] std::size_t share_of_payloads() const noexcept;

private:
    struct Piece {
        Buffer run;
        SharedPayload payload;
        std::size_t pushed = 0;
        Clock::time_point deadline{};
        bool is_hole = false;

        [[nodiscard]] std::string_view view() const noexcept {
            return payload != nullptr ? payload->view() : run.view();
        }
    };

    [[nodiscard]] Piece* find_hole(std::uint64_t hole) noexcept;
    void fill(Piece& hole, std::string_view reply);
    void append(Buffer& run, std::string_view bytes);
    void remove_first() noexcept;
    void shorten_first() noexcept;

    std::vector<Piece> pieces_;  // the first `first_` are empty
    std::size_t first_ = 0;
    std::size_t sent_ = 0;                                   // bytes of the first piece that were sent
    std::size_t size_ = 0;                                   // bytes of all pieces, minus sent_
    std::size_t owned_ = 0;                                  // memory of the runs
    std::size_t holes_ = 0;                                  // that are open
    Buffer spare_;                                           // memory for the next run
    Clock::time_point earliest_ = Clock::time_point::max();  // no open hole has an earlier deadline
    std::uint64_t removed_ = 0;  // pieces before pieces_[0], so that a hole's number stays the same
};

}  // namespace resp::detail
