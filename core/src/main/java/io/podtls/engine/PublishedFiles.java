package io.podtls.engine;

import io.podtls.files.VolumeWriter.Content;
import io.podtls.identity.TlsIdentity;
import io.podtls.schedule.TaskQueue;
import io.podtls.supply.OutputDirectory;
import io.podtls.trust.TrustBundle;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The current identity and bundle as files for another container: key, chain, bundle, and key and
 * chain again as PKCS#12.
 *
 * <p><b>Thread safety:</b> not safe; called by tasks of the queue only, so by one thread at a time.
 */
public final class PublishedFiles {

  private static final Logger LOG = System.getLogger("io.podtls");
  private static final String PASSWORD = "changeit";

  private final TaskQueue queue;
  private final OutputDirectory directory;
  private TaskQueue.@Nullable Entry publishing;

  public PublishedFiles(Path directory, TaskQueue queue) {
    this.queue = queue;
    this.directory = new OutputDirectory(directory, queue);
  }

  void publish(Optional<TlsIdentity> identity, TrustBundle trust) {
    if (publishing != null) {
      publishing.cancel();
    }
    publishing = queue.now(() -> write(identity, trust));
  }

  private void write(Optional<TlsIdentity> identity, TrustBundle trust) {
    try {
      directory.show(files(identity, trust));
    } catch (IllegalStateException e) {
      LOG.log(Level.WARNING, () -> "the identity cannot be published: " + e.getMessage());
    }
  }

  private static Map<String, Content> files(Optional<TlsIdentity> identity, TrustBundle trust) {
    Map<String, Content> files = new LinkedHashMap<>();
    files.put("ca.crt", Content.open(ascii(trust.toPem())));
    identity.ifPresent(
        own -> {
          files.put("tls.key", Content.secret(ascii(own.exportPrivateKeyUnencrypted())));
          files.put("tls.crt", Content.open(ascii(own.chainPem())));
          files.put("keystore.p12", Content.secret(pkcs12(own)));
        });
    return files;
  }

  private static byte[] ascii(String pem) {
    return pem.getBytes(StandardCharsets.US_ASCII);
  }

  private static byte[] pkcs12(TlsIdentity identity) {
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      identity.keyStore(PASSWORD.toCharArray()).store(bytes, PASSWORD.toCharArray());
      return bytes.toByteArray();
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("cannot write a PKCS#12 key store", e);
    }
  }
}
