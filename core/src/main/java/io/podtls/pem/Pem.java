package io.podtls.pem;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import io.podtls.failure.InvalidMaterialException;
import java.io.ByteArrayInputStream;
import java.nio.ByteBuffer;
import java.security.cert.Certificate;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The labelled blocks of one PEM text (RFC 7468), in their order.
 *
 * <p>Reading is tolerant of what does not change the meaning: any line ends, a byte order mark,
 * text and comments around blocks, blank lines, indentation, lines of any length, a missing final
 * line end, and two files glued together without one. It is strict where a guess would be needed: a
 * block that does not end, ends under another label, or is not base64 is an error, so half a file
 * never passes for a whole one. RFC 1421 headers inside a block are read.
 *
 * <p>Writing is strict: LF, 64 columns, US-ASCII (RFC 7468 section 2).
 *
 * <p>Errors name the source, the block by its place in the text (from 1) and what is wrong with it,
 * and never show any content.
 *
 * <p><b>Thread safety:</b> immutable.
 */
public final class Pem {

  /** An X.509 certificate, RFC 7468 section 5. */
  public static final String CERTIFICATE = "CERTIFICATE";

  /** A PKCS#10 request, RFC 7468 section 7. */
  public static final String CERTIFICATE_REQUEST = "CERTIFICATE REQUEST";

  /** A PKCS#8 key, RFC 7468 section 10. */
  public static final String PRIVATE_KEY = "PRIVATE KEY";

  /** An encrypted PKCS#8 key, RFC 7468 section 11. */
  public static final String ENCRYPTED_PRIVATE_KEY = "ENCRYPTED PRIVATE KEY";

  /** A PKCS#1 key, RFC 8017 appendix A.1.2. */
  public static final String RSA_PRIVATE_KEY = "RSA PRIVATE KEY";

  /** A SEC1 key, RFC 5915. */
  public static final String EC_PRIVATE_KEY = "EC PRIVATE KEY";

  private static final Set<String> PRIVATE_KEYS =
      Set.of(PRIVATE_KEY, ENCRYPTED_PRIVATE_KEY, RSA_PRIVATE_KEY, EC_PRIVATE_KEY);

  private static final int MOST_LABELS = 8;

  private final String source;
  private final List<Block> blocks;

  Pem(String source, List<Block> blocks) {
    this.source = source;
    this.blocks = List.copyOf(blocks);
  }

  /**
   * Reads PEM text.
   *
   * @param source where the text came from, for messages: a file's path or an object's name
   * @param text the text
   * @return its blocks, at least one
   * @throws InvalidMaterialException if there is no block or a damaged one
   */
  public static Pem parse(String source, byte[] text) {
    return new PemReader(requireNonNull(source, "source"), requireNonNull(text, "text")).read();
  }

  /**
   * Reads PEM text.
   *
   * @param source where the text came from, for messages: a file's path or an object's name
   * @param text the text
   * @return its blocks, at least one
   * @throws InvalidMaterialException if there is no block or a damaged one
   */
  public static Pem parse(String source, String text) {
    return parse(source, text.getBytes(UTF_8));
  }

  /**
   * Returns where the text came from.
   *
   * @return a file's path or an object's name
   */
  public String source() {
    return source;
  }

  /**
   * Returns all blocks.
   *
   * @return at least one, in the order of the text
   */
  public List<Block> blocks() {
    return blocks;
  }

  /**
   * Returns the blocks with one label.
   *
   * @param label the label, such as {@link #CERTIFICATE}
   * @return possibly none, in the order of the text
   */
  public List<Block> blocks(String label) {
    return blocks.stream().filter(block -> block.label().equals(label)).toList();
  }

  /**
   * Returns whether there is a block with this label.
   *
   * @param label the label, such as {@link #CERTIFICATE}
   * @return whether there is one
   */
  public boolean has(String label) {
    return blocks.stream().anyMatch(block -> block.label().equals(label));
  }

  /**
   * Parses every CERTIFICATE block; blocks with other labels are passed over.
   *
   * @return the certificates in the order of the text, at least one, duplicates included
   * @throws InvalidMaterialException if there is none, or one that is no X.509 certificate
   */
  public List<X509Certificate> certificates() {
    List<Block> found = blocks(CERTIFICATE);
    if (found.isEmpty()) {
      throw problem("has no CERTIFICATE block (found: " + labels() + ")", null);
    }
    for (Block block : found) {
      // The factory would take anything but a SEQUENCE for PEM text inside this PEM block.
      if (block.bytes.length == 0 || block.bytes[0] != 0x30) {
        throw noCertificate(block, "its content is no DER SEQUENCE", null);
      }
      String damage = Der.problem(block.bytes);
      if (damage != null) {
        throw noCertificate(block, damage, null);
      }
    }
    CertificateFactory factory = x509();
    if (found.size() > 1) {
      List<X509Certificate> all = allAtOnce(factory, found);
      if (!all.isEmpty()) {
        return all;
      }
    }
    List<X509Certificate> certificates = new ArrayList<>(found.size());
    for (Block block : found) {
      certificates.add(certificate(factory, block));
    }
    return certificates;
  }

  /**
   * Parses many certificates in one call, which spares each of them the way through the JDK's cache
   * of certificates.
   *
   * @return one certificate for each block, or none if anything is not as it should be: parsing the
   *     blocks one by one shows which
   */
  private static List<X509Certificate> allAtOnce(CertificateFactory factory, List<Block> blocks) {
    int length = blocks.stream().mapToInt(block -> block.bytes.length).sum();
    ByteBuffer der = ByteBuffer.allocate(length);
    blocks.forEach(block -> der.put(block.bytes));
    List<X509Certificate> certificates = new ArrayList<>(blocks.size());
    try {
      for (Certificate parsed :
          factory.generateCertificates(new ByteArrayInputStream(der.array()))) {
        // Bytes that are no certificate are passed over, or taken together with the next block's.
        int next = certificates.size();
        if (next == blocks.size() || !Arrays.equals(parsed.getEncoded(), blocks.get(next).bytes)) {
          return List.of();
        }
        certificates.add((X509Certificate) parsed);
      }
    } catch (CertificateException | RuntimeException | StackOverflowError e) {
      return List.of();
    }
    return certificates.size() == blocks.size() ? certificates : List.of();
  }

  private X509Certificate certificate(CertificateFactory factory, Block block) {
    ByteArrayInputStream in = new ByteArrayInputStream(block.bytes);
    X509Certificate certificate;
    try {
      certificate = (X509Certificate) factory.generateCertificate(in);
    } catch (CertificateException | RuntimeException | StackOverflowError e) {
      Der.Kind kind = Der.kind(block.bytes);
      throw kind == null || kind == Der.Kind.CERTIFICATE
          ? noCertificate(block, Reasons.of(e), e)
          : problem("block " + block.index + " is not an X.509 certificate but " + kind, e);
    }
    if (in.available() > 0) {
      throw problem(
          "block " + block.index + " has " + in.available() + " bytes after its certificate", null);
    }
    return certificate;
  }

  private InvalidMaterialException noCertificate(
      Block block, String why, @Nullable Throwable cause) {
    return problem("block " + block.index + " is not an X.509 certificate: " + why, cause);
  }

  /**
   * Returns the one private key block, with one of four labels: {@link #PRIVATE_KEY}, {@link
   * #ENCRYPTED_PRIVATE_KEY}, {@link #RSA_PRIVATE_KEY}, {@link #EC_PRIVATE_KEY}.
   *
   * @return the block
   * @throws InvalidMaterialException if there is none or more than one, or if it is encrypted in
   *     the way of RFC 1421 ({@code Proc-Type: 4,ENCRYPTED})
   */
  public Block privateKey() {
    List<Block> keys =
        blocks.stream().filter(block -> PRIVATE_KEYS.contains(block.label())).toList();
    if (keys.isEmpty()) {
      throw problem("has no private key block (found: " + labels() + ")", null);
    }
    if (keys.size() > 1) {
      throw problem("has " + keys.size() + " private key blocks, expected one", null);
    }
    Block key = keys.get(0);
    if (key.legacyEncrypted()) {
      throw problem(
          "block "
              + key.index
              + " is encrypted in the legacy way (Proc-Type: 4,ENCRYPTED), which is not supported;"
              + " convert it with: openssl pkcs8 -topk8 -in OLD -out NEW",
          null);
    }
    return key;
  }

  /** Returns the labels found, each once and not too many of them, for messages. */
  private String labels() {
    List<String> labels = blocks.stream().map(Block::label).distinct().toList();
    return String.join(", ", labels.subList(0, Math.min(labels.size(), MOST_LABELS)))
        + (labels.size() > MOST_LABELS
            ? " and " + (labels.size() - MOST_LABELS) + " more labels"
            : "");
  }

  private InvalidMaterialException problem(String what, @Nullable Throwable cause) {
    return new InvalidMaterialException(source, what, cause);
  }

  /**
   * Writes one block: LF, 64 columns, a line end after the END line.
   *
   * @param label the label, such as {@link #PRIVATE_KEY}
   * @param der the content
   * @return the text, US-ASCII only
   */
  public static String encode(String label, byte[] der) {
    String body =
        new String(
            Base64.getMimeEncoder(64, new byte[] {'\n'}).encode(requireNonNull(der, "der")),
            US_ASCII);
    return "-----BEGIN " + label + "-----\n" + body + "\n-----END " + label + "-----\n";
  }

  /**
   * Writes one CERTIFICATE block for each certificate, in the order given.
   *
   * @param certificates the certificates
   * @return the text, US-ASCII only; empty for no certificates
   */
  public static String encode(Collection<? extends X509Certificate> certificates) {
    StringBuilder text = new StringBuilder(certificates.size() * 1500);
    for (X509Certificate certificate : certificates) {
      try {
        text.append(encode(CERTIFICATE, certificate.getEncoded()));
      } catch (CertificateEncodingException e) {
        throw new IllegalArgumentException("certificates holds one that has no encoding", e);
      }
    }
    return text.toString();
  }

  private static CertificateFactory x509() {
    try {
      return CertificateFactory.getInstance("X.509");
    } catch (CertificateException e) {
      throw new IllegalStateException("every Java platform has X.509", e);
    }
  }

  /** Shows the source and the labels, no content. */
  @Override
  public String toString() {
    return source + ": " + blocks;
  }

  /**
   * One block of a PEM text: a label and the bytes between its boundaries.
   *
   * <p><b>Thread safety:</b> immutable.
   */
  public static final class Block {
    private final String source;
    private final int index;
    private final String label;
    private final boolean legacyEncrypted;
    private final byte[] bytes;

    Block(String source, int index, String label, boolean legacyEncrypted, byte[] bytes) {
      this.source = source;
      this.index = index;
      this.label = label;
      this.legacyEncrypted = legacyEncrypted;
      this.bytes = bytes;
    }

    /**
     * Returns the place of this block in its text.
     *
     * @return 1 for the first
     */
    public int index() {
      return index;
    }

    /**
     * Returns the label.
     *
     * @return e.g. {@code RSA PRIVATE KEY}
     */
    public String label() {
      return label;
    }

    /**
     * Returns the content, which other parsers may read: {@link Der#problem} finds nothing in it.
     *
     * @return a copy
     * @throws InvalidMaterialException if the content is not DER
     */
    public byte[] der() {
      String damage = Der.problem(bytes);
      if (damage != null) {
        throw new InvalidMaterialException(
            source, "block " + index + " " + label + " is not DER: " + damage, null);
      }
      return bytes();
    }

    /** Returns a copy of the content, whatever it is. */
    byte[] bytes() {
      return bytes.clone();
    }

    /**
     * Returns whether the RFC 1421 header {@code Proc-Type} says that the content is encrypted.
     *
     * @return whether it is
     */
    public boolean legacyEncrypted() {
      return legacyEncrypted;
    }

    /** Shows place and label, no content. */
    @Override
    public String toString() {
      return "block " + index + " " + label;
    }
  }
}
