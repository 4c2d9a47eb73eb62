package io.podtls.examples.clustersigner;

import io.podtls.trust.TrustBundle;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Which CA certificates are published, since when, and which of them do not sign any more. It is
 * written beside the published bundle, so that restarts and replicas agree.
 *
 * <p>Immutable.
 */
final class AnchorHistory {
  /** Relying parties' clocks may be late by this much. */
  private static final Duration SLACK = Duration.ofMinutes(5);

  private final List<Entry> entries;

  private AnchorHistory(List<Entry> entries) {
    this.entries = List.copyOf(entries);
  }

  private record Entry(X509Certificate anchor, Instant published, Optional<Instant> superseded) {}

  /** Nothing was ever published. */
  static AnchorHistory none() {
    return new AnchorHistory(List.of());
  }

  /**
   * Reads what {@link #pem()} and {@link #notes()} wrote. A certificate without a note was put
   * there by somebody else; it stays as long as if it had signed until now.
   *
   * @throws io.podtls.failure.InvalidMaterialException if the bundle cannot be read
   */
  static AnchorHistory parse(String source, String pem, String notes) {
    if (pem.isBlank()) {
      return none();
    }
    Map<String, Entry> entries = new LinkedHashMap<>();
    for (X509Certificate anchor :
        TrustBundle.parse(source, pem.getBytes(StandardCharsets.UTF_8)).certificates()) {
      entries.put(fingerprint(anchor), new Entry(anchor, Instant.EPOCH, Optional.empty()));
    }
    notes.lines().map(line -> line.split(" ", -1)).forEach(words -> note(entries, words));
    return new AnchorHistory(List.copyOf(entries.values()));
  }

  /**
   * Takes a note in; one that cannot be read, or of a certificate that is gone, is as if it was not
   * there.
   */
  private static void note(Map<String, Entry> entries, String... words) {
    Entry entry = entries.get(words[0]);
    if (entry == null || words.length != 3) {
      return;
    }
    try {
      Optional<Instant> superseded =
          words[2].equals("-") ? Optional.empty() : Optional.of(Instant.parse(words[2]));
      entries.put(words[0], new Entry(entry.anchor(), Instant.parse(words[1]), superseded));
    } catch (DateTimeException e) {
      return;
    }
  }

  /** What is to be published when this anchor's CA is the one to sign. */
  AnchorHistory signingWith(X509Certificate current, Instant now, RotationTimes times) {
    List<Entry> next = new ArrayList<>();
    Optional<Entry> known =
        entries.stream().filter(entry -> entry.anchor().equals(current)).findFirst();
    // The first of all need not be announced: nobody trusts another one yet.
    Instant published = known.map(Entry::published).orElse(entries.isEmpty() ? Instant.EPOCH : now);
    next.add(new Entry(current, published, Optional.empty()));
    for (Entry entry : entries) {
      if (!entry.anchor().equals(current)) {
        Instant superseded = entry.superseded().orElse(now.plus(times.publishAhead()));
        boolean needed = now.isBefore(superseded.plus(times.longestLeaf()).plus(SLACK));
        if (needed && !now.isAfter(entry.anchor().getNotAfter().toInstant())) {
          next.add(new Entry(entry.anchor(), entry.published(), Optional.of(superseded)));
        }
      }
    }
    return new AnchorHistory(next);
  }

  /** Whether the anchor has been published for long enough to sign with its CA. */
  boolean established(X509Certificate anchor, Instant now, RotationTimes times) {
    return entries.stream()
        .anyMatch(
            entry ->
                entry.anchor().equals(anchor)
                    && !now.isBefore(entry.published().plus(times.publishAhead())));
  }

  List<X509Certificate> anchors() {
    return entries.stream().map(Entry::anchor).toList();
  }

  /** The bundle. */
  String pem() {
    return TrustBundle.of(anchors()).toPem();
  }

  /**
   * One line for each certificate: its fingerprint, since when published, since when superseded.
   */
  String notes() {
    StringBuilder notes = new StringBuilder();
    for (Entry entry : entries) {
      notes
          .append(fingerprint(entry.anchor()))
          .append(' ')
          .append(entry.published())
          .append(' ')
          .append(entry.superseded().map(Instant::toString).orElse("-"))
          .append('\n');
    }
    return notes.toString();
  }

  private static String fingerprint(X509Certificate certificate) {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()));
    } catch (NoSuchAlgorithmException | CertificateEncodingException e) {
      throw new IllegalStateException("a parsed certificate and SHA-256 are always there", e);
    }
  }
}
