package io.podtls.examples.manual;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("the flow by hand")
@Timeout(60)
class MainTest {
  @TempDir Path folder;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @BeforeEach
  void needsOpenssl() throws Exception {
    boolean installed;
    try {
      installed = new ProcessBuilder("openssl", "version").start().waitFor() == 0;
    } catch (IOException e) {
      installed = false;
    }
    assertThat(installed || !"true".equals(System.getenv("CI")))
        .as("openssl is installed; with CI=true it has to be")
        .isTrue();
    assumeTrue(installed, "openssl is not installed");
  }

  @Test
  @DisplayName(
      "goes from a request that openssl verifies through openssl's signature to a server that its client trusts")
  void wholeFlow() throws Exception {
    assertThat(run("request", "--dir", folder.toString())).isZero();
    assertThat(openssl("req", "-in", "server.csr", "-verify", "-noout", "-text"))
        .contains("verify OK")
        .contains("Subject: CN = my-pod.my-namespace.pod.cluster.local")
        .contains("ASN1 OID: prime256v1")
        .contains(
            "DNS:my-svc.my-namespace.svc.cluster.local,"
                + " DNS:my-pod.my-namespace.pod.cluster.local,"
                + " IP Address:172.168.0.24, IP Address:10.0.34.2");

    signWithOpenssl(
        "copy", "keyUsage=digitalSignature,keyEncipherment\nextendedKeyUsage=serverAuth\n");
    int code = serve();

    assertThat(err.toString(StandardCharsets.UTF_8)).isEmpty();
    assertThat(code).isZero();
    assertThat(out.toString(StandardCharsets.UTF_8))
        .contains(
            "a client that trusts the CA alone sees my-svc.my-namespace.svc.cluster.local (TLSv1.3)");
  }

  @Test
  @DisplayName(
      "prints the object to apply and the commands, keeps the key to its owner and prints none of it")
  void printsWhatToDo() throws Exception {
    run("request", "--dir", folder.toString());

    String printed = out.toString(StandardCharsets.UTF_8);
    String csr = Files.readString(folder.resolve("server.csr"));
    String key = Files.readString(folder.resolve("server-key.pem"));
    String request = Base64.getEncoder().encodeToString(csr.getBytes(StandardCharsets.US_ASCII));
    assertThat(Files.readString(folder.resolve("csr.yaml")))
        .isEqualTo(
            """
            apiVersion: certificates.k8s.io/v1
            kind: CertificateSigningRequest
            metadata:
              name: my-svc.my-namespace
            spec:
              request: %s
              signerName: example.com/serving
              usages:
              - digital signature
              - key encipherment
              - server auth
            """
                .formatted(request));
    assertThat(printed)
        .contains(request)
        .contains("kubectl apply -f " + folder + "/csr.yaml")
        .contains("kubectl certificate approve my-svc.my-namespace")
        .contains("| base64 --decode > " + folder + "/server.crt")
        .doesNotContain(key.lines().skip(1).findFirst().orElseThrow());
    assertThat(
            PosixFilePermissions.toString(
                Files.getPosixFilePermissions(folder.resolve("server-key.pem"))))
        .isEqualTo("rw-------");
  }

  @Test
  @DisplayName("does not overwrite the key of a request that may be waiting")
  void keepsExistingKey() throws Exception {
    run("request", "--dir", folder.toString());
    String key = Files.readString(folder.resolve("server-key.pem"));

    assertThat(run("request", "--dir", folder.toString())).isEqualTo(1);

    assertThat(err.toString(StandardCharsets.UTF_8)).contains("server-key.pem exists");
    assertThat(Files.readString(folder.resolve("server-key.pem"))).isEqualTo(key);
  }

  @Test
  @DisplayName("refuses a certificate that lacks what was asked for, naming all of it")
  void refusesIncompleteCertificate() throws Exception {
    run("request", "--dir", folder.toString());
    signWithOpenssl("none", "subjectAltName=DNS:my-svc.my-namespace.svc.cluster.local\n");

    assertThat(serve()).isEqualTo(1);

    assertThat(err.toString(StandardCharsets.UTF_8))
        .contains(
            "my-pod.my-namespace.pod.cluster.local", "172.168.0.24", "10.0.34.2", "server auth");
  }

  @Test
  @DisplayName("refuses the certificate of another key and one that is not there")
  void refusesForeignCertificate() throws Exception {
    run("request", "--dir", folder.toString());
    assertThat(serve()).isEqualTo(1);
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("server.crt");
    signWithOpenssl("copy", "extendedKeyUsage=serverAuth\n");
    Files.delete(folder.resolve("server-key.pem"));
    run("request", "--dir", folder.toString());
    err.reset();

    assertThat(serve()).isEqualTo(1);

    assertThat(err.toString(StandardCharsets.UTF_8)).contains("server-key.pem", "key");
  }

  @Test
  @DisplayName("explains itself when the command line is wrong")
  void wrongUsage() throws Exception {
    assertThat(run()).isEqualTo(2);
    assertThat(run("serve")).isEqualTo(2);
    assertThat(run("frobnicate")).isEqualTo(2);
    assertThat(run("request", "--dir")).isEqualTo(2);

    assertThat(err.toString(StandardCharsets.UTF_8))
        .contains("serve needs --ca FILE", "unknown step frobnicate", "Usage: manual request");
  }

  private int serve() throws Exception {
    Path ca = folder.resolve("ca.crt");
    if (!Files.exists(ca)) {
      newCa();
    }
    return run("serve", "--dir", folder.toString(), "--ca", ca.toString(), "--once");
  }

  private int run(String... arguments) throws Exception {
    return Main.run(
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8),
        arguments);
  }

  private void newCa() throws Exception {
    openssl(
        "req",
        "-x509",
        "-newkey",
        "ed25519",
        "-nodes",
        "-keyout",
        "ca.key",
        "-out",
        "ca.crt",
        "-subj",
        "/CN=administrator's CA",
        "-days",
        "2");
  }

  private void signWithOpenssl(String copyExtensions, String extensions) throws Exception {
    newCa();
    Files.writeString(folder.resolve("leaf.ext"), "basicConstraints=CA:FALSE\n" + extensions);
    openssl(
        "x509",
        "-req",
        "-in",
        "server.csr",
        "-CA",
        "ca.crt",
        "-CAkey",
        "ca.key",
        "-days",
        "1",
        "-copy_extensions",
        copyExtensions,
        "-extfile",
        "leaf.ext",
        "-out",
        "server.crt");
  }

  private String openssl(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("openssl"));
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }
}
