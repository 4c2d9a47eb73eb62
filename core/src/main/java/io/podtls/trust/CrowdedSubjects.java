package io.podtls.trust;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import javax.security.auth.x500.X500Principal;

/**
 * Anchors of which many share one subject, and a guess which of them signed a given chain.
 *
 * <p>Where chain and anchors carry key identifiers (RFC 5280 sections 4.2.1.1 and 4.2.1.2) the JDK
 * finds the anchor by them. Where they do not, it validates the whole chain against one anchor
 * after the other, in no particular order, at each handshake. The guess here is the anchor found
 * last, then the newest: where a CA is renewed, most certificates in use are from its last
 * certificate.
 *
 * <p>Safe for use by several threads.
 */
final class CrowdedSubjects {

  /** So many anchors of one subject are tried faster than anybody could notice. */
  private static final int CROWD = 8;

  private static final String AUTHORITY_KEY_IDENTIFIER = "2.5.29.35";
  private static final String SUBJECT_KEY_IDENTIFIER = "2.5.29.14";

  private record Crowd(List<X509Certificate> newestFirst, boolean identified) {}

  private final Map<X500Principal, Crowd> crowds;
  private final Map<X500Principal, X509Certificate> foundLast = new ConcurrentHashMap<>();

  private CrowdedSubjects(Map<X500Principal, Crowd> crowds) {
    this.crowds = crowds;
  }

  static CrowdedSubjects among(Collection<X509Certificate> anchors) {
    Map<X500Principal, List<X509Certificate>> bySubject = new HashMap<>();
    if (mayHoldCrowd(anchors)) {
      for (X509Certificate anchor : anchors) {
        bySubject
            .computeIfAbsent(anchor.getSubjectX500Principal(), subject -> new ArrayList<>())
            .add(anchor);
      }
    }
    Map<X500Principal, Crowd> crowds = new HashMap<>();
    bySubject.forEach(
        (subject, members) -> {
          if (members.size() > CROWD) {
            // Of equally old ones the last in the bundle first: people append.
            Collections.reverse(members);
            members.sort(Comparator.comparing(X509Certificate::getNotBefore).reversed());
            boolean identified =
                members.stream()
                    .allMatch(member -> member.getExtensionValue(SUBJECT_KEY_IDENTIFIER) != null);
            crowds.put(subject, new Crowd(List.copyOf(members), identified));
          }
        });
    return new CrowdedSubjects(crowds);
  }

  /**
   * Counts names by their encoding, which is at hand, where X500Principal would first write out
   * each name as text: noticeable for a thousand anchors, which hardly ever are a crowd.
   */
  private static boolean mayHoldCrowd(Collection<X509Certificate> anchors) {
    Map<ByteBuffer, Integer> counts = new HashMap<>();
    return anchors.size() > CROWD
        && anchors.stream()
            .map(anchor -> ByteBuffer.wrap(anchor.getSubjectX500Principal().getEncoded()))
            .anyMatch(name -> counts.merge(name, 1, Integer::sum) > CROWD);
  }

  boolean isEmpty() {
    return crowds.isEmpty();
  }

  /**
   * Returns the anchor that signed the topmost certificate of the chain whose issuer is crowded,
   * unless the JDK would find it by itself.
   */
  Optional<X509Certificate> anchorOf(X509Certificate[] chain) {
    for (int i = chain.length - 1; i >= 0; i--) {
      X500Principal issuer = chain[i].getIssuerX500Principal();
      Crowd crowd = crowds.get(issuer);
      if (crowd != null) {
        return crowd.identified && chain[i].getExtensionValue(AUTHORITY_KEY_IDENTIFIER) != null
            ? Optional.empty()
            : signerOf(chain[i], issuer);
      }
    }
    return Optional.empty();
  }

  private Optional<X509Certificate> signerOf(X509Certificate certificate, X500Principal issuer) {
    for (X509Certificate candidate : candidates(issuer)) {
      try {
        certificate.verify(candidate.getPublicKey());
        foundLast.put(issuer, candidate);
        return Optional.of(candidate);
      } catch (GeneralSecurityException e) {
        // Another one's.
      }
    }
    return Optional.empty();
  }

  /** Returns the anchors of one crowded subject, the likeliest first. */
  List<X509Certificate> candidates(X500Principal subject) {
    Crowd crowd = crowds.get(subject);
    if (crowd == null) {
      return List.of();
    }
    X509Certificate last = foundLast.get(subject);
    if (last == null) {
      return crowd.newestFirst;
    }
    List<X509Certificate> candidates = new ArrayList<>(crowd.newestFirst);
    candidates.remove(last);
    candidates.add(0, last);
    return candidates;
  }
}
