package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/charterauth/charter/impl/internal/proof"
)

// startServe runs serve on a free port until the test ends, or stop is called,
// which returns what serve returned.
func startServe(t *testing.T, flags ...string) (issuer string, stop func() error) {
	t.Helper()
	var o serveOptions
	set := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	o.flags(set)
	if err := set.Parse(append([]string{"--listen", "127.0.0.1:0", "--data", t.TempDir()}, flags...)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	announced, out := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := serve(ctx, o, out, t.Output())
		out.CloseWithError(err)
		ended <- err
	}()
	t.Cleanup(cancel)
	for lines := bufio.NewScanner(announced); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), "issuer"); ok {
			issuer = strings.TrimSpace(value)
		}
		if strings.HasPrefix(lines.Text(), "ready") {
			return issuer, func() error { cancel(); return <-ended }
		}
	}
	t.Fatalf("serve ended: %v", <-ended)
	return "", nil
}

// TestTLS: with a certificate the issuer is https, over HTTP/2, no older than TLS
// 1.2 and with authenticated ciphers alone.
func TestTLS(t *testing.T) {
	proof.Of(t, "OIDC-CORE-1.2-1", "OIDC-CORE-3.1.2-1", "OIDC-CORE-3.1.3-1", "OIDC-CORE-5.3-1", "OIDC-CORE-16.17-1", "OIDC-CORE-16.17-2", "OIDC-CORE-16.17-3", "OIDC-DISC-7.1-1", "OIDC-DISC-7.1-2", "OIDC-DISC-7.1-3")
	proof.Of(t, "RFC6749-2.3.1-4", "RFC6749-3.1-4", "RFC6749-3.2-3", "RFC6749-10.3-2", "RFC6749-10.4-3", "RFC6749-10.8-1", "RFC6749-10.8-2", "RFC6749-10.9-1", "RFC6749-10.11-1", "RFC6750-5.2-4", "RFC6750-5.2-5", "RFC6750-5.2-10", "RFC7591-3-2", "RFC7591-5-1", "RFC7591-5-2", "RFC7592-2-2", "RFC7592-5-2", "RFC7592-5-3", "RFC7662-2-1", "RFC7662-4-9", "RFC8414-6.1-1", "RFC8414-6.1-2", "RFC8414-6.1-3", "RFC9728-7.1-1", "RFC9728-7.1-2", "MCP-SEC-Communication-Security-1")
	proof.Of(t, "RFC7009-2-5")
	proof.Of(t, "RFC7521-4-1", "RFC9101-8-1", "OIDC-REG-9-1")
	proof.Of(t, "CVE-2024-23656")
	cert, key, roots := writeCertificate(t)
	issuer, stop := startServe(t, "--tls-cert", cert, "--tls-key", key)
	get := func(highest uint16) (*http.Response, error) {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS10, MaxVersion: highest}, ForceAttemptHTTP2: true}
		defer transport.CloseIdleConnections()
		return (&http.Client{Transport: transport}).Get(issuer + "/.well-known/oauth-authorization-server")
	}
	res, err := get(tls.VersionTLS12)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if !strings.HasPrefix(issuer, "https://") || res.StatusCode != http.StatusOK || res.ProtoMajor != 2 {
		t.Errorf("%s answers %s %s", issuer, res.Proto, res.Status)
	}
	if res, err := get(tls.VersionTLS11); err == nil {
		res.Body.Close()
		t.Error("TLS 1.1 was accepted")
	}
	for suite, ok := range map[uint16]bool{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: true, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: false} {
		conn, err := tls.Dial("tcp", strings.TrimPrefix(issuer, "https://"), &tls.Config{RootCAs: roots, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{suite}})
		if err == nil {
			conn.Close()
		}
		if (err == nil) != ok {
			t.Errorf("%s: %v", tls.CipherSuiteName(suite), err)
		}
	}
	if err := stop(); err != nil {
		t.Errorf("serve ended with %v", err)
	}
}

// writeCertificate makes a certificate for 127.0.0.1.
func writeCertificate(t *testing.T) (cert, key string, roots *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	roots = x509.NewCertPool()
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	roots.AppendCertsFromPEM(certPEM)
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, content := range map[string][]byte{cert: certPEM, key: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key, roots
}

// TestHeaderLimit: headers longer than any client's are 431.
func TestHeaderLimit(t *testing.T) {
	proof.Of(t, "ATK-167")
	issuer, _ := startServe(t)
	for _, row := range []struct{ size, want int }{{16 << 10, 200}, {64 << 10, 431}} {
		r, err := http.NewRequest(http.MethodGet, issuer+"/healthz", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Padding", strings.Repeat("x", row.size))
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != row.want {
			t.Errorf("%d bytes of headers: status %d, want %d", row.size, res.StatusCode, row.want)
		}
	}
}

// TestDrain: a request that has begun when serve is told to stop is answered; a
// new one is not taken.
func TestDrain(t *testing.T) {
	issuer, stop := startServe(t)
	address := strings.TrimPrefix(issuer, "http://")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	const body = "grant_type=client_credentials"
	fmt.Fprintf(conn, "POST /token HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", address, len(body))
	answer := bufio.NewReader(conn)
	// The handler asks for the body: the request is under way.
	if line, err := answer.ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("%q, %v", line, err)
	}
	answer.ReadString('\n')

	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	for refused := false; !refused; {
		other, err := net.Dial("tcp", address)
		if refused = err != nil; !refused {
			other.Close()
			time.Sleep(time.Millisecond)
		}
	}
	io.WriteString(conn, body)
	res, err := http.ReadResponse(answer, nil)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusUnauthorized && res.StatusCode != http.StatusBadRequest {
		t.Errorf("status %d", res.StatusCode)
	}
	if err := <-stopped; err != nil {
		t.Errorf("serve ended with %v", err)
	}
}
