// What the connections of one thread borrow while they need it: a buffer to read into, decoders, outputs and
// queues. So an idle connection holds none of them.
#pragma once

#include "output.hpp"
#include "pieces.hpp"
#include "shared.hpp"
#include "spares.hpp"

#include <libresp/codec/decoder.hpp>
#include <libresp/codec/value.hpp>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

namespace resp::detail {

class Lending {
public:
    /// Room to read into. Its bytes are valid until another connection runs.
    [[nodiscard]] std::span<char> read_room();
    /// Whether a byte is in the room.
    [[nodiscard]] bool is_in_read_room(const char* byte) const noexcept;
    [[nodiscard]] std::unique_ptr<Decoder> take_decoder(std::uint64_t offset) {
        std::unique_ptr<Decoder> decoder = decoder_ != nullptr ? std::move(decoder_) : take_spare_decoder();
        decoder->reset(offset, most_decoder_kept);
        return decoder;
    }
    void give_back(std::unique_ptr<Decoder> decoder) noexcept {
        assert(decoder != nullptr);
        if (decoder_ == nullptr && decoder->memory() <= most_next) [[likely]] {
            decoder_ = std::move(decoder);
        } else {
            keep_spare(std::move(decoder));
        }
    }
    [[nodiscard]] std::unique_ptr<Output> take_output() {
        return output_ != nullptr ? std::move(output_) : take_spare_output();
    }
    void give_back(std::unique_ptr<Output> output) noexcept {
        assert(output != nullptr);
        if (output_ == nullptr && output->bytes.capacity() <= most_next) [[likely]] {
            output->reset(most_next);
            output_ = std::move(output);
        } else {
            keep_spare(std::move(output));
        }
    }
    [[nodiscard]] std::unique_ptr<Pieces> take_pieces() {
        std::unique_ptr<Pieces> pieces = queues_.take();
        return pieces != nullptr ? std::move(pieces) : std::make_unique<Pieces>();
    }
    void give_back(std::unique_ptr<Pieces> pieces) noexcept {
        if (pieces->memory() <= most_pieces_kept) pieces = queues_.keep(std::move(pieces));
    }
    /// A value whose memory the next copy of a request can use; or null.
    [[nodiscard]] std::unique_ptr<Value> take_value() noexcept { return std::move(value_); }
    void give_back(std::unique_ptr<Value> value) noexcept {
        if (value_ == nullptr && value->memory() <= most_value_kept) value_ = std::move(value);
    }

protected:
    explicit Lending(const Shared& shared);
    ~Lending() = default;
    /// A tick: frees spares that were not needed.
    void give_up_spares() noexcept;
    void note_freed(std::size_t bytes) noexcept;
    [[nodiscard]] bool has_spares() const noexcept {
        return !decoders_.empty() || !outputs_.empty() || !queues_.empty();
    }

    bool heap_has_holes_ = false;  // large buffers were freed after the last trim

private:
    [[nodiscard]] std::unique_ptr<Decoder> take_spare_decoder();
    void keep_spare(std::unique_ptr<Decoder> decoder) noexcept;
    [[nodiscard]] std::unique_ptr<Output> take_spare_output();
    void keep_spare(std::unique_ptr<Output> output) noexcept;

    // Bytes of memory of a decoder or output that is kept for the next connection, and of spare ones.
    static constexpr std::size_t most_next = 64 * 1024;
    static constexpr std::size_t most_decoder_kept = (1024 + 64) * 1024;  // room for a value of 1 MiB
    static constexpr std::size_t most_value_kept = 1024;
    static constexpr std::size_t most_pieces_kept = 32 * 1024;

    const Shared& lender_;
    std::unique_ptr<char[]> read_buffer_;
    std::unique_ptr<Decoder> decoder_;  // for the next connection; or null
    std::unique_ptr<Output> output_;    // the same
    std::unique_ptr<Value> value_;      // the same
    Spares<Decoder> decoders_;
    Spares<Output> outputs_;
    Spares<Pieces> queues_;
};

}  // namespace resp::detail
