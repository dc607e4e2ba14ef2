// Redigo, a client for Go.
package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/gomodule/redigo/redis"
)

func attempt(step string) { fmt.Println("try", step) }

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func same(got, expected interface{}) {
	if fmt.Sprint(got) != fmt.Sprint(expected) {
		panic(fmt.Sprintf("%v instead of %v", got, expected))
	}
}

func hasError(err error, text string) {
	if err == nil || !strings.Contains(err.Error(), text) {
		panic(fmt.Sprintf("the error is %v, without %q", err, text))
	}
}

func openAt(variable string, options ...redis.DialOption) (redis.Conn, error) {
	options = append(options, redis.DialConnectTimeout(5*time.Second), redis.DialReadTimeout(5*time.Second))
	return redis.Dial("tcp", "127.0.0.1:"+os.Getenv(variable), options...)
}

func ask(client redis.Conn, command string, arguments ...interface{}) interface{} {
	reply, err := client.Do(command, arguments...)
	check(err)
	return reply
}

func values(client redis.Conn) {
	attempt("binary values")
	binary := make([]byte, 300)
	for i := range binary {
		binary[i] = byte(i)
	}
	same(ask(client, "SET", "binary", binary), "OK")
	got, err := redis.Bytes(client.Do("GET", "binary"))
	check(err)
	same(bytes.Equal(got, binary), true)
	same(ask(client, "GET", "none"), nil)
	attempt("an error reply")
	_, err = client.Do("INCR", "binary")
	hasError(err, "ERR value is not an integer or out of range")
}

func transactions(client, other redis.Conn) {
	attempt("pipeline")
	for i := 0; i < 100; i++ {
		check(client.Send("INCR", "n"))
	}
	check(client.Flush())
	for i := 0; i < 100; i++ {
		n, err := redis.Int(client.Receive())
		check(err)
		same(n, i+1)
	}
	attempt("MULTI/EXEC")
	check(client.Send("MULTI"))
	check(client.Send("SET", "a", 1))
	check(client.Send("INCR", "a"))
	same(ask(client, "EXEC"), "[OK 2]")
	attempt("WATCH conflict")
	ask(client, "WATCH", "a")
	ask(other, "SET", "a", 5)
	ask(client, "MULTI")
	ask(client, "INCR", "a")
	same(ask(client, "EXEC"), nil)
}

func keys(client redis.Conn) {
	attempt("expiry")
	ask(client, "SET", "soon", "gone", "PX", 30)
	time.Sleep(50 * time.Millisecond)
	same(ask(client, "GET", "soon"), nil)
	attempt("SCAN")
	for i := 0; i < 300; i++ {
		ask(client, "SET", fmt.Sprint("key:", i), i)
	}
	found, cursor := 0, 0
	for {
		reply, err := redis.Values(client.Do("SCAN", cursor, "MATCH", "key:*", "COUNT", 50))
		check(err)
		var page []string
		_, err = redis.Scan(reply, &cursor, &page)
		check(err)
		found += len(page)
		if cursor == 0 {
			break
		}
	}
	same(found, 300)
}

func pubsub(client, other redis.Conn) {
	attempt("pub/sub")
	subscriber := redis.PubSubConn{Conn: other}
	check(subscriber.Subscribe("news"))
	same(subscriber.ReceiveWithTimeout(5*time.Second).(redis.Subscription).Count, 1)
	same(ask(client, "PUBLISH", "news", "hello"), 1)
	same(string(subscriber.ReceiveWithTimeout(5*time.Second).(redis.Message).Data), "hello")
	check(subscriber.Ping("still here"))
	same(subscriber.ReceiveWithTimeout(5*time.Second).(redis.Pong).Data, "still here")
	check(subscriber.Unsubscribe())
	same(subscriber.ReceiveWithTimeout(5*time.Second).(redis.Subscription).Count, 0)
}

func pool() {
	attempt("connection pool")
	pool := &redis.Pool{MaxIdle: 3, Dial: func() (redis.Conn, error) { return openAt("KV_PORT") }}
	done := make(chan bool)
	for i := 0; i < 20; i++ {
		go func() {
			client := pool.Get()
			ask(client, "INCR", "pooled")
			check(client.Close())
			done <- true
		}()
	}
	for i := 0; i < 20; i++ {
		<-done
	}
	client := pool.Get()
	same(string(ask(client, "GET", "pooled").([]byte)), "20")
	check(client.Close())
	check(pool.Close())
}

func password() {
	attempt("password")
	client, err := openAt("KV_PASSWORD_PORT")
	check(err)
	_, err = client.Do("PING")
	hasError(err, "NOAUTH")
	check(client.Close())
	_, err = openAt("KV_PASSWORD_PORT", redis.DialPassword("wrong"))
	hasError(err, "WRONGPASS")
	client, err = openAt("KV_PASSWORD_PORT", redis.DialPassword(os.Getenv("KV_PASSWORD")), redis.DialDatabase(3))
	check(err)
	same(ask(client, "PING"), "PONG")
	check(client.Close())
}

func main() {
	client, err := openAt("KV_PORT")
	check(err)
	other, err := openAt("KV_PORT")
	check(err)
	values(client)
	transactions(client, other)
	keys(client)
	pubsub(client, other)
	pool()
	info, err := redis.String(client.Do("CLIENT", "INFO"))
	check(err)
	same(strings.Contains(info, " resp=2"), true)
	fmt.Println("protocol 2")
	check(client.Close())
	check(other.Close())
	password()
}
