// Finds the word that a user probably meant when typing a wrong one: "--port" for "--prot".
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// The number of letters to insert, delete, replace, or swap with a neighbour, to turn `a` into `b`.
inline std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) {
        for (std::size_t j = 0; j <= b.size(); ++j) {
            if (i == 0 || j == 0) {
                d[i][j] = i + j;
                continue;
            }
            d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[a.size()][b.size()];
}

/// The word that begins with `typed`, or differs least from it, in at most two letters. Empty if none does.
inline std::string nearest(std::string_view typed, const std::vector<std::string>& words) {
    constexpr std::size_t shortest = 4;  // "--x" would match too much
    constexpr std::size_t longest = 64;  // the time grows with the length
    std::string best;
    if (typed.size() < shortest || typed.size() > longest) return best;
    std::size_t fewest = 3;
    for (const std::string& word : words) {
        const std::size_t mistakes = word.starts_with(typed) ? 0 : distance(typed, word);
        if (mistakes < fewest) {
            fewest = mistakes;
            best = word;
        }
    }
    return best;
}
