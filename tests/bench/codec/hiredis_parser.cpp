// hiredis' reader, as its users have it and with callbacks in place of its reply objects. It is given
// chunks only: fed a whole stream at once it moves the rest to the front for each KiB it has read.
#include "parser.hpp"

#ifdef LIBRESP_BENCH_HIREDIS
#include <hiredis/hiredis.h>

namespace bench {

namespace {

template <class Visitor>
void visit(Visitor& visitor, const redisReply& reply) {
    switch (reply.type) {
        case REDIS_REPLY_ARRAY:
            for (std::size_t i = 0; i != reply.elements; ++i) visit(visitor, *reply.element[i]);
            break;
        case REDIS_REPLY_INTEGER: visitor.integer(reply.integer); break;
        case REDIS_REPLY_NIL: visitor.null(); break;
        default: visitor.text({reply.str, static_cast<std::size_t>(reply.len)});
    }
}

struct FreeReader {
    void operator()(redisReader* reader) const noexcept { redisReaderFree(reader); }
};
using Reader = std::unique_ptr<redisReader, FreeReader>;

template <class Visitor>
class ReaderParser : public Parser {
public:
    bool read(std::string_view bytes) override {
        if (redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != REDIS_OK) return false;
        for (;;) {
            void* reply = nullptr;
            if (redisReaderGetReply(reader_.get(), &reply) != REDIS_OK) return false;
            if (reply == nullptr) return true;
            take(reply);
            visitor_.frame();
        }
    }
    [[nodiscard]] char* prepare(std::size_t) override { return thread_buffer(); }
    bool commit(std::size_t n) override { return read({thread_buffer(), n}); }
    [[nodiscard]] Digest digest() const override { return visitor_.digest(); }

protected:
    explicit ReaderParser(redisReader* reader) : reader_(reader) {}
    virtual void take(void* reply) = 0;

    Reader reader_;
    Visitor visitor_;
};

template <class Visitor>
class ObjectParser : public ReaderParser<Visitor> {
public:
    explicit ObjectParser(Form) : ReaderParser<Visitor>(redisReaderCreate()) {}

private:
    void take(void* reply) override {
        visit(this->visitor_, *static_cast<redisReply*>(reply));
        freeReplyObject(reply);
    }
};

template <class Visitor>
class CallbackParser : public ReaderParser<Visitor> {
public:
    explicit CallbackParser(Form) : ReaderParser<Visitor>(redisReaderCreateWithFunctions(functions())) {
        this->reader_->privdata = &this->visitor_;
    }

private:
    void take(void*) override {}

    static Visitor& visitor(const redisReadTask* task) { return *static_cast<Visitor*>(task->privdata); }
    /// What a callback returns for an object: anything but nullptr.
    static void* some_object() { return functions(); }

    static redisReplyObjectFunctions* functions() {
        static redisReplyObjectFunctions table = [] {
            redisReplyObjectFunctions made{};
            made.createString = [](const redisReadTask* task, char* text, std::size_t size) {
                visitor(task).text({text, size});
                return some_object();
            };
            // The count is an int in older versions and a size_t in newer ones.
            made.createArray = [](const redisReadTask*, auto) { return some_object(); };
            made.createInteger = [](const redisReadTask* task, long long value) {
                visitor(task).integer(value);
                return some_object();
            };
            made.createNil = [](const redisReadTask* task) {
                visitor(task).null();
                return some_object();
            };
            made.freeObject = [](void*) {};
            return made;
        }();
        return &table;
    }
};

bool takes_resp2(Form form) noexcept { return form == Form::command || form == Form::resp2; }

}  // namespace

std::span<const ParserKind> hiredis_parsers() {
    static constexpr ParserKind kinds[] = {
        {"hiredis", false, true, takes_resp2, make_parser<ObjectParser>},
        {"hiredis_callbacks", false, true, takes_resp2, make_parser<CallbackParser>},
    };
    return kinds;
}

}  // namespace bench

#else

std::span<const bench::ParserKind> bench::hiredis_parsers() { return {}; }

#endif
