// Tables, locks, and the hash of keys.
#include "store.hpp"

#include <libresp/service.hpp>

#include <bit>
#include <chrono>
#include <cstring>
#include <random>

namespace {
thread_local Time time_of_lock = 0;  // 0: not known yet

std::uint64_t first_hash_of(std::size_t shard) noexcept {
    return std::uint64_t{shard} << (64 - Table::shard_bits);
}

}  // namespace

Time now() noexcept {
    using namespace std::chrono;
    if (time_of_lock == 0) {
        time_of_lock = duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
    }
    return time_of_lock;
}

// ---- Item

Item::Pointer Item::make(std::string_view key, std::uint64_t hash) {
    void* const room = ::operator new(sizeof(Item) + key.size());
    std::memcpy(static_cast<char*>(room) + sizeof(Item), key.data(), key.size());
    return Pointer{new (room) Item{key, hash}};
}

void Item::Delete::operator()(Item* item) const noexcept {
    item->~Item();
    ::operator delete(item);
}

// ---- Table

/// The highest bits of a hash are the number of the shard.
std::size_t Table::bucket_of(std::uint64_t hash) const noexcept {
    constexpr std::uint64_t below_shard = (std::uint64_t{1} << (64 - shard_bits)) - 1;
    return static_cast<std::size_t>((hash & below_shard) >> shift_);
}

Item* Table::find(std::string_view key, std::uint64_t hash) noexcept {
    if (buckets_.empty()) return nullptr;
    Item* item = buckets_[bucket_of(hash)].get();
    while (item != nullptr && !item->has(key, hash)) item = item->next.get();
    return item;
}

Item& Table::insert(std::string_view key, std::uint64_t hash) {
    if (size_ >= buckets_.size() && buckets_.size() < most_buckets) grow();
    Item::Pointer item = Item::make(key, hash);
    Item::Pointer& bucket = buckets_[bucket_of(hash)];
    item->next = std::move(bucket);
    bucket = std::move(item);
    ++size_;
    return *bucket;
}

void Table::erase(Item& item) noexcept {
    if (item.expires != 0) expiring_.erase({item.expires, &item});
    Item::Pointer* place = &buckets_[bucket_of(item.hash())];
    while (place->get() != &item) place = &(*place)->next;
    *place = std::move(item.next);
    --size_;
}

void Table::set_expiry(Item& item, Time expires) {
    if (item.expires == expires) return;
    if (expires != 0) expiring_.emplace(expires, &item);
    if (item.expires != 0) expiring_.erase({item.expires, &item});
    item.expires = expires;
}

void Table::clear() noexcept {
    // One after another: the destructor of a chain would need a stack as long as the chain.
    for (Item::Pointer& bucket : buckets_) {
        while (bucket != nullptr) bucket = std::move(bucket->next);
    }
    *this = Table{};
}

void Table::grow() {
    std::vector<Item::Pointer> old(buckets_.empty() ? 4 : buckets_.size() * 2);
    old.swap(buckets_);
    shift_ = 64 - shard_bits - static_cast<unsigned>(std::countr_zero(buckets_.size()));
    for (Item::Pointer& bucket : old) {
        while (bucket != nullptr) {
            Item::Pointer item = std::move(bucket);
            bucket = std::move(item->next);
            Item::Pointer& to = buckets_[bucket_of(item->hash())];
            item->next = std::move(to);
            to = std::move(item);
        }
    }
}

// ---- locks

Store::Guard::Guard(Store& store, ShardSet locked) : store_(&store), locked_(locked) {
    for_each(locked_, [&](std::size_t shard) { store.shards_[shard].mutex.lock(); });
}

Store::Guard::~Guard() {
    for_each(locked_, [this](std::size_t shard) { store_->shards_[shard].mutex.unlock(); });
}

Store::Guard Store::lock(std::span<const std::string_view> keys) {
    static_assert(shards == 64, "a bit of ShardSet for each");
    ShardSet which = 0;
    for (const std::string_view key : keys) which |= ShardSet{1} << shard_of(hash(key));
    return lock_shards(keys.empty() ? ~ShardSet{0} : which);
}

Store::Guard Store::lock_shards(ShardSet which) {
    Guard guard{*this, which};
    time_of_lock = 0;
    for_each(which, [this](std::size_t shard) {
        const Time next = shards_[shard].next_end;
        if (next != never && next <= now()) expire(shard);
    });
    return guard;
}

void Store::expire() {
    for (std::size_t i = 0; i != shards; ++i) static_cast<void>(lock_shards(ShardSet{1} << i));
}

void Store::expire(std::size_t shard) {
    const Time time = now();
    Time next = never;
    for (unsigned database = 0; database != databases; ++database) {
        Table& table = tables_[database][shard];
        while (Item* const item = table.first_to_end()) {
            if (item->expires > time) {
                next = std::min(next, item->expires);
                break;
            }
            const std::string key{item->key()};
            erase(database, *item);
            expired(database, key);
        }
    }
    shards_[shard].next_end = next;
}

// ---- Store

Store::Store() {
    std::random_device random;
    for (std::uint64_t& word : secret_) word = std::uint64_t{random()} << 32 | random();
}

/// SipHash-1-3 of Jean-Philippe Aumasson and Daniel J. Bernstein: the keys of a bucket cannot be guessed.
std::uint64_t Store::hash(std::string_view key) const noexcept {
    std::uint64_t v0 = secret_[0] ^ 0x736f6d6570736575, v1 = secret_[1] ^ 0x646f72616e646f6d;
    std::uint64_t v2 = secret_[0] ^ 0x6c7967656e657261, v3 = secret_[1] ^ 0x7465646279746573;
    const auto round = [&] {
        v0 += v1, v1 = std::rotl(v1, 13) ^ v0, v0 = std::rotl(v0, 32);
        v2 += v3, v3 = std::rotl(v3, 16) ^ v2;
        v0 += v3, v3 = std::rotl(v3, 21) ^ v0;
        v2 += v1, v1 = std::rotl(v1, 17) ^ v2, v2 = std::rotl(v2, 32);
    };
    const auto add = [&](std::uint64_t word) {
        v3 ^= word;
        round();
        v0 ^= word;
    };
    std::size_t i = 0;
    for (std::uint64_t word = 0; i + 8 <= key.size(); i += 8) {
        std::memcpy(&word, key.data() + i, 8);
        add(word);
    }
    std::uint64_t last = std::uint64_t{key.size()} << 56;
    for (std::size_t j = 0; i + j < key.size(); ++j) {
        last |= std::uint64_t{static_cast<unsigned char>(key[i + j])} << (8 * j);
    }
    add(last);
    v2 ^= 0xff;
    for (int j = 0; j != 3; ++j) round();
    return v0 ^ v1 ^ v2 ^ v3;
}

Item* Store::find(unsigned database, std::string_view key) noexcept {
    const std::uint64_t its_hash = hash(key);
    return table(database, its_hash).find(key, its_hash);
}

std::pair<Item&, bool> Store::find_or_add(unsigned database, std::string_view key) {
    const std::uint64_t its_hash = hash(key);
    Table& its_table = table(database, its_hash);
    if (Item* const item = its_table.find(key, its_hash)) return {*item, false};
    Item& item = its_table.insert(key, its_hash);
    bytes_ += bytes_of(item);
    return {item, true};
}

std::pair<Item&, bool> Store::set(unsigned database, std::string_view key, std::string_view value,
                                  Time expires) {
    const auto found = find_or_add(database, key);
    modify(found.first, [value](std::string& old) {
        if (old.capacity() > 2 * value.size() + 64) old = std::string{};
        old.assign(value);
    });
    set_expiry(database, found.first, expires);
    return found;
}

void Store::set_expiry(unsigned database, Item& item, Time expires) {
    table(database, item.hash()).set_expiry(item, expires);
    Time& next = shards_[shard_of(item.hash())].next_end;
    if (expires != 0) next = std::min(next, expires);
}

void Store::erase(unsigned database, Item& item) noexcept {
    bytes_ -= bytes_of(item);
    table(database, item.hash()).erase(item);
}

bool Store::erase(unsigned database, std::string_view key) {
    Item* const item = find(database, key);
    if (item != nullptr) erase(database, *item);
    return item != nullptr;
}

std::size_t Store::size(unsigned database) const noexcept {
    std::size_t size = 0;
    for (const Table& table : tables_[database]) size += table.size();
    return size;
}

std::size_t Store::expiring(unsigned database) const noexcept {
    std::size_t expiring = 0;
    for (const Table& table : tables_[database]) expiring += table.expiring();
    return expiring;
}

void Store::clear(unsigned database) noexcept {
    for (std::uint64_t shard = 0; shard != shards; ++shard) {
        Table& table = tables_[database][shard];
        std::uint64_t position = 0;
        do {
            position = table.visit(position, [&](Item& item) { bytes_ -= bytes_of(item); });
        } while (position != 0);
        table.clear();
    }
}

void Store::swap(unsigned a, unsigned b) noexcept { tables_[a].swap(tables_[b]); }

std::uint64_t Store::visit(unsigned database, std::uint64_t position,
                           const std::function<void(Item&)>& visit) {
    const std::size_t shard = shard_of(position);
    const std::uint64_t in_shard = tables_[database][shard].visit(position, visit);
    if (in_shard != 0) return first_hash_of(shard) | in_shard;
    return shard + 1 == shards ? 0 : first_hash_of(shard + 1);
}

void Store::require_room() const {
    if (limit() != 0 && bytes() > limit()) {
        throw resp::error("OOM command not allowed when used memory > 'maxmemory'.");
    }
}
