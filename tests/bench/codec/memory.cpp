// libresp_codec_memory FOLDER: what parsers and encoders take from the heap, exactly. One line each:
//
//     <group> <row> <mode> <who> <frames> <allocations once warm> <peak bytes>
//
// Allocations are those of reading or writing the same again; the peak counts from before the parser was
// made. Fails where the codec allocates for a frame once it is warm.
#include "count_memory.hpp"
#include "parser.hpp"
#include "writer.hpp"

#include <algorithm>
#include <cstdio>
#include <exception>

namespace bench {

namespace {

bool any_wrong = false;

/// Does the work twice: once to warm up, once to count its allocations.
template <class Make, class Work>
MemoryCount measure(Make make, Work work) {
    begin_counting();
    const auto measured = make();
    any_wrong |= !work(*measured);
    const std::size_t warm_up = counted().allocations;
    any_wrong |= !work(*measured);
    MemoryCount found = counted();
    found.allocations -= warm_up;
    return found;
}

void print(std::string_view label, std::string_view who, std::uint64_t frames, MemoryCount found) {
    std::printf("%.*s\t%.*s\t%llu\t%zu\t%zu\n", static_cast<int>(label.size()), label.data(),
                static_cast<int>(who.size()), who.data(), static_cast<unsigned long long>(frames),
                found.allocations, found.peak);
}

bool is_ours(std::string_view who) noexcept {
    return who == "frames" || who == "decoder" || who == "decoder_lent" || who == "tokenizer" ||
           who == "encoder" || who == "encoder_string";
}

void require_none(std::string_view label, std::string_view who, const MemoryCount& found) {
    if (!is_ours(who) || found.allocations == 0) return;
    any_wrong = true;
    std::fprintf(stderr, "%.*s: %.*s allocates once it is warm\n", static_cast<int>(label.size()),
                 label.data(), static_cast<int>(who.size()), who.data());
}

void count_decode(const Corpus& corpus, Mode mode) {
    std::string label = "decode\t" + corpus.name + "\t";
    label.append(name(mode));
    const Input& input = input_of(corpus, mode);
    for_each_parser([&](const ParserKind& kind) {
        if (!takes(kind, corpus.form, mode)) return;
        const MemoryCount found = measure([&] { return kind.make(corpus.form, false); },
                                          [&](Parser& parser) { return read_input(parser, input, mode); });
        require_none(label, kind.name, found);
        print(label, kind.name, input.expected.frames, found);
    });
}

void count_big() {
    const BigString big;
    for_each_parser([&](const ParserKind& kind) {
        const MemoryCount found = measure([&] { return kind.make(Form::resp2, false); },
                                          [&](Parser& parser) { return read_big(parser, big); });
        print("decode\t64 MiB\tchunks", kind.name, 1, found);
    });
}

template <class Items>
void count_encode(std::string_view label, const WriterKind& kind, const Items& items, std::size_t frames) {
    const MemoryCount found =
        measure(kind.make, [&](Writer& writer) { return writer.write(items, nullptr) == items.wire.size(); });
    require_none(label, kind.name, found);
    print(label, kind.name, frames, found);
}

void count_all(const std::vector<Corpus>& corpora) {
    for (const Corpus& corpus : corpora)
        for (const Mode mode : {Mode::chunks, Mode::bytes}) count_decode(corpus, mode);
    count_big();
    for (const Corpus& corpus : corpora) {
        for_each_writer([&](const WriterKind& kind) {
            if (corpus.name == "set") {
                const SetCommands commands{corpus.hot.bytes};
                count_encode("encode\tset\thot", kind, commands, commands.list.size());
            } else if (corpus.name == "resp2" && kind.writes_replies) {
                const Replies replies{corpus.hot.bytes};
                count_encode("encode\tresp2\thot", kind, replies, replies.frames);
            }
        });
    }
}

}  // namespace

}  // namespace bench

int main(int argc, char* argv[]) try {
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    bench::count_all(bench::load_corpora(argv[1]));
    return bench::any_wrong ? 1 : 0;
} catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 1;
}
