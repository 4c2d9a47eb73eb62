package io.podtls.identity;

import static org.assertj.core.api.Assertions.assertThat;

import io.podtls.peer.Peers;
import io.podtls.pem.Pem;
import io.podtls.request.CertificateRequest;
import io.podtls.testing.LoopbackTls;
import io.podtls.testing.OpenSsl;
import io.podtls.testing.SampleRequests;
import io.podtls.trust.TrustBundle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The manual flow")
class ManualFlowTest {

  private static final Peers SERVICE =
      Peers.matching(names -> names.dnsNames().contains("my-svc.my-namespace.svc.cluster.local"));

  @TempDir private Path directory;

  @Test
  @DisplayName("works by files with any CA: server.csr out, server.crt back, also after a restart")
  void worksByFilesWithAnyCa() throws Exception {
    OpenSsl openSsl = OpenSsl.in(directory);
    openSsl.run(
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        "/CN=administrator's CA",
        "-keyout",
        "ca.key",
        "-out",
        "ca.crt");
    CertificateRequest request = SampleRequests.kubernetesDocumentation();

    PendingIdentity pending = PendingIdentity.generate(request);
    openSsl.write("server.csr", pending.pkcs10Pem());
    openSsl.write("server-key.pem", pending.exportPrivateKeyUnencrypted());

    openSsl.write(
        "usages.cnf",
        "keyUsage=critical,digitalSignature,keyEncipherment\nextendedKeyUsage=serverAuth\n");
    openSsl.run(
        "x509",
        "-req",
        "-in",
        "server.csr",
        "-CA",
        "ca.crt",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-days",
        "1",
        "-copy_extensions",
        "copy",
        "-extfile",
        "usages.cnf",
        "-text",
        "-out",
        "server.crt");

    TrustBundle trust =
        TrustBundle.of(
            Pem.parse("ca.crt", Files.readAllBytes(directory.resolve("ca.crt"))).certificates());
    String issued = Files.readString(directory.resolve("server.crt"));
    assertThat(issued).startsWith("Certificate:");
    TlsIdentity completed = pending.completePem(issued, trust);
    TlsIdentity afterRestart =
        IdentityFiles.pair(directory.resolve("server.crt"), directory.resolve("server-key.pem"))
            .load();

    assertThat(afterRestart).isEqualTo(completed);
    afterRestart.verify(request, trust, Instant.now());
    assertThat(
            LoopbackTls.handshake(
                    trust.sslContext(SERVICE.insteadOfHostName()),
                    afterRestart.sslContext(trust),
                    "TLSv1.3",
                    false)
                .client()
                .getPeerCertificates())
        .containsExactly(completed.leaf());
  }
}
