// Values to bytes: SET commands and a mix of replies, by every encoder that can.
#include "benchmarks.hpp"
#include "writer.hpp"

namespace bench {

namespace {

template <class Items>
void add(const std::string& row, const WriterKind& kind, std::shared_ptr<const Items> items,
         std::size_t frames) {
    const std::string label = "encode/" + row + "/" + std::string{kind.name};
    benchmark::RegisterBenchmark(label.c_str(), [=](benchmark::State& state) {
        const std::unique_ptr<Writer> writer = kind.make();
        std::string wire;
        writer->write(*items, &wire);
        std::size_t written = 0;
        for (auto _ : state) written += writer->write(*items, nullptr);
        const auto iterations = static_cast<std::size_t>(state.iterations());
        require(state, wire == items->wire && written == iterations * wire.size());
        report(state, frames, wire.size());
    });
}

void add_mode(const Corpus& corpus, const std::string& row, std::string_view bytes) {
    if (corpus.name == "set") {
        const auto commands = std::make_shared<const SetCommands>(bytes);
        for_each_writer([&](const WriterKind& kind) { add(row, kind, commands, commands->list.size()); });
    } else {
        const auto replies = std::make_shared<const Replies>(bytes);
        for_each_writer([&](const WriterKind& kind) {
            if (kind.writes_replies) add(row, kind, replies, replies->frames);
        });
    }
}

}  // namespace

void register_encode(const std::vector<Corpus>& corpora) {
    constexpr std::size_t many = 1 << 20;  // bytes, beyond what the branch predictor learns
    for (const Corpus& corpus : corpora) {
        if (corpus.name != "set" && corpus.name != "resp2") continue;
        add_mode(corpus, corpus.name + "/hot", corpus.hot.bytes);
        add_mode(corpus, corpus.name + "/stream", corpus.stream.bytes.substr(0, many));
    }
}

}  // namespace bench
