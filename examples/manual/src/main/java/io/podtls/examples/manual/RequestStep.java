package io.podtls.examples.manual;

import io.podtls.identity.PendingIdentity;
import io.podtls.request.CertificateRequest;
import io.podtls.request.KeyUsage;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.Set;
import java.util.stream.Collectors;

/** The first step: a key, a request for it, and what an administrator is to do. */
final class RequestStep {
  /** The name of the object, as on the Kubernetes page. */
  private static final String NAME = "my-svc.my-namespace";

  private RequestStep() {}

  static void run(Path folder, CertificateRequest request, PrintStream out) throws IOException {
    PendingIdentity pending = PendingIdentity.generate(request);
    Files.createDirectories(folder);
    Path key = folder.resolve("server-key.pem");
    try {
      writeSecret(key, pending.exportPrivateKeyUnencrypted());
    } catch (FileAlreadyExistsException e) {
      throw new IOException(
          key
              + " exists: a request made with it may wait for its certificate. Remove it to start"
              + " again.",
          e);
    }
    Files.writeString(folder.resolve("server.csr"), pending.pkcs10Pem());
    String yaml = yaml(pending);
    Files.writeString(folder.resolve("csr.yaml"), yaml);
    out.printf(
        """
        Written to %1$s: server.csr, server-key.pem (readable by you alone), csr.yaml:

        %2$s
        Now, with an administrator's rights:

          kubectl apply -f %1$s/csr.yaml
          kubectl describe csr %3$s
          kubectl certificate approve %3$s

        and when the signer has signed, with the right to read the object:

          kubectl get csr %3$s -o jsonpath='{.status.certificate}' | base64 --decode > %1$s/server.crt

        Then run the step "serve".
        """,
        folder, yaml.indent(2), NAME);
  }

  /** Creates a file that only its owner may read, from its first moment on. */
  private static void writeSecret(Path file, String text) throws IOException {
    try (SeekableByteChannel channel =
        Files.newByteChannel(
            file,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
      ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    }
  }

  private static String yaml(PendingIdentity pending) {
    byte[] pem = pending.pkcs10Pem().getBytes(StandardCharsets.US_ASCII);
    return """
        apiVersion: certificates.k8s.io/v1
        kind: CertificateSigningRequest
        metadata:
          name: %s
        spec:
          request: %s
          signerName: %s
          usages:
        %s
        """
        .formatted(
            NAME,
            Base64.getEncoder().encodeToString(pem),
            pending.request().signerName(),
            pending.request().usages().stream()
                .map(KeyUsage::apiName)
                .map(usage -> "  - " + usage)
                .collect(Collectors.joining("\n")));
  }
}
