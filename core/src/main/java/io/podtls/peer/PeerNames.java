package io.podtls.peer;

import static java.util.Objects.requireNonNull;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The names of a peer: the subject alternative names of its certificate (RFC 5280 4.2.1.6). The
 * subject's common name is none of them.
 *
 * <p><b>Thread safety:</b> immutable.
 */
public final class PeerNames {

  private static final int MOST_SHOWN = 10;
  private static final int LONGEST_SHOWN = 200;

  /** Kinds of names, RFC 5280 4.2.1.6. */
  private static final int DNS_NAME = 2;

  private static final int URI = 6;
  private static final int IP_ADDRESS = 7;

  private final X509Certificate certificate;
  private final List<String> dnsNames = new ArrayList<>();
  private final List<InetAddress> ipAddresses = new ArrayList<>();
  private final List<String> uris = new ArrayList<>();

  private PeerNames(X509Certificate certificate) {
    this.certificate = certificate;
  }

  /**
   * Reads the names of a certificate, which is not checked otherwise. For the peer of a connection
   * that is established: {@code PeerNames.of((X509Certificate) session.getPeerCertificates()[0])}.
   *
   * @param certificate the peer's certificate, the first one of its chain
   * @return the names
   * @throws CertificateParsingException if they cannot be read
   */
  public static PeerNames of(X509Certificate certificate) throws CertificateParsingException {
    PeerNames names = new PeerNames(requireNonNull(certificate, "certificate"));
    Collection<List<?>> all = certificate.getSubjectAlternativeNames();
    if (all != null) {
      for (List<?> typeAndName : all) {
        names.add((Integer) typeAndName.get(0), typeAndName.get(1));
      }
    }
    return names;
  }

  private void add(int type, Object value) throws CertificateParsingException {
    if (type == DNS_NAME) {
      dnsNames.add((String) value);
    } else if (type == URI) {
      uris.add((String) value);
    } else if (type == IP_ADDRESS && ((String) value).indexOf('/') < 0) {
      try {
        // The JDK writes literals, which are not resolved, and a network with its mask.
        ipAddresses.add(InetAddress.getByName((String) value));
      } catch (UnknownHostException e) {
        throw new CertificateParsingException("not an IP address: " + shown((String) value), e);
      }
    }
  }

  /** Returns the DNS names as they are written, wildcards included; unmodifiable. */
  public List<String> dnsNames() {
    return List.copyOf(dnsNames);
  }

  /** Returns the IP addresses; unmodifiable. */
  public List<InetAddress> ipAddresses() {
    return List.copyOf(ipAddresses);
  }

  /** Returns the URIs as they are written, SPIFFE IDs included; unmodifiable. */
  public List<String> uris() {
    return List.copyOf(uris);
  }

  /**
   * Returns the SPIFFE ID, if the certificate is an X.509-SVID (SPIFFE X.509-SVID 5.2): its one URI
   * is a SPIFFE ID with a path, and it is no CA and may not sign certificates or CRLs.
   *
   * @return the ID, e.g. {@code spiffe://cluster.local/ns/shop/sa/billing}
   */
  public Optional<String> spiffeId() {
    return whyNoSvid().isPresent() ? Optional.empty() : Optional.of(uris.get(0));
  }

  /** Why the certificate is no X.509-SVID; nothing if it is one. */
  Optional<String> whyNoSvid() {
    if (uris.size() != 1) {
      return Optional.of(
          uris.isEmpty() ? "it has no SPIFFE ID" : "it has " + uris.size() + " URIs, not one");
    }
    if (!SpiffePattern.isId(uris.get(0))) {
      return Optional.of("its URI is no SPIFFE ID with a path");
    }
    boolean[] usages = certificate.getKeyUsage();
    boolean signs = usages != null && (usages[5] || usages[6]); // keyCertSign, cRLSign
    return certificate.getBasicConstraints() >= 0 || signs
        ? Optional.of("it is a signing certificate")
        : Optional.empty();
  }

  /** Returns the certificate, for what else it says. */
  public X509Certificate certificate() {
    return certificate;
  }

  /** Shows the first ten names, or the subject if there are none; printable, for logs. */
  @Override
  public String toString() {
    List<String> all =
        Stream.of(
                dnsNames.stream().map("DNS "::concat),
                ipAddresses.stream().map(address -> "IP " + address.getHostAddress()),
                uris.stream().map("URI "::concat))
            .flatMap(names -> names)
            .toList();
    if (all.isEmpty()) {
      return "no names, subject " + shown(certificate.getSubjectX500Principal().getName());
    }
    return all.stream().limit(MOST_SHOWN).map(PeerNames::shown).collect(Collectors.joining(", "))
        + (all.size() > MOST_SHOWN ? " and " + (all.size() - MOST_SHOWN) + " more" : "");
  }

  private static String shown(String name) {
    String printable = name.replaceAll("[^\\x20-\\x7e]", "?");
    return printable.length() <= LONGEST_SHOWN
        ? printable
        : printable.substring(0, LONGEST_SHOWN) + "...";
  }
}
