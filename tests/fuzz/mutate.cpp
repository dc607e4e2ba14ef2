// The kinds of changes. Each kind has found bugs in parsers.
#include "mutate.hpp"

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace fuzz {

namespace {

constexpr std::size_t longest = 2048;

}  // namespace

std::string Mutator::next() {
    std::string bytes = seeds_.empty() ? std::string{} : seeds_[below(seeds_.size())];
    for (std::size_t changes = 1 + below(4); changes != 0; --changes) change(bytes);
    if (bytes.size() > longest) bytes.resize(longest);
    return bytes;
}

void Mutator::change(std::string& bytes) {
    const std::size_t at = below(bytes.size() + 1);
    const std::size_t n = std::min(1 + below(12), bytes.size() - at);
    switch (below(7)) {
        case 0: bytes.insert(at, 1, static_cast<char>(below(256))); break;
        case 1:
            if (at != bytes.size()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
            break;
        case 2: bytes.erase(at, n); break;
        case 3: bytes.insert(at, bytes.substr(at, n)); break;
        case 4:
            if (!words_.empty()) bytes.insert(at, words_[below(words_.size())]);
            break;
        case 5:
            if (!words_.empty()) bytes.replace(at, n, words_[below(words_.size())]);
            break;
        default:  // the end of another seed
            if (!seeds_.empty()) {
                const std::string& other = seeds_[below(seeds_.size())];
                bytes.replace(at, std::string::npos, other, std::min(at, other.size()), std::string::npos);
            }
    }
}

std::vector<std::string> read_dictionary(const std::string& path) {
    std::ifstream file{path};
    if (!file) throw std::runtime_error{"cannot open " + path};
    std::vector<std::string> words;
    for (std::string line; std::getline(file, line);) {
        if (!line.starts_with('"')) continue;
        std::string word;
        for (std::size_t i = 1; i + 1 < line.size(); ++i) {
            if (line[i] != '\\') {
                word += line[i];
            } else if (line[++i] == 'x') {
                word += static_cast<char>(std::stoi(line.substr(i + 1, 2), nullptr, 16));
                i += 2;
            } else {
                word += line[i];
            }
        }
        words.push_back(std::move(word));
    }
    return words;
}

}  // namespace fuzz
