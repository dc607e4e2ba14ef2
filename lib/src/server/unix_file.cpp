// Locks, probes, creates and removes the file of a Unix socket.
#include "unix_file.hpp"

#include <fcntl.h>
#include <grp.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <system_error>
#include <thread>
#include <vector>

namespace resp::detail {

namespace {

constexpr std::chrono::seconds most_wait{2};

void require(bool done) {
    if (!done) throw std::system_error{errno, std::generic_category()};
}

/// Whether a process listens on the path, or may do so.
bool is_in_use(const std::string& path) noexcept {
    // Non-blocking: connect() would wait for an owner whose backlog is full.
    const Descriptor probe{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (probe.number() < 0 || path.size() >= sizeof address.sun_path) return true;
    path.copy(address.sun_path, path.size());
    const auto* const name = reinterpret_cast<const sockaddr*>(&address);
    return ::connect(probe.number(), name, sizeof address) == 0 || errno != ECONNREFUSED;
}

std::string directory_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

}  // namespace

DirectoryLock::DirectoryLock(const std::string& path)
    : directory_(::open(directory_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (directory_.number() < 0) return;
    const auto end = std::chrono::steady_clock::now() + most_wait;
    while (::flock(directory_.number(), LOCK_EX | LOCK_NB) != 0 && (errno == EWOULDBLOCK || errno == EINTR)) {
        if (std::chrono::steady_clock::now() >= end) return;
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
}

void remove_stale(const std::string& path) {
    struct stat file{};
    if (::lstat(path.c_str(), &file) != 0 || !S_ISSOCK(file.st_mode)) return;
    if (!is_in_use(path)) ::unlink(path.c_str());
}

std::optional<gid_t> find_group(const std::string& name) {
    gid_t number = 0;
    const char* const end = name.data() + name.size();
    if (const auto [stop, error] = std::from_chars(name.data(), end, number);
        error == std::errc{} && stop == end) {
        return number;
    }
    std::vector<char> room(1024);
    group entry{};
    group* found = nullptr;
    while (::getgrnam_r(name.c_str(), &entry, room.data(), room.size(), &found) == ERANGE) {
        room.resize(2 * room.size());  // a group of many members
    }
    if (found == nullptr) return std::nullopt;
    return found->gr_gid;
}

UnixFile::UnixFile(std::string path) : path_(std::move(path)) {
    struct stat file{};
    require(::lstat(path_.c_str(), &file) == 0);
    device_ = file.st_dev;
    number_ = file.st_ino;
}

void UnixFile::set(const UnixPermissions& permissions) const {
    constexpr auto same = static_cast<uid_t>(-1);
    if (!permissions.group.empty()) {
        const std::optional<gid_t> group = find_group(permissions.group);
        require(group && ::lchown(path_.c_str(), same, *group) == 0);
    }
    // Does not follow a link that someone may have put there.
    if (permissions.mode) {
        const auto mode = static_cast<mode_t>(*permissions.mode);
        require(::fchmodat(AT_FDCWD, path_.c_str(), mode, AT_SYMLINK_NOFOLLOW) == 0);
    }
}

void UnixFile::remove() const noexcept {
    struct stat file{};
    const bool same = ::lstat(path_.c_str(), &file) == 0 && file.st_dev == device_ && file.st_ino == number_;
    if (same) ::unlink(path_.c_str());
}

}  // namespace resp::detail
