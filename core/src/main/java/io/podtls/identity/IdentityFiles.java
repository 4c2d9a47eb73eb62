package io.podtls.identity;

import static java.util.Objects.requireNonNull;

import io.podtls.failure.InvalidMaterialException;
import io.podtls.files.FileContents;
import io.podtls.files.StableFiles;
import io.podtls.pem.Der;
import io.podtls.pem.Pem;
import io.podtls.pem.Reasons;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.UnrecoverableKeyException;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import javax.crypto.BadPaddingException;
import org.jspecify.annotations.Nullable;

/**
 * Where an existing key and its chain lie: files that another program writes and may replace at any
 * time, such as the kubelet (a {@code podCertificate} volume, a mounted Secret) or a CSI driver.
 *
 * <p>All files are read as they were at one moment. Keys may be EC, RSA or Ed25519, as PKCS#8, as
 * PKCS#1, as SEC1, or as PKCS#8 encrypted by PBES2 with AES or triple DES (which is what {@code
 * openssl pkcs8 -topk8} and {@code openssl genpkey -aes256} write).
 *
 * <p><b>Thread safety:</b> immutable; each {@link #load()} reads the files again.
 */
public final class IdentityFiles {

  private enum Format {
    PEM,
    PKCS12
  }

  private static final String HOW_TO_WRITE =
      "; openssl pkcs12 -export -keypbe AES-256-CBC -certpbe AES-256-CBC -macalg sha256 writes"
          + " what it reads";

  private final Format format;
  private final Path chain;
  private final Path key;
  private final char @Nullable [] password;

  private IdentityFiles(Format format, Path chain, Path key, char @Nullable [] password) {
    this.format = format;
    this.chain = chain;
    this.key = key;
    this.password = password == null ? null : password.clone();
  }

  /**
   * One PEM file with a key and its chain in any order: a podCertificate credential bundle
   * (KEP-4317), or what is glued together with {@code cat}.
   *
   * @param file the file; need not exist yet
   * @return the place, nothing read yet
   */
  public static IdentityFiles bundle(Path file) {
    requireNonNull(file, "file");
    return new IdentityFiles(Format.PEM, file, file, null);
  }

  /**
   * Two PEM files.
   *
   * @param chain the file with the certificates, in any order; need not exist yet
   * @param key the file with the private key; need not exist yet
   * @return the place, nothing read yet
   */
  public static IdentityFiles pair(Path chain, Path key) {
    return new IdentityFiles(
        Format.PEM, requireNonNull(chain, "chain"), requireNonNull(key, "key"), null);
  }

  /**
   * {@code tls.crt} and {@code tls.key} in one directory: a mounted Secret of type {@code
   * kubernetes.io/tls}, or a CSI driver's volume.
   *
   * @param directory the directory; need not exist yet
   * @return the place, nothing read yet
   */
  public static IdentityFiles directory(Path directory) {
    requireNonNull(directory, "directory");
    return pair(directory.resolve("tls.crt"), directory.resolve("tls.key"));
  }

  /**
   * A PKCS#12 file with one key.
   *
   * @param file the file; need not exist yet
   * @param password the password of the file and its key, copied; may be empty
   * @return the place, nothing read yet
   */
  public static IdentityFiles pkcs12(Path file, char[] password) {
    requireNonNull(file, "file");
    return new IdentityFiles(Format.PKCS12, file, file, requireNonNull(password, "password"));
  }

  /**
   * {@return the same files with a password: of an encrypted PKCS#8 key, or of the PKCS#12 file} A
   * key that is not encrypted is read nevertheless.
   *
   * @param password the password, copied
   */
  public IdentityFiles withPassword(char[] password) {
    return new IdentityFiles(format, chain, key, requireNonNull(password, "password"));
  }

  private StableFiles files() {
    return chain.equals(key) ? StableFiles.of(chain) : StableFiles.of(chain, key);
  }

  /** {@return the files' paths: one, or the chain's and the key's} */
  public List<Path> paths() {
    return files().files();
  }

  /** {@return whether all files are there at the moment} */
  public boolean exist() {
    return files().exist();
  }

  /**
   * Says of each file that can never be seen to change, because of how it is mounted (subPath).
   *
   * @return one warning a file, in words, or none
   */
  public List<String> warnings() {
    return files().warnings();
  }

  /**
   * Reads the files as they are now. Whether the certificate is valid and trusted is not checked:
   * {@link TlsIdentity#verify(io.podtls.trust.TrustBundle, java.time.Instant)} does that.
   *
   * @return a key and the chain for it
   * @throws InvalidMaterialException if a file is missing or holds something else, if the password
   *     is missing or wrong, or if key and certificate do not belong together, as happens between
   *     two writes of the program that replaces them; the message names the file and what was found
   */
  public TlsIdentity load() {
    FileContents contents = files().read();
    return switch (format) {
      case PEM -> {
        Pem keyPem = Pem.parse(key.toString(), contents.of(key));
        Pem chainPem = chain.equals(key) ? keyPem : Pem.parse(chain.toString(), contents.of(chain));
        yield TlsIdentity.of(
            description(), PrivateKeys.read(keyPem, password), chainPem.certificates());
      }
      case PKCS12 -> fromPkcs12(contents.of(chain));
    };
  }

  private TlsIdentity fromPkcs12(byte[] content) {
    Der.Kind kind = Der.kind(content);
    if (kind != Der.Kind.PKCS12) {
      throw problem(
          "is not a PKCS#12 file" + (kind == null ? ", or a damaged one" : " but " + kind), null);
    }
    String damage = Der.problemInBer(content);
    if (damage != null) {
      throw problem("is a damaged PKCS#12 file: " + damage, null);
    }
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(new ByteArrayInputStream(content), password);
      List<String> keys = new ArrayList<>();
      List<X509Certificate> certificates = new ArrayList<>();
      for (String alias : Collections.list(store.aliases())) {
        if (store.isKeyEntry(alias)) {
          keys.add(alias);
        }
        if (store.getCertificate(alias) instanceof X509Certificate certificate) {
          certificates.add(certificate);
        }
      }
      if (keys.isEmpty() && Pkcs12.hasUnencryptedKey(content)) {
        throw problem(
            "has its key in it without encryption, which Java does not read; write it again with:"
                + " openssl pkcs12 -in OLD -nodes -out PEM && openssl pkcs12 -export -in PEM -out"
                + " NEW",
            null);
      }
      if (keys.size() != 1) {
        throw problem("has " + keys.size() + " keys in it, and exactly one is expected", null);
      }
      Key found = store.getKey(keys.get(0), password);
      if (!(found instanceof PrivateKey privateKey)) {
        throw problem("has a " + found.getAlgorithm() + " key in it that is not private", null);
      }
      Certificate[] ofKey = store.getCertificateChain(keys.get(0));
      for (Certificate certificate : ofKey == null ? new Certificate[0] : ofKey) {
        certificates.add((X509Certificate) certificate);
      }
      return TlsIdentity.of(description(), privateKey, certificates);
    } catch (IOException e) {
      throw problem(
          e.getCause() instanceof UnrecoverableKeyException
              ? "cannot be opened; is the password right?"
              : "is damaged, or written in a way that this JDK cannot read: "
                  + Reasons.of(e)
                  + HOW_TO_WRITE,
          e);
    } catch (GeneralSecurityException e) {
      throw problem(
          e.getCause() instanceof BadPaddingException
              ? "its key cannot be read; is it protected by another password?"
              : "its key cannot be read by this JDK: " + Reasons.of(e) + HOW_TO_WRITE,
          e);
    } catch (StackOverflowError e) {
      throw problem("is a damaged PKCS#12 file: " + Reasons.of(e), e);
    }
  }

  private InvalidMaterialException problem(String what, @Nullable Throwable cause) {
    return new InvalidMaterialException(description(), what, cause);
  }

  /** {@return the files' paths in words, for messages} */
  public String description() {
    return paths().stream().map(Path::toString).collect(Collectors.joining(" and "));
  }

  /** {@return the files' paths, never a password} */
  @Override
  public String toString() {
    return "IdentityFiles[" + description() + "]";
  }
}
