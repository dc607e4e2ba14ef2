// The one interface that every measured parser stands behind, and the ways to bring bytes to it.
#pragma once

#include "corpus.hpp"
#include "digest.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace bench {

/// Reads frames and reports each, with all that it holds, to its visitor. False where it fails.
class Parser {
public:
    virtual ~Parser() = default;

    /// All of a stream's bytes at once, where they stand.
    virtual bool read(std::string_view bytes) = 0;

    /// As from a socket: a place for at least `n` bytes; then the parser is told that they are there, and
    /// reports every frame that is now complete.
    [[nodiscard]] virtual char* prepare(std::size_t n) = 0;
    virtual bool commit(std::size_t n) = 0;
    /// The same for all of a stream's bytes, `size` at a time.
    virtual bool read_pieces(std::string_view bytes, std::size_t size) = 0;

    [[nodiscard]] virtual Digest digest() const = 0;
};

/// How bytes come to a parser.
enum class Mode {
    hot,     ///< some frames that a cache holds, at once, again and again
    stream,  ///< many frames, at once
    chunks,  ///< many frames, as reads from a socket bring them
    bytes,   ///< some frames, byte by byte
};
inline constexpr Mode every_mode[] = {Mode::hot, Mode::stream, Mode::chunks, Mode::bytes};

[[nodiscard]] constexpr std::string_view name(Mode mode) noexcept {
    constexpr std::string_view names[] = {"hot", "stream", "chunks", "bytes"};
    return names[static_cast<int>(mode)];
}

/// One of the parsers that are measured.
struct ParserKind {
    std::string_view name;
    bool takes_whole;  ///< whether read() is worth measuring
    bool walks;        ///< whether it visits the values of a frame, or only hands out frames
    bool (*takes)(Form) noexcept;
    std::unique_ptr<Parser> (*make)(Form form, bool checked);  ///< checked: reads every byte it finds
};

/// The Decoder, handing out frames and visiting all of their values; the same with lent pieces; and the
/// Tokenizer.
[[nodiscard]] std::span<const ParserKind> our_parsers();
[[nodiscard]] std::span<const ParserKind> ceiling_parsers();
/// None where hiredis is not installed.
[[nodiscard]] std::span<const ParserKind> hiredis_parsers();

/// Calls use(kind) for each of them.
template <class Use>
void for_each_parser(Use use) {
    for (const auto kinds : {our_parsers(), ceiling_parsers(), hiredis_parsers()})
        for (const ParserKind& kind : kinds) use(kind);
}

/// The buffer of a thread: what a parser reads from that does not receive into memory of its own.
[[nodiscard]] inline char* thread_buffer() noexcept {
    alignas(64) static char buffer[chunk_size + slack];
    return buffer;
}

/// Keeps the compiler from leaving out what was written to `p`.
inline void keep(const void* p) noexcept { asm volatile("" : : "r"(p) : "memory"); }
/// The same for what was found out.
inline void keep(std::size_t n) noexcept { asm volatile("" : : "r"(n)); }

/// `parser` may be of a final class: then its functions are inlined here.
template <class P>
[[nodiscard]] bool read_piece(P& parser, std::string_view piece) {
    char* const room = parser.prepare(piece.size());
    if (piece.size() == 1) {
        *room = piece.front();
    } else {
        std::memcpy(room, piece.data(), piece.size());
    }
    return parser.commit(piece.size());
}

/// A parser that is called directly for each piece, as a program would: where bytes come one by one, two
/// virtual calls would be a third of the time.
template <class P>
class InPieces final : public P {
public:
    using P::P;

    bool read_pieces(std::string_view bytes, std::size_t size) override {
        for (std::size_t at = 0; at < bytes.size(); at += size)
            if (!read_piece(*this, bytes.substr(at, size))) return false;
        return true;
    }
};

template <template <class> class Measured, class Timed = Counter>
[[nodiscard]] std::unique_ptr<Parser> make_parser(Form form, bool checked) {
    if (checked) return std::make_unique<InPieces<Measured<Checker>>>(form);
    return std::make_unique<InPieces<Measured<Timed>>>(form);
}

[[nodiscard]] inline bool read_big(Parser& parser, const BigString& big) {
    bool good = read_piece(parser, big.header);
    for (std::size_t left = BigString::size; good && left != 0; left -= chunk_size)
        good = read_piece(parser, big.chunk);
    return good && read_piece(parser, big.end);
}

[[nodiscard]] inline const Input& input_of(const Corpus& corpus, Mode mode) noexcept {
    return mode == Mode::stream || mode == Mode::chunks ? corpus.stream : corpus.hot;
}

[[nodiscard]] inline bool read_input(Parser& parser, const Input& input, Mode mode) {
    if (mode == Mode::hot || mode == Mode::stream) return parser.read(input.bytes);
    return parser.read_pieces(input.bytes, mode == Mode::chunks ? chunk_size : 1);
}

[[nodiscard]] inline bool takes(const ParserKind& kind, Form form, Mode mode) noexcept {
    return kind.takes(form) && (kind.takes_whole || mode == Mode::chunks || mode == Mode::bytes);
}

}  // namespace bench
