package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const server = "https://10.250.0.1:6443"

// pki writes the cluster's CA, the servers' certificates, the key of service accounts' tokens and a kubeconfig for
// each component and for the administrator.
func pki(arguments []string) error {
	if len(arguments) != 1 {
		return errors.New("FOLDER is missing")
	}
	folder := arguments[0]
	ca, caKey, err := authority()
	if err != nil {
		return err
	}
	if err := write(folder, "ca", ca.Raw, caKey); err != nil {
		return err
	}
	issue := func(name string, subject pkix.Name, usage x509.ExtKeyUsage, dnsNames []string, addresses ...net.IP) error {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return err
		}
		template := certificate(subject)
		template.KeyUsage = x509.KeyUsageDigitalSignature
		template.ExtKeyUsage = []x509.ExtKeyUsage{usage}
		template.DNSNames, template.IPAddresses = dnsNames, addresses
		issued, err := x509.CreateCertificate(rand.Reader, template, ca, key.Public(), caKey)
		if err != nil {
			return err
		}
		if err := write(folder, name, issued, key); err != nil || usage != x509.ExtKeyUsageClientAuth {
			return err
		}
		return kubeconfig(folder, name)
	}

	node := net.IPv4(10, 250, 0, 1)
	err = errors.Join(
		issue("apiserver", pkix.Name{CommonName: "kube-apiserver"}, x509.ExtKeyUsageServerAuth,
			[]string{"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local", "localhost"},
			net.IPv4(10, 96, 0, 1), node, net.IPv4(127, 0, 0, 1)),
		issue("kubelet-serving", pkix.Name{CommonName: "kubelet"}, x509.ExtKeyUsageServerAuth, []string{"node1"}, node))
	for name, subject := range map[string]pkix.Name{
		"admin":              {Organization: []string{"system:masters"}, CommonName: "admin"},
		"controller-manager": {CommonName: "system:kube-controller-manager"},
		"coredns":            {Organization: []string{"system:masters"}, CommonName: "coredns"},
		"kube-proxy":         {CommonName: "system:kube-proxy"},
		"kubelet":            {Organization: []string{"system:nodes"}, CommonName: "system:node:node1"},
		"scheduler":          {CommonName: "system:kube-scheduler"},
	} {
		err = errors.Join(err, issue(name, subject, x509.ExtKeyUsageClientAuth, nil))
	}
	if err != nil {
		return err
	}

	tokens, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(tokens.Public())
	if err != nil {
		return err
	}
	private, err := x509.MarshalECPrivateKey(tokens)
	if err != nil {
		return err
	}
	return errors.Join(
		writePem(folder, "tokens.pub", "PUBLIC KEY", public), writePem(folder, "tokens.key", "EC PRIVATE KEY", private))
}

func authority() (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := certificate(pkix.Name{CommonName: "node CA"})
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, nil, err
	}
	parsed, err := x509.ParseCertificate(raw)
	return parsed, key, err
}

func certificate(subject pkix.Name) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		panic(err) // never happens: rand.Reader does not fail
	}
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: serial, Subject: subject, NotBefore: now.Add(-5 * time.Minute), NotAfter: now.AddDate(0, 0, 30),
	}
}

func write(folder, name string, certificate []byte, key *ecdsa.PrivateKey) error {
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	return errors.Join(
		writePem(folder, name+".crt", "CERTIFICATE", certificate), writePem(folder, name+".key", "EC PRIVATE KEY", private))
}

func writePem(folder, file, label string, content []byte) error {
	block := pem.EncodeToMemory(&pem.Block{Type: label, Bytes: content})
	return os.WriteFile(filepath.Join(folder, file), block, 0o600)
}

func kubeconfig(folder, name string) error {
	var data [3]string
	for i, file := range []string{"ca.crt", name + ".crt", name + ".key"} {
		content, err := os.ReadFile(filepath.Join(folder, file))
		if err != nil {
			return err
		}
		data[i] = base64.StdEncoding.EncodeToString(content)
	}
	text := fmt.Sprintf(`apiVersion: v1
kind: Config
clusters: [{name: podtls-node, cluster: {server: "%s", certificate-authority-data: %s}}]
users: [{name: %s, user: {client-certificate-data: %s, client-key-data: %s}}]
contexts: [{name: podtls-node, context: {cluster: podtls-node, user: %s}}]
current-context: podtls-node
`, server, data[0], name, data[1], data[2], name)
	return os.WriteFile(filepath.Join(folder, name+".kubeconfig"), []byte(text), 0o600)
}
