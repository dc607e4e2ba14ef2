// The queue of pieces. Sent pieces are freed at once, and removed from the vector in groups.
#include "pieces.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace resp::detail {

namespace {

// Nothing is added to a run of this size: its parts are freed one after another.
constexpr std::size_t long_run = 64 * 1024;
// The most memory that is kept for the next run.
constexpr std::size_t most_spare = 1024;

}  // namespace

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

void Pieces::add(std::string_view bytes, std::size_t pushed) {
    const bool continues = !empty() && !pieces_.back().is_hole && pieces_.back().payload == nullptr &&
                           pieces_.back().run.size() < long_run;
    if (!continues) pieces_.emplace_back();
    try {
        append(pieces_.back().run, bytes);
    } catch (...) {
        if (!continues) pieces_.pop_back();  // an empty piece would hide what stands after it
        throw;
    }
    pieces_.back().pushed += pushed;
}

void Pieces::add(SharedPayload payload, std::size_t pushed) {
    assert(payload != nullptr);
    pieces_.emplace_back();
    size_ += payload->size();
    pieces_.back().pushed = pushed;
    pieces_.back().payload = std::move(payload);
}

/// Adds bytes to a run. The spare memory becomes that of a new run.
void Pieces::append(Buffer& run, std::string_view bytes) {
    if (run.capacity() == 0 && spare_.capacity() != 0) {
        owned_ += spare_.capacity();
        run = std::move(spare_);
        run.clear();
    }
    const std::size_t before = run.capacity();
    run.append(bytes);
    owned_ += run.capacity() - before;
    size_ += bytes.size();
}

// ---- holes

std::uint64_t Pieces::add_hole(Clock::time_point deadline) {
    pieces_.emplace_back();
    pieces_.back().is_hole = true;
    pieces_.back().deadline = deadline;
    earliest_ = std::min(earliest_, deadline);
    ++holes_;
    return removed_ + pieces_.size() - 1;
}

Pieces::Piece* Pieces::find_hole(std::uint64_t hole) noexcept {
    if (hole < removed_ + first_ || hole - removed_ >= pieces_.size()) return nullptr;
    Piece& piece = pieces_[static_cast<std::size_t>(hole - removed_)];
    return piece.is_hole ? &piece : nullptr;
}

bool Pieces::fill(std::uint64_t hole, std::string_view reply) {
    Piece* const piece = find_hole(hole);
    if (piece == nullptr) return false;
    fill(*piece, reply);
    return true;
}

bool Pieces::fill(std::uint64_t hole, SharedPayload reply) {
    Piece* const piece = find_hole(hole);
    if (piece == nullptr) return false;
    assert(reply->size() != 0);
    size_ += reply->size();
    piece->payload = std::move(reply);
    piece->is_hole = false;
    --holes_;
    return true;
}

void Pieces::fill(Piece& hole, std::string_view reply) {
    assert(hole.is_hole && holes_ != 0 && hole.run.capacity() == 0);
    Piece* const before = &hole == &pieces_[first_] ? nullptr : &hole - 1;
    const bool collects =
        before != nullptr && !before->is_hole && before->payload == nullptr && before->run.size() < long_run;
    // The run moves to the place of the hole, so that the piece before it can go at once.
    Buffer& run = collects ? before->run : hole.run;
    append(run, reply);
    hole.is_hole = false;
    --holes_;
    if (collects) {
        hole.run = std::move(before->run);
        hole.pushed = std::exchange(before->pushed, 0);
        if (before == &pieces_[first_]) remove_first();
    }
    if (pieces_[first_].view().empty()) consume(0);  // an empty reply stands at the front
}

std::size_t Pieces::fill_late(Clock::time_point now, std::string_view reply) {
    if (now < earliest_) return 0;
    earliest_ = Clock::time_point::max();
    std::size_t late = 0;
    // By number: to fill a hole may remove pieces before it.
    for (std::uint64_t number = removed_ + first_; number != removed_ + pieces_.size(); ++number) {
        Piece* const hole = find_hole(number);
        if (hole == nullptr) continue;
        if (hole->deadline <= now) {
            fill(*hole, reply);
            ++late;
        } else {
            earliest_ = std::min(earliest_, hole->deadline);
        }
    }
    return late;
}

void Pieces::keep_first(std::size_t bytes) {
    assert(bytes <= committed());
    std::size_t left = bytes == 0 ? 0 : sent_ + bytes;
    std::size_t n = first_;
    for (; left != 0; ++n) {
        Piece& piece = pieces_[n];
        const std::size_t kept = std::min(left, piece.view().size());
        left -= kept;
        if (left != 0 || kept == piece.view().size()) continue;
        if (piece.payload != nullptr) {
            append(piece.run, piece.payload->view().substr(0, kept));
            piece.payload.reset();
        }
        piece.run.truncate(kept);
    }
    for (std::size_t i = n; i != pieces_.size(); ++i) owned_ -= pieces_[i].run.capacity();
    pieces_.erase(pieces_.begin() + static_cast<std::ptrdiff_t>(n), pieces_.end());
    if (empty()) sent_ = 0;
    size_ = bytes;
    holes_ = 0;
}

// ---- sending

std::size_t Pieces::committed() const noexcept {
    std::size_t bytes = 0;
    for (std::size_t i = first_; i != pieces_.size() && !pieces_[i].is_hole; ++i)
        bytes += pieces_[i].view().size();
    return bytes - sent_;
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
    if (piece.run.capacity() <= most_spare && piece.run.capacity() > spare_.capacity()) {
        spare_ = std::move(piece.run);
    }
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
