package io.podtls.supply;

import io.podtls.failure.InvalidMaterialException;
import io.podtls.files.StableFiles;
import io.podtls.files.VolumeWriter.Content;
import io.podtls.identity.IdentityFiles;
import io.podtls.identity.PendingIdentity;
import io.podtls.identity.TlsIdentity;
import io.podtls.request.CertificateRequest;
import io.podtls.schedule.TaskQueue;
import io.podtls.trust.TrustBundle;
import java.io.IOException;
import java.io.StringReader;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * An issued identity kept over restarts of the container, with the request it was issued for and
 * the time it was received, so that its renewal stays planned as it was. The key of a request in
 * flight is kept too, so that a container that restarts every five minutes waits for one request
 * and does not submit a new one each time.
 *
 * <p><b>Thread safety:</b> not safe; called by tasks of the queue only, so by one thread at a time.
 */
public final class IdentityStore {

  private static final Logger LOG = System.getLogger("io.podtls");
  private static final String DETAILS = "details.properties";
  private static final String PENDING = "pending.pem";
  private static final String PENDING_DETAILS = "pending.properties";

  /** An identity that was kept. */
  record Kept(TlsIdentity identity, Instant received) {}

  private final Path directory;
  private final CertificateRequest request;
  private final TaskQueue queue;
  private final OutputDirectory output;
  private TaskQueue.@Nullable Entry writing;
  private Map<String, Content> identityFiles = Map.of();
  private Map<String, Content> pendingFiles = Map.of();

  public IdentityStore(Path directory, CertificateRequest request, TaskQueue queue) {
    this.directory = directory;
    this.request = request;
    this.queue = queue;
    this.output = new OutputDirectory(directory, queue);
  }

  /** Returns the identity that was kept, if it is whole, for this very request, valid, trusted. */
  Optional<Kept> load(TrustBundle trust, Instant now) {
    IdentityFiles files = IdentityFiles.directory(directory);
    if (!files.exist()) {
      return Optional.empty();
    }
    try {
      output.requireOwnSet();
      TlsIdentity identity = files.load();
      Properties details = details(DETAILS);
      if (!fingerprint(identity).equals(details.getProperty("certificate"))) {
        throw new InvalidMaterialException(
            directory.toString(), DETAILS + " belongs to another certificate", null);
      }
      if (!fingerprint(request).equals(details.getProperty("request"))) {
        throw new InvalidMaterialException(
            directory.toString(), "its certificate was issued for another request", null);
      }
      identity.verify(request, trust, now);
      Instant written = Instant.parse(details.getProperty("received", ""));
      Instant received = written.isAfter(now) ? now : written;
      identityFiles = files(identity, received);
      return Optional.of(new Kept(identity, received));
    } catch (RuntimeException | Error | IOException e) {
      LOG.log(Level.INFO, () -> "the kept identity is not used: " + e.getMessage());
      return Optional.empty();
    }
  }

  /** Returns the key of this very request, if one was on its way. */
  Optional<PendingIdentity> pending() {
    if (!Files.exists(directory.resolve(PENDING))) {
      return Optional.empty();
    }
    try {
      output.requireOwnSet();
      if (!fingerprint(request).equals(details(PENDING_DETAILS).getProperty("request"))) {
        return Optional.empty();
      }
      return Optional.of(PendingIdentity.restore(request, read(PENDING)));
    } catch (RuntimeException | Error | IOException e) {
      LOG.log(Level.INFO, () -> "the kept request is not used: " + e.getMessage());
      return Optional.empty();
    }
  }

  /** Keeps this identity and no other; no request is on its way any more. */
  void keep(TlsIdentity identity, Instant received) {
    write(
        () -> {
          identityFiles = files(identity, received);
          pendingFiles = Map.of();
        });
  }

  /** Keeps the key of this request, besides the identity in use. */
  void keep(PendingIdentity pending) {
    write(
        () ->
            pendingFiles =
                Map.of(
                    PENDING,
                    Content.secret(
                        ascii(pending.exportPrivateKeyUnencrypted() + pending.pkcs10Pem())),
                    PENDING_DETAILS,
                    Content.open(ascii("request=" + fingerprint(request) + "\n"))));
  }

  /** The request on its way came to nothing that could be waited for. */
  void forgetPending() {
    write(() -> pendingFiles = Map.of());
  }

  private void write(Runnable change) {
    if (writing != null) {
      writing.cancel();
    }
    writing = queue.now(() -> writeNow(change));
  }

  private void writeNow(Runnable change) {
    try {
      change.run();
    } catch (IllegalStateException e) {
      LOG.log(Level.WARNING, () -> "nothing can be kept: " + e.getMessage());
      return;
    }
    Map<String, Content> all = new HashMap<>(identityFiles);
    all.putAll(pendingFiles);
    if (all.isEmpty()) {
      all.put(DETAILS, Content.open(new byte[0]));
    }
    output.show(all);
  }

  private Map<String, Content> files(TlsIdentity identity, Instant received) {
    String details =
        "received="
            + received
            + "\ncertificate="
            + fingerprint(identity)
            + "\nrequest="
            + fingerprint(request)
            + "\n";
    return Map.of(
        "tls.key",
        Content.secret(ascii(identity.exportPrivateKeyUnencrypted())),
        "tls.crt",
        Content.open(ascii(identity.chainPem())),
        DETAILS,
        Content.open(ascii(details)));
  }

  private Properties details(String name) throws IOException {
    Properties details = new Properties();
    details.load(new StringReader(read(name)));
    return details;
  }

  private String read(String name) {
    Path file = directory.resolve(name);
    return new String(StableFiles.of(file).read().of(file), StandardCharsets.US_ASCII);
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
