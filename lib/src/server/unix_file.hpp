// The file of a Unix socket: who may create it, who may connect, and who removes it.
//
// A file whose process is gone must be replaced, and one in use must not. No system call replaces a file only
// if it is stale, so between the look and the change another server could start. A lock keeps it out:
//
//     lock the directory ─► is the file stale? remove it ─► bind ─► permissions ─► listen ─► unlock
//
// The lock is on the directory and not on a separate file, because such a file could never be removed: then two
// servers could hold locks on two files of the same name.
#pragma once

#include "socket.hpp"

#include <libresp/server/options.hpp>

#include <sys/types.h>

#include <optional>
#include <string>

namespace resp::detail {

/// A lock on the directory of a path, until the end of the scope. Only other servers of this library ask for
/// it. Everyone who may read the directory can hold it, so it gives up after two seconds: the start of a
/// server must not depend on strangers. It also gives up if the directory cannot be read.
class DirectoryLock {
public:
    explicit DirectoryLock(const std::string& path);

private:
    Descriptor directory_;
};

/// Removes a socket file if no process listens on it. Leaves any other file alone. Does not wait.
void remove_stale(const std::string& path);

/// The id of a group that is given by its name or number. Nothing if there is no such group.
[[nodiscard]] std::optional<gid_t> find_group(const std::string& name);

/// A socket file that this process has bound.
class UnixFile {
public:
    /// Call it directly after bind(). Throws std::system_error if the file is gone.
    explicit UnixFile(std::string path);
    /// Call it before listen(): until then no client can connect. Throws std::system_error.
    void set(const UnixPermissions& permissions) const;
    /// Removes the file if it is still the same. Call it before the socket is closed: until then no other
    /// file can have its number.
    void remove() const noexcept;
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
    dev_t device_ = 0;
    ino_t number_ = 0;
};

}  // namespace resp::detail
