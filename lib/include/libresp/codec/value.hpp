// Values that own their bytes, and parse(), which reads one value from memory.
#pragma once

#include <libresp/codec/encoder.hpp>
#include <libresp/codec/error.hpp>
#include <libresp/codec/limits.hpp>
#include <libresp/codec/view.hpp>

#include <cassert>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace resp {

/// Writes a value in the encoder's version. In RESP3 the bytes read back as the same value, with its
/// attributes; streamed values get a length. In RESP2 the types of RESP3 are replaced as the comment of
/// Encoder shows, and attributes are left out because RESP2 has none. If `value` itself is an attribute, it
/// is written as a map.
void encode(Encoder& out, View value);

/// Whether two values are equal: type, content and attributes. Framing and the spelling of a double make no
/// difference: `:+7` equals `:7`, and a streamed value equals a plain one. NaN equals NaN, and -0 equals 0.
/// The three nulls are different values. The order in a set or map counts.
[[nodiscard]] bool operator==(View a, View b) noexcept;

/// A value that owns its bytes: a full copy of what a view shows. It is stored flat, not as a tree, so that
/// it is made and destroyed without recursion at any depth.
class Value {
public:
    /// Copies the value with everything in it. The bytes of the view are no longer needed. If the view shows
    /// an attribute, the copy is a map. Throws std::bad_alloc, also if its bytes as received and its streamed
    /// strings joined together are 4 GiB or more.
    explicit Value(View view);
    /// Replaces the value by a copy of another, and reuses its memory. `view` must not be a view of this value.
    void assign(View view);
    Value(const Value& other) : Value(other.view()) {}
    Value(Value&&) noexcept;
    Value& operator=(const Value& other) { return *this = Value{other}; }
    Value& operator=(Value&&) noexcept;
    ~Value();

    /// Reads the value. The view is valid as long as the value, and stays valid when the value is moved. Do
    /// not call it on a moved-from value, and do not copy such a value: only assign to it or destroy it.
    [[nodiscard]] View view() const& noexcept;
    /// A view of a temporary would dangle. Store the value in a variable first.
    View view() const&& = delete;
    /// Converts to a view. This works for a temporary too, so that you can pass one to a function that takes
    /// a View. The temporary lives until that function returns, so do not keep the view.
    operator View() const noexcept { return static_cast<const Value&>(*this).view(); }

    /// Bytes of memory that it takes.
    [[nodiscard]] std::size_t memory() const noexcept;

    [[nodiscard]] friend bool operator==(const Value& a, const Value& b) noexcept {
        return a.view() == b.view();
    }

private:
    struct Content;
    std::unique_ptr<Content> content_;
};

/// The result of parse(): a value, or the reason why there is none.
class Parsed {
public:
    Parsed(Value value) noexcept : value_(std::move(value)) {}
    Parsed(DecodeError error) noexcept : error_(error) {}

    [[nodiscard]] explicit operator bool() const noexcept { return value_.has_value(); }
    /// The value. There must be one.
    [[nodiscard]] const Value& operator*() const& noexcept {
        assert(value_);
        return *value_;
    }
    [[nodiscard]] Value&& operator*() && noexcept {
        assert(value_);
        return std::move(*value_);
    }
    /// The error and its place. Call it only if there is no value.
    [[nodiscard]] const DecodeError& error() const noexcept { return error_; }

private:
    std::optional<Value> value_;
    DecodeError error_;
};

/// Parses exactly one value. Input that ends too early is Errc::incomplete at its end. Input that continues
/// after the value is Errc::trailing_data at the first extra byte. The result does not refer to `bytes`.
///
///     auto parsed = resp::parse(":42\r\n");
///     if (parsed) use((*parsed).view().integer());
[[nodiscard]] Parsed parse(std::string_view bytes, Limits limits = {}, Reads reads = Reads::replies);

}  // namespace resp
