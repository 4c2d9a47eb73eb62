package io.podtls.identity;

import java.nio.file.Path;

/** Where an existing key and chain lie: files that somebody else writes and may rotate. */
public final class IdentityFiles {
  private IdentityFiles() {}

  /** One PEM file with a key and its chain in any order (a podCertificate credential bundle). */
  public static IdentityFiles bundle(Path file) {
    throw new UnsupportedOperationException();
  }

  /** Two PEM files. */
  public static IdentityFiles pair(Path chain, Path key) {
    throw new UnsupportedOperationException();
  }

  /** tls.crt and tls.key in one directory (a mounted Secret, a CSI driver). */
  public static IdentityFiles directory(Path directory) {
    throw new UnsupportedOperationException();
  }

  public static IdentityFiles pkcs12(Path file, char[] password) {
    throw new UnsupportedOperationException();
  }

  /** The same files with the password of an encrypted PKCS#8 key. */
  public IdentityFiles withPassword(char[] password) {
    throw new UnsupportedOperationException();
  }

  /** Whether all files are there. */
  public boolean exist() {
    throw new UnsupportedOperationException();
  }

  /** Reads a matching pair in one stable read; InvalidMaterialException otherwise. */
  public TlsIdentity load() {
    throw new UnsupportedOperationException();
  }

  public String description() {
    throw new UnsupportedOperationException();
  }
}
