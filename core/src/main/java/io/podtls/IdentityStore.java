package io.podtls;

import io.podtls.failure.InvalidMaterialException;
import io.podtls.files.StableFiles;
import io.podtls.files.VolumeWriter.Content;
import io.podtls.identity.IdentityFiles;
import io.podtls.identity.TlsIdentity;
import io.podtls.request.CertificateRequest;
import io.podtls.trust.TrustBundle;
import java.io.IOException;
import java.io.StringReader;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;

/**
 * An issued identity kept over restarts of the container, with what is needed to judge it: for
 * which request it was issued, and when, so that its renewal stays planned as it was.
 *
 * <p><b>Thread safety:</b> not safe; called by the agenda's tasks only, so by one thread at a time.
 */
final class IdentityStore {

  private static final Logger LOG = System.getLogger(PodTls.class.getName());
  private static final String DETAILS = "details.properties";

  /** An identity that was kept. */
  record Kept(TlsIdentity identity, Instant received) {}

  private final Path directory;
  private final CertificateRequest request;
  private final OutputDirectory output;

  IdentityStore(Path directory, CertificateRequest request, Agenda agenda) {
    this.directory = directory;
    this.request = request;
    this.output = new OutputDirectory(directory, agenda);
  }

  /** Returns what was kept, if it is whole, for this very request, valid, and trusted. */
  Optional<Kept> load(TrustBundle trust, Instant now) {
    IdentityFiles files = IdentityFiles.directory(directory);
    if (!files.exist()) {
      return Optional.empty();
    }
    try {
      TlsIdentity identity = files.load();
      Properties details = details();
      if (!fingerprint(identity).equals(details.getProperty("certificate"))) {
        throw new InvalidMaterialException(
            directory.toString(), DETAILS + " belongs to another certificate", null);
      }
      if (!fingerprint(request).equals(details.getProperty("request"))) {
        throw new InvalidMaterialException(
            directory.toString(), "its certificate was issued for another request", null);
      }
      identity.verify(request, trust, now);
      Instant received = Instant.parse(details.getProperty("received", ""));
      return Optional.of(new Kept(identity, received.isAfter(now) ? now : received));
    } catch (RuntimeException | IOException e) {
      LOG.log(Level.INFO, () -> "the kept identity is not used: " + e.getMessage());
      return Optional.empty();
    }
  }

  /** Keeps this identity, and no other. */
  void keep(TlsIdentity identity, Instant received) {
    output.show(
        () ->
            Map.of(
                "tls.key",
                Content.secret(ascii(identity.exportPrivateKeyUnencrypted())),
                "tls.crt",
                Content.open(ascii(identity.chainPem())),
                DETAILS,
                Content.open(
                    ascii(
                        "received="
                            + received
                            + "\ncertificate="
                            + fingerprint(identity)
                            + "\nrequest="
                            + fingerprint(request)
                            + "\n"))));
  }

  private Properties details() throws IOException {
    Path file = directory.resolve(DETAILS);
    byte[] bytes = StableFiles.of(file).read().of(file);
    Properties details = new Properties();
    details.load(new StringReader(new String(bytes, StandardCharsets.US_ASCII)));
    return details;
  }

  /** All that makes a certificate one for this request; not its lifetime, which is the signer's. */
  private static String fingerprint(CertificateRequest request) {
    return sha256(
        String.join(
                "\n",
                request.signerName().toString(),
                request.commonName().orElse(""),
                request.organizations().toString(),
                request.subjectAlternativeNames().toString(),
                request.usages().stream().sorted().toList().toString(),
                request.keyAlgorithm().toString())
            .getBytes(StandardCharsets.UTF_8));
  }

  private static String fingerprint(TlsIdentity identity) {
    try {
      return sha256(identity.leaf().getEncoded());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("a parsed certificate has an encoding", e);
    }
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
