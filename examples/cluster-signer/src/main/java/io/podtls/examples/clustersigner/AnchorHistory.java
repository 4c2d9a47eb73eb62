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
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The published CA certificates, since when each is published, and since when it does not sign any
 * more. It is written as notes beside the published bundle, so that restarts and replicas agree.
 *
 * <p>Immutable.
 */
final class AnchorHistory {
  /** Allowance for relying parties whose clocks are slow. */
  private static final Duration SLACK = Duration.ofMinutes(5);

  private final List<Entry> entries;

  private AnchorHistory(List<Entry> entries) {
    this.entries = List.copyOf(entries);
  }

  private record Entry(X509Certificate anchor, Instant published, Optional<Instant> superseded) {}

  /** Returns the history before the first publication. */
  static AnchorHistory none() {
    return new AnchorHistory(List.of());
  }

  /**
   * Reads what {@link #pem()} and {@link #notes()} wrote. A certificate without a note was not
   * published by this signer and is left out.
   *
   * @throws io.podtls.failure.InvalidMaterialException if the bundle cannot be read
   */
  static AnchorHistory parse(String source, String pem, String notes) {
    if (pem.isBlank() || notes.isBlank()) {
      return none();
    }
    Map<String, X509Certificate> anchors = new HashMap<>();
    for (X509Certificate anchor :
        TrustBundle.parse(source, pem.getBytes(StandardCharsets.UTF_8)).certificates()) {
      anchors.put(fingerprint(anchor), anchor);
    }
    List<Entry> entries = new ArrayList<>();
    notes
        .lines()
        .distinct()
        .forEach(line -> entry(anchors, line.split(" ", -1)).ifPresent(entries::add));
    return new AnchorHistory(entries);
  }

  /** Returns the entry of a note, unless it is unreadable or its certificate is gone. */
  private static Optional<Entry> entry(Map<String, X509Certificate> anchors, String... words) {
    X509Certificate anchor = anchors.get(words[0]);
    if (anchor == null || words.length != 3) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new Entry(
              anchor,
              Instant.parse(words[1]),
              words[2].equals("-") ? Optional.empty() : Optional.of(Instant.parse(words[2]))));
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  /** Returns what to publish while the CA with this anchor is the one to sign. */
  AnchorHistory signingWith(X509Certificate current, Instant now, RotationTimes times) {
    List<Entry> next = new ArrayList<>();
    Optional<Entry> known =
        entries.stream().filter(entry -> entry.anchor().equals(current)).findFirst();
    // The very first need not be published ahead: no relying party trusts another one yet.
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

  /** Returns whether the anchor has been published for long enough to sign with its CA. */
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

  /** Returns the bundle. */
  String pem() {
    return TrustBundle.of(anchors()).toPem();
  }

  /**
   * Returns one line for each certificate: its fingerprint, the time of its publication, and the
   * time since which it does not sign any more, or {@code -}.
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
