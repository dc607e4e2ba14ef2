// Reads the manifest and the files beside it; see corpus.py for its columns.
#include "corpus.hpp"

#include <sys/mman.h>

#include <fstream>
#include <new>
#include <sstream>
#include <stdexcept>

namespace bench {

namespace {

Form form_of(std::string_view name) {
    if (name == "command") return Form::command;
    if (name == "inline") return Form::inline_line;
    if (name == "resp2") return Form::resp2;
    if (name == "resp3") return Form::resp3;
    throw std::runtime_error("the manifest names a form that is not known");
}

std::shared_ptr<const char> read_file(const std::string& path, std::size_t size) {
    std::ifstream file(path, std::ios::binary);
    std::shared_ptr<char> memory = large_block(size);
    if (!file.read(memory.get(), static_cast<std::streamsize>(size)))
        throw std::runtime_error("cannot read " + path);
    return memory;
}

}  // namespace

std::shared_ptr<char> large_block(std::size_t size) {
    size += slack;
    void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc{};
#ifdef MADV_HUGEPAGE
    madvise(memory, size, MADV_HUGEPAGE);
#endif
    return {static_cast<char*>(memory), [size](char* p) { munmap(p, size); }};
}

std::vector<Corpus> load_corpora(const std::string& folder) {
    std::ifstream manifest(folder + "/manifest.tsv");
    if (!manifest) throw std::runtime_error("no manifest.tsv in " + folder);
    std::vector<Corpus> corpora;
    for (std::string line; std::getline(manifest, line);) {
        std::istringstream columns(line);
        std::string name, form, part;
        std::size_t size = 0;
        Digest expected;
        if (!(columns >> name >> form >> part >> size >> expected.frames >> expected.leaves >>
              expected.text_bytes >> expected.integers >> expected.crc))
            throw std::runtime_error("cannot read this line of the manifest: " + line);
        if (corpora.empty() || corpora.back().name != name) {
            corpora.emplace_back();
            corpora.back().name = name;
            corpora.back().form = form_of(form);
        }
        Input& input = part == "hot" ? corpora.back().hot : corpora.back().stream;
        input.expected = expected;
        input.bytes = {nullptr, size};
    }
    for (Corpus& corpus : corpora) {
        corpus.memory = read_file(folder + "/" + corpus.name + ".resp", corpus.stream.bytes.size());
        corpus.stream.bytes = {corpus.memory.get(), corpus.stream.bytes.size()};
        corpus.hot.bytes = {corpus.memory.get(), corpus.hot.bytes.size()};
    }
    return corpora;
}

BigString::BigString() {
    for (std::size_t i = 0; i != chunk_size; ++i) chunk += static_cast<char>(i * 7 + i / 251);
    Checker checker;
    for (std::size_t left = size; left != 0; left -= chunk_size) checker.part(chunk);
    checker.end_text();
    checker.frame();
    expected = checker.digest();
}

}  // namespace bench
