// The buffers that connections borrow.
#include "lending.hpp"

#include <algorithm>

namespace resp::detail {

namespace {

// The size of a read: large enough to receive a value of 64 KiB in one piece.
constexpr std::size_t read_room_size = 128 * 1024;
// Freeing a block of this many bytes makes a trim of the heap worth its time.
constexpr std::size_t worth_trimming = 64 * 1024;
// Spares do not count as memory of connections. So they get at most this part of max_memory: this divisor.
constexpr std::size_t spare_part = 64;

}  // namespace

Lending::Lending(const Shared& shared)
    : lender_(shared),
      decoders_(shared.options.max_memory / spare_part),
      outputs_(shared.options.max_memory / spare_part),
      queues_(shared.options.max_memory / spare_part) {}

std::span<char> Lending::read_room() {
    if (!read_buffer_) read_buffer_ = std::make_unique_for_overwrite<char[]>(read_room_size);
    return {read_buffer_.get(), read_room_size};
}

bool Lending::is_in_read_room(const char* byte) const noexcept {
    const char* const room = read_buffer_.get();
    return room != nullptr && room <= byte && byte < room + read_room_size;
}

std::unique_ptr<Decoder> Lending::take_spare_decoder() {
    std::unique_ptr<Decoder> decoder = decoders_.take();
    if (decoder != nullptr) return decoder;
    decoder = std::make_unique<Decoder>(lender_.options.limits, lender_.options.reads);
    if (lender_.streams) decoder->pause_above(lender_.options.stream_above, lender_.options.max_stream);
    return decoder;
}

void Lending::keep_spare(std::unique_ptr<Decoder> decoder) noexcept {
    if (decoder->memory() <= most_decoder_kept) decoder = decoders_.keep(std::move(decoder));
    if (decoder != nullptr) note_freed(decoder->memory());
}

std::unique_ptr<Output> Lending::take_spare_output() {
    std::unique_ptr<Output> output = outputs_.take();
    return output != nullptr ? std::move(output) : std::make_unique<Output>();
}

void Lending::keep_spare(std::unique_ptr<Output> output) noexcept {
    const std::size_t held = output->memory();
    output->reset(Output::most_kept);
    note_freed(held - std::min(held, output->memory()));
    output = outputs_.keep(std::move(output));
    if (output != nullptr) note_freed(output->memory());
}

void Lending::give_up_spares() noexcept {
    note_freed(decoders_.give_up());
    note_freed(outputs_.give_up());
    note_freed(queues_.give_up());
}

void Lending::note_freed(std::size_t bytes) noexcept {
    if (bytes >= worth_trimming && lender_.options.trim_interval.count() != 0) heap_has_holes_ = true;
}

}  // namespace resp::detail
