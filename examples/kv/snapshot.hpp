// Saves all databases in a file, and loads them.
#pragma once

#include "store.hpp"

#include <string>

/// Writes a new file beside `path`, and renames it. So at any moment, also if the program is killed, `path` is the old
/// file or the new one. If the file cannot be written, the new one is removed. Call it with all locks held. Throws
/// std::system_error.
void save(Store& store, const std::string& path);

/// Adds what the file contains. Does nothing if there is no such file. Throws std::runtime_error if it is damaged, and
/// std::system_error if it cannot be read. Call it before the server runs.
void load(Store& store, const std::string& path);
