package kafka

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/pavlo-v-chernykh/keystore-go/v4"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/connectless/connectless/core/config"
)

// TLS is the ssl.* part of a client's configuration.
type TLS struct {
	TrustType, TrustFile          string
	TrustPassword                 config.Password
	TrustPEM                      config.Password
	KeyType, KeyFile              string
	KeyStorePassword, KeyPassword config.Password
	KeyPEM                        config.Password
	ChainPEM                      config.Password
	Identification                string
	Protocols                     []string
}

func (t *TLS) define(d *config.Def) {
	kinds := config.OneOfFold("JKS", "PKCS12", "PEM")
	d.String(&t.TrustType, "ssl.truststore.type", "JKS", "Format of the trust store.", kinds)
	d.String(&t.TrustFile, "ssl.truststore.location", "", "File with the certificates to trust; without it and ssl.truststore.certificates, the system's.")
	d.Password(&t.TrustPassword, "ssl.truststore.password", "", "Password of the trust store.")
	d.Password(&t.TrustPEM, "ssl.truststore.certificates", "", "Certificates to trust, as PEM text.")
	d.String(&t.KeyType, "ssl.keystore.type", "JKS", "Format of the key store.", kinds)
	d.String(&t.KeyFile, "ssl.keystore.location", "", "File with the client's key and certificates, for mutual TLS.")
	d.Password(&t.KeyStorePassword, "ssl.keystore.password", "", "Password of the key store.")
	d.Password(&t.KeyPassword, "ssl.key.password", "", "Password of the key in the key store.")
	d.Password(&t.KeyPEM, "ssl.keystore.key", "", "The client's private key (PKCS#8), as PEM text.")
	d.Password(&t.ChainPEM, "ssl.keystore.certificate.chain", "", "The client's certificates, as PEM text.")
	d.String(&t.Identification, "ssl.endpoint.identification.algorithm", "https", "https checks the broker's name against its certificate; empty does not.")
	d.List(&t.Protocols, "ssl.enabled.protocols", "TLSv1.2,TLSv1.3", "Versions of TLS that may be used; those before 1.2 never are.", config.Check(func(raw string) error {
		_, _, err := versions(config.SplitList(raw))
		return err
	}))
}

func (t *TLS) config() (*tls.Config, error) {
	c := &tls.Config{}
	var err error
	if c.MinVersion, c.MaxVersion, err = versions(t.Protocols); err != nil {
		return nil, err
	}
	roots, err := t.roots()
	if err != nil {
		return nil, fmt.Errorf("kafka: trust store: %w", err)
	}
	c.RootCAs = roots
	if c.Certificates, err = t.identity(); err != nil {
		return nil, fmt.Errorf("kafka: key store: %w", err)
	}
	if t.Identification == "" {
		// The chain is still checked, the name is not: that is what the empty algorithm means in Java.
		c.InsecureSkipVerify = true
		c.VerifyConnection = func(s tls.ConnectionState) error {
			opts := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
			for _, cert := range s.PeerCertificates[1:] {
				opts.Intermediates.AddCert(cert)
			}
			_, err := s.PeerCertificates[0].Verify(opts)
			return err
		}
	}
	return c, nil
}

// versions are the oldest and newest version of TLS among Java's names.
func versions(names []string) (oldest, newest uint16, err error) {
	v12, v13 := slices.Contains(names, "TLSv1.2"), slices.Contains(names, "TLSv1.3")
	switch {
	case v12 && v13:
		return tls.VersionTLS12, tls.VersionTLS13, nil
	case v12:
		return tls.VersionTLS12, tls.VersionTLS12, nil
	case v13:
		return tls.VersionTLS13, tls.VersionTLS13, nil
	}
	return 0, 0, errors.New("it must have TLSv1.2, TLSv1.3 or both: older versions are not safe")
}

// roots are the certificates to trust, nil for the system's.
func (t *TLS) roots() (*x509.CertPool, error) {
	text := []byte(t.TrustPEM)
	if t.TrustFile == "" && len(text) == 0 {
		return nil, nil
	}
	pool := x509.NewCertPool()
	if len(text) == 0 {
		b, err := os.ReadFile(t.TrustFile)
		if err != nil {
			return nil, err
		}
		switch strings.ToUpper(t.TrustType) {
		case "PEM":
			text = b
		case "PKCS12":
			certs, err := pkcs12.DecodeTrustStore(b, string(t.TrustPassword))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", t.TrustFile, err)
			}
			for _, c := range certs {
				pool.AddCert(c)
			}
			return pool, nil
		default:
			return pool, t.jksRoots(b, pool)
		}
	}
	if !pool.AppendCertsFromPEM(text) {
		return nil, errors.New("no certificate in the PEM text")
	}
	return pool, nil
}

func (t *TLS) jksRoots(b []byte, pool *x509.CertPool) error {
	ks := keystore.New()
	if err := ks.Load(bytes.NewReader(b), []byte(t.TrustPassword)); err != nil {
		return fmt.Errorf("%s: %w (a file made by Java 9 or later is usually PKCS12: set ssl.truststore.type)", t.TrustFile, err)
	}
	n := 0
	for _, alias := range ks.Aliases() {
		if !ks.IsTrustedCertificateEntry(alias) {
			continue
		}
		e, err := ks.GetTrustedCertificateEntry(alias)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", t.TrustFile, alias, err)
		}
		cert, err := x509.ParseCertificate(e.Certificate.Content)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", t.TrustFile, alias, err)
		}
		pool.AddCert(cert)
		n++
	}
	if n == 0 {
		return fmt.Errorf("%s: no trusted certificate", t.TrustFile)
	}
	return nil
}

// identity is the client's certificate, none when none is configured.
func (t *TLS) identity() ([]tls.Certificate, error) {
	key, chain := []byte(t.KeyPEM), []byte(t.ChainPEM)
	if t.KeyFile == "" && len(key) == 0 {
		return nil, nil
	}
	if len(key) == 0 {
		b, err := os.ReadFile(t.KeyFile)
		if err != nil {
			return nil, err
		}
		switch strings.ToUpper(t.KeyType) {
		case "PEM":
			key, chain = b, b
		case "PKCS12":
			private, leaf, rest, err := pkcs12.DecodeChain(b, string(t.KeyStorePassword))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", t.KeyFile, err)
			}
			cert := tls.Certificate{PrivateKey: private, Certificate: [][]byte{leaf.Raw}}
			for _, c := range rest {
				cert.Certificate = append(cert.Certificate, c.Raw)
			}
			return []tls.Certificate{cert}, nil
		default:
			return t.jksIdentity(b)
		}
	}
	cert, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return nil, err
	}
	return []tls.Certificate{cert}, nil
}

func (t *TLS) jksIdentity(b []byte) ([]tls.Certificate, error) {
	ks := keystore.New()
	if err := ks.Load(bytes.NewReader(b), []byte(t.KeyStorePassword)); err != nil {
		return nil, fmt.Errorf("%s: %w (a file made by Java 9 or later is usually PKCS12: set ssl.keystore.type)", t.KeyFile, err)
	}
	password := t.KeyPassword
	if password == "" {
		password = t.KeyStorePassword
	}
	for _, alias := range ks.Aliases() {
		if !ks.IsPrivateKeyEntry(alias) {
			continue
		}
		e, err := ks.GetPrivateKeyEntry(alias, []byte(password))
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", t.KeyFile, alias, err)
		}
		var chain bytes.Buffer
		for _, c := range e.CertificateChain {
			if err := pem.Encode(&chain, &pem.Block{Type: "CERTIFICATE", Bytes: c.Content}); err != nil {
				return nil, err
			}
		}
		key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: e.PrivateKey})
		cert, err := tls.X509KeyPair(chain.Bytes(), key)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", t.KeyFile, alias, err)
		}
		return []tls.Certificate{cert}, nil
	}
	return nil, fmt.Errorf("%s: no private key", t.KeyFile)
}
