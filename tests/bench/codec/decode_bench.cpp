// Bytes to frames: every corpus, in every mode, by every parser that can; and one string of 64 MiB.
#include "benchmarks.hpp"

namespace bench {

namespace {

void add(const Corpus& corpus, Mode mode, const ParserKind& kind) {
    std::string label = "decode/" + corpus.name + "/";
    label.append(name(mode)).append("/").append(kind.name);
    const Input input = input_of(corpus, mode);
    measure_parser(label, kind, corpus.form, input.expected, input.bytes.size(),
                   [=](Parser& parser) { return read_input(parser, input, mode); });
}

/// In chunks: gathered by a Decoder and by hiredis, handed out in parts by the Tokenizer and the ceiling.
void add_big(const std::shared_ptr<const BigString>& big, const ParserKind& kind) {
    measure_parser("decode/64 MiB/chunks/" + std::string{kind.name}, kind, Form::resp2, big->expected,
                   BigString::size, [=](Parser& parser) { return read_big(parser, *big); });
}

}  // namespace

void register_decode(const std::vector<Corpus>& corpora) {
    for (const Corpus& corpus : corpora) {
        for (const Mode mode : every_mode) {
            for_each_parser([&](const ParserKind& kind) {
                if (takes(kind, corpus.form, mode)) add(corpus, mode, kind);
            });
        }
    }
    const auto big = std::make_shared<const BigString>();
    for_each_parser([&](const ParserKind& kind) { add_big(big, kind); });
}

}  // namespace bench
