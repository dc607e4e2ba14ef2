// Addresses of IPv6 count by their first 64 bits: a client can have all of the others.
#include "auth_failures.hpp"

#include <asio/ip/address.hpp>

#include <functional>
#include <string_view>
#include <system_error>

namespace resp::detail {

namespace {

std::size_t hash_of(const std::string& address) {
    std::error_code error;
    const asio::ip::address parsed = asio::ip::make_address(address, error);
    if (error || !parsed.is_v6() || parsed.to_v6().is_v4_mapped())
        return std::hash<std::string_view>{}(address);
    const auto bytes = parsed.to_v6().to_bytes();
    return std::hash<std::string_view>{}({reinterpret_cast<const char*>(bytes.data()), bytes.size() / 2});
}

}  // namespace

unsigned AuthFailures::add(const std::string& address) {
    if (address.empty()) return 0;
    const Clock::time_point now = Clock::now();
    const std::size_t hash = hash_of(address);
    const std::lock_guard lock{mutex_};
    Place& place = places_[hash % places_.size()];
    if (now - place.last > std::chrono::minutes{1}) place.failures = 0;
    place.last = now;
    return place.failures++;
}

}  // namespace resp::detail
