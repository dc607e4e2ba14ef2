"""RESP as clients write it."""


def bulk(data):
    """$5\\r\\nhello\\r\\n"""
    return b"$%d\r\n%s\r\n" % (len(data), data)


def command(*words):
    """An array of bulk strings, as clients send commands."""
    return b"*%d\r\n" % len(words) + b"".join(bulk(word) for word in words)
