package io.podtls.examples.clustersigner;

import io.podtls.examples.signing.CertificateAuthority;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A CA in files {@code tls.crt} and {@code tls.key}, as in a mounted Secret. */
final class DirectoryCaSource implements CaSource {
  private final Path folder;

  DirectoryCaSource(Path folder) {
    this.folder = folder;
  }

  @Override
  public CertificateAuthority read() {
    try {
      return CertificateAuthority.fromPem(
          description(),
          Files.readString(folder.resolve("tls.crt")),
          Files.readString(folder.resolve("tls.key")));
    } catch (IOException e) {
      throw new IllegalStateException("cannot read tls.crt and tls.key in " + folder, e);
    }
  }

  @Override
  public String description() {
    return folder.toString();
  }
}
