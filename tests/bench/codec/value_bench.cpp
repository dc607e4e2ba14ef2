// Values that own their bytes: a deep copy of a view, parsing in one go, comparing, encoding.
#include <libresp/codec/decoder.hpp>
#include <libresp/codec/value.hpp>

#include "benchmarks.hpp"

namespace bench {

namespace {

using Values = std::vector<resp::Value>;

struct Material {
    Values values;
    std::vector<std::string_view> wires;
};

Material values_of(std::string_view bytes) {
    Material found;
    std::size_t at = 0;
    resp::Decoder decoder;
    decoder.feed(bytes);
    while (const auto frame = decoder.next()) {
        found.values.emplace_back(*frame);
        found.wires.push_back(bytes.substr(at, frame->wire().size()));
        at += frame->wire().size();
    }
    return found;
}

/// Each of these handles all values once and tells how many came out right.
std::size_t copy(const Material& material) {
    std::size_t right = 0;
    for (const resp::Value& value : material.values) {
        const resp::Value made{value.view()};
        right += made.view().type() == value.view().type();
    }
    return right;
}

std::size_t parse(const Material& material) {
    std::size_t right = 0;
    for (const std::string_view wire : material.wires) right += resp::parse(wire) ? 1 : 0;
    return right;
}

std::size_t compare(const Material& material, const Material& same) {
    std::size_t right = 0;
    for (std::size_t i = 0; i != material.values.size(); ++i) right += material.values[i] == same.values[i];
    return right;
}

std::size_t encode(const Material& material, resp::Buffer& output) {
    output.clear();
    resp::Encoder out{output};
    for (const resp::Value& value : material.values) resp::encode(out, value);
    return material.values.size();
}

template <class Work>
void add(const Corpus& corpus, const std::string& verb, Work work) {
    const Input input = corpus.hot;
    const std::string label = "value/" + corpus.name + "/" + verb + "/value";
    benchmark::RegisterBenchmark(label.c_str(), [=](benchmark::State& state) {
        const Material material = values_of(input.bytes);
        const Material same = values_of(input.bytes);
        resp::Buffer output;
        const std::size_t frames = input.expected.frames;
        bool good = compare(material, same) == frames && work(material, same, output) == frames;
        for (auto _ : state) good = work(material, same, output) == frames && good;
        const bool same_again = output.empty() || compare(material, values_of(output)) == frames;
        require(state, good && same_again);
        report(state, frames, input.bytes.size());
    });
}

}  // namespace

void register_value(const std::vector<Corpus>& corpora) {
    for (const Corpus& corpus : corpora) {
        if (corpus.form == Form::inline_line || corpus.name == "strings") continue;
        add(corpus, "copy", [](const Material& all, const Material&, resp::Buffer&) { return copy(all); });
        add(corpus, "parse", [](const Material& all, const Material&, resp::Buffer&) { return parse(all); });
        add(corpus, "compare",
            [](const Material& all, const Material& same, resp::Buffer&) { return compare(all, same); });
        add(corpus, "encode",
            [](const Material& all, const Material&, resp::Buffer& output) { return encode(all, output); });
    }
}

}  // namespace bench
