// The file:
//
//     "kv snapshot 1\n"
//     for each item: database (1 byte), expiry (8), bytes of the key (4), bytes of the value (8), key, value
//     0xff, and the checksum of all bytes before it (8)
//
// Numbers are little endian.
#include "snapshot.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <system_error>

namespace {

constexpr std::string_view magic = "kv snapshot 1\n";
constexpr unsigned char end_mark = 0xff;

[[noreturn]] void fail(const std::string& path) {
    throw std::system_error{errno, std::generic_category(), path};
}

/// A file, and the checksum (FNV-1a) of what was read or written.
class File {
public:
    File(const std::string& path, const char* mode)
        : path_(path), file_(std::fopen(path.c_str(), mode), &std::fclose) {
        if (file_ == nullptr) fail(path_);
    }
    void write(std::string_view bytes) {
        if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) fail(path_);
        add(bytes);
    }
    void write(std::uint64_t number, std::size_t bytes) {
        std::array<char, 8> room{};
        for (std::size_t i = 0; i != bytes; ++i) room[i] = static_cast<char>(number >> (8 * i));
        write({room.data(), bytes});
    }
    /// Throws std::runtime_error if the file ends before.
    void read(char* to, std::size_t size) {
        if (std::fread(to, 1, size, file_.get()) != size) {
            if (std::ferror(file_.get()) != 0) fail(path_);
            throw std::runtime_error{path_ + ": the snapshot is cut off"};
        }
        add({to, size});
    }
    std::uint64_t read(std::size_t bytes) {
        std::array<char, 8> room{};
        read(room.data(), bytes);
        std::uint64_t number = 0;
        for (std::size_t i = 0; i != bytes; ++i) {
            number |= std::uint64_t{static_cast<unsigned char>(room[i])} << (8 * i);
        }
        return number;
    }
    /// A text of a size that may be wrong: memory grows only with the bytes that are there.
    std::string read_text(std::uint64_t size) {
        constexpr std::uint64_t portion = 1 << 20;
        std::string text;
        while (text.size() != size) {
            const std::size_t before = text.size();
            text.resize(before + static_cast<std::size_t>(std::min(portion, size - before)));
            read(text.data() + before, text.size() - before);
        }
        return text;
    }
    /// Everything is on the disk afterwards.
    void sync() {
        if (std::fflush(file_.get()) != 0 || ::fsync(::fileno(file_.get())) != 0) fail(path_);
    }
    [[nodiscard]] std::uint64_t checksum() const noexcept { return checksum_; }

private:
    void add(std::string_view bytes) noexcept {
        for (const char byte : bytes) {
            checksum_ = (checksum_ ^ static_cast<unsigned char>(byte)) * 0x0000'0100'0000'01b3;
        }
    }

    std::string path_;
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
    std::uint64_t checksum_ = 0xcbf2'9ce4'8422'2325;
};

void write_item(File& file, unsigned database, const Item& item) {
    file.write(database, 1);
    file.write(static_cast<std::uint64_t>(item.expires), 8);
    file.write(item.key().size(), 4);
    file.write(item.value.size(), 8);
    file.write(item.key());
    file.write(item.value);
}

/// Everything is on the disk afterwards.
void write_all(Store& store, const std::string& path) {
    File file{path, "wb"};
    file.write(magic);
    for (unsigned database = 0; database != Store::databases; ++database) {
        std::uint64_t position = 0;
        do {
            position = store.visit(database, position, [&](Item& item) { write_item(file, database, item); });
        } while (position != 0);
    }
    file.write(end_mark, 1);
    file.write(file.checksum(), 8);
    file.sync();
}

/// A rename is on the disk when its folder is.
void sync_folder(const std::string& path) {
    const std::string folder = std::filesystem::absolute(path).parent_path().string();
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) fail(folder);
    const int result = ::fsync(descriptor);
    ::close(descriptor);
    if (result != 0) fail(folder);
}

}  // namespace

void save(Store& store, const std::string& path) {
    const std::string temporary = path + ".new";
    try {
        write_all(store, temporary);
        if (std::rename(temporary.c_str(), path.c_str()) != 0) fail(path);
    } catch (...) {
        std::remove(temporary.c_str());
        throw;
    }
    sync_folder(path);
}

void load(Store& store, const std::string& path) {
    if (!std::filesystem::exists(path)) return;
    File file{path, "rb"};
    if (file.read_text(magic.size()) != magic)
        throw std::runtime_error{path + ": this is no snapshot of kv, version 1"};
    for (;;) {
        const auto database = static_cast<unsigned>(file.read(1));
        if (database == end_mark) break;
        if (database >= Store::databases) throw std::runtime_error{path + ": the snapshot is damaged"};
        const auto expires = static_cast<Time>(file.read(8));
        const std::uint64_t key_size = file.read(4);
        const std::uint64_t value_size = file.read(8);
        const std::string key = file.read_text(key_size);
        const std::string value = file.read_text(value_size);
        if (expires == 0 || expires > now()) store.set(database, key, value, expires);
    }
    const std::uint64_t checksum = file.checksum();
    if (file.read(8) != checksum) throw std::runtime_error{path + ": the checksum of the snapshot is wrong"};
}
