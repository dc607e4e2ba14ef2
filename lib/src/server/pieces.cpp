// The queue of pieces. Sent pieces are freed at once, and removed from the vector in groups.
#include "pieces.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace resp::detail {

void Pieces::add(Buffer run, std::size_t sent, std::size_t pushed) {
    assert(sent <= run.size() && (sent == 0 || empty()));
    run.fit();
    pieces_.emplace_back();  // may throw: nothing has changed yet
    size_ += run.size() - sent;
    owned_ += run.capacity();
    if (sent != 0) sent_ = sent;
    pieces_.back().run = std::move(run);
    pieces_.back().pushed = pushed;
}

void Pieces::add(SharedPayload push) {
    assert(push != nullptr);
    pieces_.emplace_back();
    size_ += push->size();
    pieces_.back().pushed = push->size();
    pieces_.back().payload = std::move(push);
}

std::uint64_t Pieces::add_hole() {
    pieces_.emplace_back();
    pieces_.back().is_hole = true;
    ++holes_;
    return removed_ + pieces_.size() - 1;
}

void Pieces::fill(std::uint64_t hole, Buffer reply) {
    assert(hole >= removed_ + first_ && hole - removed_ < pieces_.size());
    Piece& piece = pieces_[static_cast<std::size_t>(hole - removed_)];
    assert(piece.is_hole && holes_ != 0);
    reply.fit();
    size_ += reply.size();
    owned_ += reply.capacity();
    piece.run = std::move(reply);
    piece.is_hole = false;
    --holes_;
    consume(0);  // an empty reply may stand at the front
}

std::size_t Pieces::gather(std::span<std::string_view> to) const noexcept {
    std::size_t n = 0;
    std::size_t sent = sent_;
    for (std::size_t i = first_; i != pieces_.size() && n != to.size() && !pieces_[i].is_hole; ++i) {
        const std::string_view bytes = pieces_[i].view().substr(std::exchange(sent, 0));
        if (!bytes.empty()) to[n++] = bytes;
    }
    return n;
}

std::size_t Pieces::consume(std::size_t bytes) noexcept {
    assert(bytes <= size_);
    size_ -= bytes;
    sent_ += bytes;
    std::size_t pushed = 0;
    while (!empty() && !pieces_[first_].is_hole && sent_ >= pieces_[first_].view().size()) {
        sent_ -= pieces_[first_].view().size();
        pushed += pieces_[first_].pushed;
        remove_first();
    }
    if (empty()) return pushed;
    // Of a piece that was sent in part, at most the rest still counts as pushes.
    Piece& first = pieces_[first_];
    const std::size_t rest = first.view().size() - sent_;
    if (first.pushed > rest) pushed += std::exchange(first.pushed, rest) - rest;
    shorten_first();
    return pushed;
}

/// Frees the part of a long run that was sent, when that is more than the rest.
void Pieces::shorten_first() noexcept {
    constexpr std::size_t long_run = 64 * 1024;
    Buffer& run = pieces_[first_].run;
    if (run.size() < long_run || sent_ <= run.size() / 2) return;
    owned_ -= run.capacity();
    run.consume(std::exchange(sent_, 0));
    run.fit();
    owned_ += run.capacity();
}

void Pieces::remove_first() noexcept {
    Piece& piece = pieces_[first_++];
    assert(owned_ >= piece.run.capacity());
    owned_ -= piece.run.capacity();
    piece.run.release();
    piece.payload.reset();
    constexpr std::size_t many = 32;
    if (!empty() && (first_ < many || first_ < pieces_.size() / 2)) return;
    pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(first_));
    removed_ += std::exchange(first_, 0);
}

std::size_t Pieces::share_of_payloads() const noexcept {
    std::size_t bytes = 0;
    for (const Piece& piece : pieces_) {
        if (piece.payload != nullptr) bytes += share_of(piece.payload);
    }
    return bytes;
}

}  // namespace resp::detail
