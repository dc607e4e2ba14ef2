// The rare paths of a send queue: large pushes, and clients that do not take their replies at once.
#include "send_queue.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace resp::detail {

namespace {

// A push of at most this size is copied after the replies. That is cheaper than a separate piece.
constexpr std::size_t short_push = 4 * 1024;
// An output of at most this size is copied to the pieces, and keeps its memory for the next replies.
constexpr std::size_t short_run = 4 * 1024;
// While a handler waits, its connection keeps at most this much memory for an empty output.
constexpr std::size_t most_empty = 1024;
// Pieces in one write.
constexpr std::size_t most_gathered = 16;

}  // namespace

Pieces& SendQueue::pieces() {
    if (pieces_ == nullptr) pieces_ = std::make_unique<Pieces>();
    return *pieces_;
}

void SendQueue::push(SharedPayload payload, std::size_t pushed) {
    assert(output_ != nullptr);
    // The order of pushes stays: none may pass one that waits.
    if (!output_->reply.empty() || !waiting_.empty()) {
        const std::size_t size = payload->size();
        waiting_.push_back({std::move(payload), pushed});
        waiting_size_ += size;
    } else {
        add(std::move(payload), pushed);
    }
}

void SendQueue::drop_waiting() noexcept {
    std::vector<Waiting>{}.swap(waiting_);
    waiting_size_ = 0;
}

void SendQueue::deliver() {
    assert(output_ != nullptr && output_->reply.empty());
    for (Waiting& push : waiting_) add(std::move(push.payload), push.pushed);
    drop_waiting();
}

/// Adds a push after everything else. No reply is being written.
void SendQueue::add(SharedPayload payload, std::size_t pushed) {
    Output& out = *output_;
    assert(out.reply.empty());
    if (payload->size() <= short_push) {
        // The limit is for replies. Pushes have max_pushes.
        const std::size_t limit = out.bytes.limit();
        out.bytes.set_limit(SIZE_MAX);
        out.bytes.append(payload->view());
        out.bytes.set_limit(limit);
        out.pushed += pushed;
        out.end_reply();
        return;
    }
    move_output_to_pieces();
    pieces().add(std::move(payload), pushed);
}

void SendQueue::end_shared_reply() {
    Output& out = *output_;
    for (Output::Shared& part : out.shared) {
        pieces().add(out.bytes.view().substr(out.sent, part.before - out.sent), std::exchange(out.pushed, 0));
        pieces().add(std::move(part.payload), 0);
        out.sent = part.before;
    }
    out.shared.clear();
    out.end_reply();
    out.consume_sent();
}

void SendQueue::move_output_to_pieces() {
    Output& out = *output_;
    if (out.size() == 0) return;
    if (out.size() <= short_run) {
        pieces().add(out.finished(), std::exchange(out.pushed, 0));
        out.sent = out.bytes.size();
        return out.consume_sent();
    }
    const std::size_t sent = out.sent;
    const std::size_t pushed = out.pushed;
    pieces().add(out.take(), sent, pushed);
}

std::uint64_t SendQueue::add_hole(Clock::time_point deadline) {
    move_output_to_pieces();
    return pieces().add_hole(deadline);
}

std::size_t SendQueue::committed() const noexcept {
    const std::size_t before = pieces_ != nullptr ? pieces_->committed() : 0;
    return output_ != nullptr && holes() == 0 ? before + output_->finished().size() : before;
}

void SendQueue::keep_first(std::size_t bytes) {
    drop_waiting();
    if (output_ != nullptr) {
        output_->drop_reply();
        if (bytes != 0) move_output_to_pieces();
        output_->sent = output_->bytes.size();
        output_->consume_sent();
    }
    if (pieces_ != nullptr) pieces_->keep_first(bytes);
}

void SendQueue::fit_output() {
    Output& out = *output_;
    if (out.bytes.capacity() <= most_empty) return;
    if (out.reply.empty()) move_output_to_pieces();
    if (out.bytes.size() <= out.bytes.capacity() / 2) out.bytes.fit();
}

bool SendQueue::has_committed_pieces() const noexcept {
    std::string_view first;
    return pieces_->gather({&first, 1}) != 0;
}

std::size_t SendQueue::write_pieces(Transport& transport, std::error_code& ec) {
    std::array<std::string_view, most_gathered> to;
    const std::size_t queued = pieces_->gather(to);
    std::size_t n = queued;
    // What stands after a hole waits.
    const bool reaches_output = pieces_->holes() == 0 && n != to.size() && output_ != nullptr;
    if (reaches_output && !output_->finished().empty()) to[n++] = output_->finished();
    const std::size_t sent = transport.write({to.data(), n}, ec);
    const std::size_t from_pieces = std::min(sent, pieces_->size());
    left_ += pieces_->consume(from_pieces);
    if (sent != from_pieces) output_->sent += sent - from_pieces;
    return sent;
}

std::size_t SendQueue::tidy_rest() {
    if (output_ != nullptr) {
        Output& out = *output_;
        if (out.sent == out.bytes.size()) {
            out.consume_sent();
            left_ += std::exchange(out.pushed, 0);
        } else if (out.size() > long_rest && out.reply.empty()) {
            move_output_to_pieces();
        } else if (out.sent > out.bytes.size() / 2) {
            // This moves the rest to the front. Worth it only if the rest is the smaller part.
            out.consume_sent();
        }
        // A client that is always a little late never empties the output.
        if (out.pushed > out.size()) left_ += std::exchange(out.pushed, out.size()) - out.size();
    }
    return std::exchange(left_, 0);
}

std::size_t SendQueue::share_of_payloads() const noexcept {
    std::size_t bytes = pieces_ != nullptr ? pieces_->share_of_payloads() : 0;
    for (const Waiting& push : waiting_) bytes += share_of(push.payload);
    return bytes;
}

void SendQueue::clear() noexcept {
    pieces_.reset();
    drop_waiting();
    waits_.reset();
    left_ = 0;
}

void SendQueue::add_wait(std::unique_ptr<SendWait> wait) {
    if (waits_ == nullptr) waits_ = std::make_unique<Waits>();
    waits_->push_back(std::move(wait));
}

void SendQueue::end_waits(std::error_code result) noexcept {
    if (waits_ == nullptr) return;
    for (const auto& wait : *waits_) *wait->result = result;
    waits_.reset();
}

void SendQueue::cancel_wait(const SendResult& result) noexcept {
    if (waits_ == nullptr) return;
    const auto found = std::find_if(waits_->begin(), waits_->end(),
                                    [&](const auto& wait) { return wait->result == result; });
    if (found == waits_->end()) return;
    *result = asio::error::operation_aborted;
    waits_->erase(found);
    if (waits_->empty()) waits_.reset();
}

}  // namespace resp::detail
