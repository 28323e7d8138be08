// Go's net/http and encoding/json: one goroutine for each call in flight, one client for all.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

type request struct {
	Name        string   `json:"name"`
	Permissions []string `json:"permissions"`
	Description string   `json:"description,omitempty"`
}

type account struct {
	ID             string   `json:"id"`
	Name           string   `json:"name"`
	OrganizationID string   `json:"organizationId"`
	CreatedBy      string   `json:"createdBy"`
	Description    *string  `json:"description"`
	Permissions    []string `json:"permissions"`
	Status         string   `json:"status"`
	CreatedAt      *string  `json:"createdAt"`
	UpdatedAt      *string  `json:"updatedAt"`
	DisabledAt     *string  `json:"disabledAt"`
}

var (
	base     = flag.String("url", "", "base URL")
	token    = flag.String("token", "", "bearer token")
	calls    = flag.Int64("calls", 0, "calls to measure")
	inFlight = flag.Int("in-flight", 1, "calls at a time")
	caFile   = flag.String("ca-file", "", "certificates to trust (PEM)")
	http2    = flag.Bool("http2", false, "HTTP/2 over TLS")
	warmUp   = flag.Int64("warm-up", 0, "calls before those")
)

func newClient() *http.Client {
	transport := &http.Transport{
		MaxIdleConns:        0,
		MaxIdleConnsPerHost: *inFlight,
		ForceAttemptHTTP2:   *http2,
	}
	if *caFile != "" {
		pem, err := os.ReadFile(*caFile)
		if err != nil {
			panic(err)
		}
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(pem)
		transport.TLSClientConfig = &tls.Config{RootCAs: pool}
	}
	return &http.Client{
		Transport:     transport,
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func create(client *http.Client, number int64) bool {
	body, err := json.Marshal(request{
		Name:        fmt.Sprintf("deploy-bot-%08d", number),
		Permissions: []string{"org:read", "workflow:create"},
		Description: "Rolls out the web site",
	})
	if err != nil {
		return false
	}
	message, err := http.NewRequest("POST", *base+"/v1/service-accounts", bytes.NewReader(body))
	if err != nil {
		return false
	}
	message.Header.Set("Content-Type", "application/json")
	message.Header.Set("Authorization", "Bearer "+*token)
	reply, err := client.Do(message)
	if err != nil {
		return false
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if err != nil || reply.StatusCode < 200 || reply.StatusCode > 299 {
		return false
	}
	var envelope struct {
		Data account `json:"data"`
	}
	if json.Unmarshal(text, &envelope) != nil {
		return false
	}
	return envelope.Data.ID != "" && reply.Header.Get("X-Request-Id") != ""
}

// run makes the calls [first, first+count) and returns how many of them created an account.
func run(client *http.Client, first, count int64) int64 {
	next, created := first-1, int64(0)
	var all sync.WaitGroup
	for i := 0; i < *inFlight; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for {
				number := atomic.AddInt64(&next, 1)
				if number >= first+count {
					return
				}
				if create(client, number) {
					atomic.AddInt64(&created, 1)
				}
			}
		}()
	}
	all.Wait()
	return created
}

func cpu() (user, system float64) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano()).Seconds(), time.Duration(usage.Stime.Nano()).Seconds()
}

// memory is a size from what the kernel says of this process, in KiB.
func memory(which string) (kib int64) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		panic(err)
	}
	for _, line := range strings.Split(string(status), "\n") {
		if strings.HasPrefix(line, which+":") {
			fmt.Sscan(line[len(which)+1:], &kib)
		}
	}
	return kib
}

func main() {
	flag.Parse()
	client := newClient()
	warm := run(client, 0, *warmUp) == *warmUp
	resident := memory("VmRSS")
	user, system := cpu()
	begin := time.Now()
	created := run(client, *warmUp, *calls)
	wall := time.Since(begin).Seconds()
	userAfter, systemAfter := cpu()
	fmt.Printf("{\"calls\": %d, \"created\": %d, \"wall_seconds\": %.6f, \"cpu_seconds\": %.6f, "+
		"\"user_seconds\": %.6f, \"peak_kib\": %d, \"resident_before_kib\": %d, "+
		"\"resident_after_kib\": %d}\n", *calls, created, wall,
		userAfter-user+systemAfter-system, userAfter-user, memory("VmHWM"), resident, memory("VmRSS"))
	if !warm || created != *calls {
		os.Exit(1)
	}
}
