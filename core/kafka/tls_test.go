package kafka

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pavlo-v-chernykh/keystore-go/v4"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/connect"
)

// identity is a self-signed certificate for a name, and its key.
func identity(t *testing.T, name string) (cert *x509.Certificate, key *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	if ip := net.ParseIP(name); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	if cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return cert, key
}

func certPEM(c *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
}

func pkcs8(t *testing.T, key *ecdsa.PrivateKey) []byte {
	t.Helper()
	b, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func keyPEM(t *testing.T, key *ecdsa.PrivateKey) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8(t, key)}))
}

func write(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func jks(t *testing.T, fill func(keystore.KeyStore)) string {
	t.Helper()
	ks := keystore.New()
	fill(ks)
	var b bytes.Buffer
	if err := ks.Store(&b, []byte("changeit")); err != nil {
		t.Fatal(err)
	}
	return write(t, "store.jks", b.Bytes())
}

// A broker with mutual TLS is reached with each kind of store that Java's clients take.
func TestMutualTLS(t *testing.T) {
	server, serverKey := identity(t, "127.0.0.1")
	client, clientKey := identity(t, "client")
	clients := x509.NewCertPool()
	clients.AddCert(client)
	c := cluster(t, kfake.SeedTopics(1, "out"), kfake.TLS(&tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{server.Raw}, PrivateKey: serverKey}},
		ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: clients,
	}))
	trust12, err := pkcs12.Modern.EncodeTrustStore([]*x509.Certificate{server}, "changeit")
	if err != nil {
		t.Fatal(err)
	}
	key12, err := pkcs12.Modern.Encode(clientKey, client, nil, "changeit")
	if err != nil {
		t.Fatal(err)
	}
	trustJKS := jks(t, func(ks keystore.KeyStore) {
		e := keystore.TrustedCertificateEntry{CreationTime: time.Now(), Certificate: keystore.Certificate{Type: "X509", Content: server.Raw}}
		if err := ks.SetTrustedCertificateEntry("server", e); err != nil {
			t.Fatal(err)
		}
	})
	keyJKS := jks(t, func(ks keystore.KeyStore) {
		e := keystore.PrivateKeyEntry{CreationTime: time.Now(), PrivateKey: pkcs8(t, clientKey), CertificateChain: []keystore.Certificate{{Type: "X509", Content: client.Raw}}}
		if err := ks.SetPrivateKeyEntry("client", e, []byte("keypass")); err != nil {
			t.Fatal(err)
		}
	})
	for _, tc := range []struct {
		name  string
		props map[string]string
		want  string // of the error, empty for success
	}{
		{"PEM text", map[string]string{"ssl.truststore.type": "PEM", "ssl.truststore.certificates": certPEM(server),
			"ssl.keystore.type": "PEM", "ssl.keystore.key": keyPEM(t, clientKey), "ssl.keystore.certificate.chain": certPEM(client)}, ""},
		{"PEM files", map[string]string{"ssl.truststore.type": "PEM", "ssl.truststore.location": write(t, "ca.pem", []byte(certPEM(server))),
			"ssl.keystore.type": "PEM", "ssl.keystore.location": write(t, "key.pem", []byte(keyPEM(t, clientKey)+certPEM(client)))}, ""},
		{"PKCS12", map[string]string{"ssl.truststore.type": "PKCS12", "ssl.truststore.location": write(t, "trust.p12", trust12), "ssl.truststore.password": "changeit",
			"ssl.keystore.type": "PKCS12", "ssl.keystore.location": write(t, "key.p12", key12), "ssl.keystore.password": "changeit"}, ""},
		{"JKS", map[string]string{"ssl.truststore.location": trustJKS, "ssl.truststore.password": "changeit",
			"ssl.keystore.location": keyJKS, "ssl.keystore.password": "changeit", "ssl.key.password": "keypass"}, ""},
		{"wrong store password", map[string]string{"ssl.truststore.location": trustJKS, "ssl.truststore.password": "falsch"}, "trust store"},
		{"PKCS12 taken for JKS", map[string]string{"ssl.truststore.location": write(t, "trust.p12", trust12), "ssl.truststore.password": "changeit"}, "ssl.truststore.type"},
		{"no certificate", map[string]string{"ssl.truststore.type": "PEM", "ssl.truststore.certificates": "nothing"}, "no certificate"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			props := map[string]string{"security.protocol": "SSL", "bootstrap.servers": strings.Join(c.ListenAddrs(), ",")}
			for k, v := range tc.props {
				props[k] = v
			}
			p, err := NewProducer(props)
			if tc.want != "" {
				if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "falsch") {
					t.Errorf("error %v, want one about %q without the password", err, tc.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			if err := p.Put(ctx, []*connect.Record{record("out", "k", tc.name)}); err != nil {
				t.Error(err)
			}
		})
	}
}

// Without endpoint identification the name may differ, the chain must not.
func TestEndpointIdentification(t *testing.T) {
	server, serverKey := identity(t, "elsewhere.example")
	other, _ := identity(t, "elsewhere.example")
	c := cluster(t, kfake.SeedTopics(1, "out"), kfake.TLS(&tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{server.Raw}, PrivateKey: serverKey}}}))
	for _, tc := range []struct {
		name, algorithm string
		trusted         *x509.Certificate
		ok              bool
	}{
		{"checked", "https", server, false},
		{"unchecked", "", server, true},
		{"unchecked, unknown authority", "", other, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			settings := Client{}
			props := map[string]string{"bootstrap.servers": c.ListenAddrs()[0], "security.protocol": "SSL", "ssl.truststore.certificates": certPEM(tc.trusted),
				"ssl.endpoint.identification.algorithm": tc.algorithm}
			if err := config.Parse(props, &settings).Err(); err != nil {
				t.Fatal(err)
			}
			opts, err := settings.Options()
			if err != nil {
				t.Fatal(err)
			}
			cl, err := kgo.NewClient(opts...)
			if err != nil {
				t.Fatal(err)
			}
			defer cl.Close()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if err := cl.Ping(ctx); (err == nil) != tc.ok {
				t.Errorf("error %v, want success: %v", err, tc.ok)
			}
		})
	}
}
