// The data of the key-value server: 16 databases, each in 64 shards, and one mutex for each shard of all databases.
//
//     hash of a key    010101 1100…
//                      shard  bucket of the shard's table
//
// The buckets of a table are in the order of the hashes, and so are the shards. So a position in the space of hashes is
// a cursor for SCAN that stays valid while tables grow.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Milliseconds of Unix time.
using Time = std::int64_t;
/// It stands still as long as a thread holds a lock of the store: nothing ends in the middle of a command or transaction.
[[nodiscard]] Time now() noexcept;

/// A key and its value. The key follows the item in the same block of memory:
///
///     next | expires | value | hash | size of the key | key
///
/// This saves the second block, and a cache miss when keys are compared.
class Item {
public:
    struct Delete {
        void operator()(Item* item) const noexcept;
    };
    using Pointer = std::unique_ptr<Item, Delete>;
    [[nodiscard]] static Pointer make(std::string_view key, std::uint64_t hash);

    [[nodiscard]] std::string_view key() const noexcept {
        return {reinterpret_cast<const char*>(this + 1), key_size_};
    }
    /// The hash of the key. Its lower half is zero: a table has at most 2^26 buckets.
    [[nodiscard]] std::uint64_t hash() const noexcept { return std::uint64_t{hash_} << 32; }
    [[nodiscard]] bool has(std::string_view key, std::uint64_t hash) const noexcept {
        return hash_ == hash >> 32 && this->key() == key;
    }

    Pointer next;      // in the same bucket
    Time expires = 0;  // 0: never
    std::string value;

private:
    Item(std::string_view key, std::uint64_t hash) noexcept
        : hash_(static_cast<std::uint32_t>(hash >> 32)), key_size_(static_cast<std::uint32_t>(key.size())) {}

    std::uint32_t hash_;  // the upper half
    std::uint32_t key_size_;
};

/// A hash table of one shard. It doubles when it has as many items as buckets.
class Table {
public:
    static constexpr unsigned shard_bits = 6;  // of a hash
    static constexpr std::size_t most_buckets = std::size_t{1} << (32 - shard_bits);

    [[nodiscard]] Item* find(std::string_view key, std::uint64_t hash) noexcept;
    Item& insert(std::string_view key, std::uint64_t hash);
    void erase(Item& item) noexcept;
    void set_expiry(Item& item, Time expires);
    void clear() noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::size_t expiring() const noexcept { return expiring_.size(); }
    /// The item whose time ends first. Null: no item has an end.
    [[nodiscard]] Item* first_to_end() noexcept {
        return expiring_.empty() ? nullptr : expiring_.begin()->second;
    }
    /// Calls visit(item) for each item of the bucket at this position of the shard, and returns the position of the next
    /// bucket. 0: there is none.
    template <class Visit>
    std::uint64_t visit(std::uint64_t position, const Visit& visit) {
        if (buckets_.empty()) return 0;
        const std::size_t bucket = bucket_of(position);
        for (Item* item = buckets_[bucket].get(); item != nullptr; item = item->next.get()) visit(*item);
        return bucket + 1 == buckets_.size() ? 0 : static_cast<std::uint64_t>(bucket + 1) << shift_;
    }

private:
    [[nodiscard]] std::size_t bucket_of(std::uint64_t hash) const noexcept;
    void grow();

    std::vector<Item::Pointer> buckets_;
    unsigned shift_ = 64 - shard_bits;  // bits of a hash after the number of the bucket
    std::size_t size_ = 0;
    std::set<std::pair<Time, Item*>> expiring_;
};

class Store {
public:
    static constexpr unsigned databases = 16;
    static constexpr std::size_t shards = std::size_t{1} << Table::shard_bits;
    using ShardSet = std::uint64_t;  // a bit for each shard

    Store();

    /// Holds the locks of some shards.
    class Guard {
    public:
        Guard(Store& store, ShardSet locked);
        Guard(Guard&& other) noexcept : store_(other.store_), locked_(std::exchange(other.locked_, 0)) {}
        Guard& operator=(Guard&&) = delete;
        ~Guard();

    private:
        Store* store_;
        ShardSet locked_;
    };
    /// Locks the shards of these keys; without keys, all. Removes the items there whose time has ended. All other functions
    /// need the lock of the keys that they use.
    [[nodiscard]] Guard lock(std::span<const std::string_view> keys);
    /// Removes all items whose time has ended. Takes one lock after the other.
    void expire();

    /// The item of a key, or null.
    [[nodiscard]] Item* find(unsigned database, std::string_view key) noexcept;
    /// The item of a key, and whether it is a new one.
    std::pair<Item&, bool> find_or_add(unsigned database, std::string_view key);
    bool erase(unsigned database, std::string_view key);
    /// Sets the value; `expires` 0: never.
    std::pair<Item&, bool> set(unsigned database, std::string_view key, std::string_view value,
                               Time expires = 0);
    void set_expiry(unsigned database, Item& item, Time expires);
    /// Changes the value of an item by change(value).
    template <class Change>
    void modify(Item& item, const Change& change) {
        const std::size_t before = bytes_of(item);
        change(item.value);
        const std::size_t after = bytes_of(item);
        if (after != before) bytes_ += after - before;
    }

    // These need all locks.
    [[nodiscard]] std::size_t size(unsigned database) const noexcept;
    /// How many of them have an end.
    [[nodiscard]] std::size_t expiring(unsigned database) const noexcept;
    void clear(unsigned database) noexcept;
    void swap(unsigned a, unsigned b) noexcept;
    /// Calls visit(item) for each item of the bucket at `position`, and returns the position of the next one. 0: there is
    /// none.
    std::uint64_t visit(unsigned database, std::uint64_t position, const std::function<void(Item&)>& visit);

    /// Throws the error of Redis if the store is full.
    void require_room() const;
    /// In bytes; 0: no limit.
    [[nodiscard]] std::size_t limit() const noexcept { return limit_.load(std::memory_order_relaxed); }
    void set_limit(std::size_t limit) noexcept { limit_ = limit; }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }

    /// Called with the lock held when an item was removed because its time has ended.
    std::function<void(unsigned database, std::string_view key)> expired = [](unsigned, std::string_view) {};

private:
    [[nodiscard]] static std::size_t shard_of(std::uint64_t hash) noexcept {
        return hash >> (64 - Table::shard_bits);
    }
    /// Calls visit(shard) in the order of the numbers.
    template <class Visit>
    static void for_each(ShardSet set, const Visit& visit) {
        for (; set != 0; set &= set - 1) visit(static_cast<std::size_t>(std::countr_zero(set)));
    }
    [[nodiscard]] static std::size_t bytes_of(const Item& item) noexcept {
        return sizeof(Item) + item.key().size() + item.value.capacity();
    }
    [[nodiscard]] std::uint64_t hash(std::string_view key) const noexcept;
    [[nodiscard]] Table& table(unsigned database, std::uint64_t hash) noexcept {
        return tables_[database][shard_of(hash)];
    }
    [[nodiscard]] Guard lock_shards(ShardSet which);
    void expire(std::size_t shard);
    void erase(unsigned database, Item& item) noexcept;

    static constexpr Time never = std::numeric_limits<Time>::max();

    /// Threads that lock neighbours do not share a cache line.
    struct alignas(64) Shard {
        std::mutex mutex;
        Time next_end = never;  // nothing in the shard ends before
    };

    std::array<std::array<Table, shards>, databases> tables_;
    std::array<Shard, shards> shards_;
    std::atomic<std::size_t> bytes_{0};
    std::atomic<std::size_t> limit_{0};
    std::array<std::uint64_t, 2> secret_;  // of the hash, so that clients cannot choose keys of one bucket
};
