// App is the program of every test image. Its first argument says what it does:
//
//	pause                wait for SIGTERM and reap children, as a sandbox does
//	serve                HTTP on PORT (8080): / says 200, /ready says 200, or 503 with UNREADY=1;
//	                     holds HOLD_MIB of memory
//	crash SECONDS TEXT   write TEXT to stderr after SECONDS and exit with 1
package main

import (
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

func argument(position int, otherwise string) string {
	if len(os.Args) > position {
		return os.Args[position]
	}
	return otherwise
}

func awaitTermination() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	<-signals
}

func reap() {
	children := make(chan os.Signal, 16)
	signal.Notify(children, syscall.SIGCHLD)
	for range children {
		for {
			if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid <= 0 || err != nil {
				break
			}
		}
	}
}

func ready(answer http.ResponseWriter, _ *http.Request) {
	if os.Getenv("UNREADY") == "1" {
		http.Error(answer, "not ready: the cache is cold", http.StatusServiceUnavailable)
	}
}

func held(mebibytes string) []byte {
	size, _ := strconv.Atoi(mebibytes)
	memory := make([]byte, size<<20)
	for at := 0; at < len(memory); at += 4096 {
		memory[at] = 1
	}
	return memory
}

func serve() {
	memory := held(os.Getenv("HOLD_MIB"))
	defer runtime.KeepAlive(memory)
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	http.HandleFunc("/ready", ready)
	http.HandleFunc("/", func(http.ResponseWriter, *http.Request) {})
	fmt.Println("listening on", port)
	go func() {
		fmt.Fprintln(os.Stderr, http.ListenAndServe(":"+port, nil))
		os.Exit(1)
	}()
	awaitTermination()
}

func crash() {
	seconds, _ := strconv.ParseFloat(argument(2, "1"), 64)
	time.Sleep(time.Duration(seconds * float64(time.Second)))
	fmt.Fprintln(os.Stderr, argument(3, "panic: DATABASE_URL is not set"))
	os.Exit(1)
}

func main() {
	switch argument(1, "serve") {
	case "pause":
		go reap()
		awaitTermination()
	case "serve":
		serve()
	case "crash":
		crash()
	default:
		fmt.Fprintln(os.Stderr, "unknown behaviour", os.Args[1])
		os.Exit(2)
	}
}
