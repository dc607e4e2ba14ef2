// Runs a fuzz target without libFuzzer: first on files, then on random changes of them, the same ones each
// time. If the target crashes, the input is written to the file "<target>.crash" in the working directory.
//
//     split [--dictionary=resp.dict] [--runs=10000] FILE-OR-FOLDER...
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "mutate.hpp"
#include "support/sanitized.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

// After its report, a sanitizer aborts, so that keep_input() runs.
extern "C" const char* __asan_default_options() { return "abort_on_error=1"; }
extern "C" const char* __ubsan_default_options() { return "abort_on_error=1:print_stacktrace=1"; }
extern "C" const char* __tsan_default_options() { return "abort_on_error=1"; }

namespace {

const std::string* current = nullptr;  // the input that is run
std::string crash_file;

/// Writes the input to a file, then lets the signal end the process.
void keep_input(int signal) {
    std::signal(signal, SIG_DFL);
    if (current != nullptr) {
        if (std::FILE* const file = std::fopen(crash_file.c_str(), "wb")) {
            (void)std::fwrite(current->data(), 1, current->size(), file);
            (void)std::fclose(file);
        }
        std::fprintf(stderr, "the input is in %s\n", crash_file.c_str());
    }
    (void)std::raise(signal);
}

void run(const std::string& input) {
    current = &input;
    // A copy of exactly its size, as libFuzzer passes it.
    const std::vector<std::uint8_t> bytes{input.begin(), input.end()};
    (void)LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    current = nullptr;
}

std::string read_file(const std::filesystem::path& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

/// The files at a path, in the same order on every machine.
std::vector<std::string> read_inputs(const std::filesystem::path& path) {
    std::vector<std::filesystem::path> files;
    if (std::filesystem::is_directory(path)) {
        for (const auto& entry : std::filesystem::directory_iterator{path}) files.push_back(entry.path());
    } else {
        files.push_back(path);
    }
    std::sort(files.begin(), files.end());
    std::vector<std::string> inputs;
    for (const auto& file : files) inputs.push_back(read_file(file));
    return inputs;
}

int replay(const std::vector<std::string>& arguments) {
    std::size_t runs = 0;
    std::vector<std::string> words;
    std::vector<std::string> inputs;
    for (const std::string& argument : arguments) {
        const std::string value = argument.substr(argument.find('=') + 1);
        if (argument.starts_with("--runs=")) {
            runs = std::stoul(value);
        } else if (argument.starts_with("--dictionary=")) {
            words = fuzz::read_dictionary(value);
        } else {
            std::vector<std::string> more = read_inputs(argument);
            std::move(more.begin(), more.end(), std::back_inserter(inputs));
        }
    }
    for (const std::string& input : inputs) run(input);
    std::printf("%zu inputs, %zu changed ones\n", inputs.size(), runs);
    fuzz::Mutator mutator{std::move(inputs), std::move(words)};
    for (; runs != 0; --runs) run(mutator.next());
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    crash_file = std::filesystem::path{argv[0]}.filename().string() + ".crash";
    std::signal(SIGABRT, keep_input);
#if !defined(LIBRESP_ASAN) && !defined(LIBRESP_TSAN)  // a sanitizer reports these signals itself
    for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) std::signal(signal, keep_input);
#endif
    try {
        return replay({argv + 1, argv + argc});
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 2;
    }
}
