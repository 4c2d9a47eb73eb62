package io.podtls.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.podtls.request.KeyUsage;
import io.podtls.request.PodEnvironment;
import io.podtls.testing.TestCa;
import java.net.InetAddress;
import java.nio.file.Path;
import java.security.PublicKey;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Peers")
class PeersTest {

  private static final TestCa CA = TestCa.root("peers");
  private static final PublicKey KEY = TestCa.newKeyPair().getPublic();
  private static final PodEnvironment POD =
      PodEnvironment.detect(
          Map.of("POD_NAMESPACE", "shop"), Path.of("/no/such"), Path.of("/no/such"));

  private static PeerNames names(UnaryOperator<TestCa.Leaf> shape) throws Exception {
    return PeerNames.of(shape.apply(CA.leaf(KEY)).issue());
  }

  private static PeerNames dns(String... names) throws Exception {
    return names(leaf -> leaf.dns(names));
  }

  private static PeerNames uri(String... uris) throws Exception {
    return names(leaf -> leaf.uri(uris));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "billing.shop.svc",
        "billing.shop.svc.cluster.local",
        "BILLING.Shop.svc",
        "cart.basket.svc",
        "cart.basket.svc.cluster.local"
      })
  @DisplayName("of Services let in both full names of each, in whatever case")
  void servicesLetIn(String name) throws Exception {
    Peers peers = Peers.services(POD, "billing", "basket/cart");
    assertThat(peers.refusal(dns(name))).isEmpty();
    assertThat(peers.refusal(dns("other.shop.svc", name))).as("one of several names").isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "billing",
        "billing.shop",
        "billing.basket.svc",
        "cart.shop.svc",
        "*.shop.svc",
        "billing.shop.svc.other.zone",
        "billing.shop.svc.cluster.local.evil.example",
        "pod.billing.shop.svc",
        "xbilling.shop.svc"
      })
  @DisplayName("of Services refuse other names, wildcards included")
  void servicesRefuse(String name) throws Exception {
    assertThat(Peers.services(POD, "billing", "basket/cart").refusal(dns(name)))
        .hasValue("it has no DNS name of the services [billing.shop.svc, cart.basket.svc]");
  }

  @Test
  @DisplayName("of Services refuse a name that is in the subject, a URI or an address only")
  void servicesWantDnsNames() throws Exception {
    Peers peers = Peers.services(POD, "billing");
    assertThat(peers.refusal(names(leaf -> leaf.subject("CN=billing.shop.svc")))).isPresent();
    assertThat(peers.refusal(uri("https://billing.shop.svc/"))).isPresent();
    assertThat(peers.refusal(names(leaf -> leaf.ip("10.0.0.1")))).isPresent();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "Billing", "a.b", "shop/", "/cart", "a/b/c", "*", "shop/*", "bill_ing"})
  @DisplayName("of Services cannot be made of what is no Service's name")
  void noServices(String service) {
    assertThatThrownBy(() -> Peers.services(POD, "billing", service))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"" + service + "\"");
  }

  @Test
  @DisplayName("refuse an empty extension for names: it has none, or this JDK cannot read it")
  void emptyNames() {
    X509Certificate empty = CA.leaf(KEY).subject("CN=billing.shop.svc").emptyNames().issue();
    for (Peers peers :
        List.of(Peers.services(POD, "billing"), Peers.spiffeIds("spiffe://cluster.local/**"))) {
      Throwable unreadable =
          catchThrowable(() -> assertThat(peers.refusal(PeerNames.of(empty))).isPresent());
      if (unreadable != null) {
        assertThat(unreadable).isInstanceOf(CertificateParsingException.class);
      }
    }
  }

  @Test
  @DisplayName("cannot be an empty list")
  void noEmptyLists() {
    assertThatThrownBy(() -> Peers.services(POD)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(Peers::spiffeIds).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @CsvSource({
    "spiffe://cluster.local/ns/shop/sa/billing, spiffe://cluster.local/ns/shop/sa/billing",
    "spiffe://cluster.local/ns/shop/sa/*,       spiffe://cluster.local/ns/shop/sa/billing",
    "spiffe://cluster.local/ns/*/sa/billing,    spiffe://cluster.local/ns/shop/sa/billing",
    "spiffe://cluster.local/**,                 spiffe://cluster.local/ns/shop/sa/billing",
    "spiffe://cluster.local/ns/**,              spiffe://cluster.local/ns/shop",
  })
  @DisplayName("of SPIFFE IDs let in what matches the pattern")
  void spiffeIdsLetIn(String pattern, String id) throws Exception {
    assertThat(Peers.spiffeIds("spiffe://other/x", pattern).refusal(uri(id))).isEmpty();
    assertThat(
            Peers.spiffeIds(pattern).refusal(names(leaf -> leaf.uri(id).dns("billing.shop.svc"))))
        .as("names of other kinds beside it")
        .isEmpty();
    assertThat(uri(id).spiffeId()).hasValue(id);
  }

  @ParameterizedTest
  @CsvSource({
    "spiffe://cluster.local/ns/shop/sa/*, spiffe://other.local/ns/shop/sa/billing",
    "spiffe://cluster.local/ns/shop/sa/*, spiffe://cluster.local.evil/ns/shop/sa/billing",
    "spiffe://cluster.local/ns/shop/sa/*, spiffe://clusterxlocal/ns/shop/sa/billing",
    "spiffe://cluster.local/ns/shop/sa/*, spiffe://cluster.local/ns/shop/sa",
    "spiffe://cluster.local/ns/shop/sa/*, spiffe://cluster.local/ns/shop/sa/billing/x",
    "spiffe://cluster.local/ns/shop/sa/billing, spiffe://cluster.local/ns/shop/sa/Billing",
    "spiffe://cluster.local/ns/**, spiffe://cluster.local/ns",
  })
  @DisplayName("of SPIFFE IDs refuse another trust domain, and what does not match the path")
  void spiffeIdsRefuse(String pattern, String id) throws Exception {
    assertThat(Peers.spiffeIds(pattern).refusal(uri(id)))
        .hasValue("its SPIFFE ID matches none of [" + pattern + "]");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "spiffe://cluster.local",
        "spiffe://cluster.local/",
        "spiffe://cluster.local/ns/",
        "spiffe://cluster.local//ns",
        "spiffe://cluster.local/ns/../x",
        "spiffe://cluster.local/ns/./x",
        "spiffe://Cluster.local/ns",
        "SPIFFE://cluster.local/ns",
        "spiffe://user@cluster.local/ns",
        "spiffe://cluster.local:8443/ns",
        "spiffe://cluster.local/ns?a",
        "spiffe://cluster.local/ns#a",
        "spiffe://cluster.local/n%73",
        "https://cluster.local/ns"
      })
  @DisplayName("of SPIFFE IDs refuse a URI that is no SPIFFE ID with a path")
  void noSpiffeId(String uri) throws Exception {
    assertThat(Peers.spiffeIds("spiffe://cluster.local/**").refusal(uri(uri)))
        .hasValue("its URI is no SPIFFE ID with a path");
    assertThat(uri(uri).spiffeId()).isEmpty();
  }

  @Test
  @DisplayName("of SPIFFE IDs read the longest ID of most segments on the smallest stack")
  void manySegments() throws Exception {
    PeerNames names = uri("spiffe://cluster.local" + "/a".repeat(1_013));
    Peers peers = Peers.spiffeIds("spiffe://cluster.local/**");
    AtomicReference<Object> refusal = new AtomicReference<>();
    Thread thread =
        new Thread(
            null,
            () -> {
              try {
                refusal.set(peers.refusal(names));
              } catch (StackOverflowError e) {
                refusal.set(e);
              }
            },
            "small stack",
            256 << 10);
    thread.start();
    thread.join();
    assertThat(refusal.get()).isEqualTo(Optional.empty());
  }

  @Test
  @DisplayName("of SPIFFE IDs refuse a certificate that is no X.509-SVID")
  void noSvid() throws Exception {
    Peers peers = Peers.spiffeIds("spiffe://cluster.local/**");
    String id = "spiffe://cluster.local/ns/shop";
    assertThat(peers.refusal(uri(id, "spiffe://cluster.local/ns/other")))
        .hasValue("it has 2 URIs, not one");
    assertThat(peers.refusal(uri(id, "https://a.example/"))).hasValue("it has 2 URIs, not one");
    assertThat(peers.refusal(dns("a.example"))).hasValue("it has no SPIFFE ID");
    assertThat(peers.refusal(names(leaf -> leaf.uri(id).asCa())))
        .hasValue("it is a signing certificate");
    for (KeyUsage signing : new KeyUsage[] {KeyUsage.CERT_SIGN, KeyUsage.CRL_SIGN}) {
      assertThat(peers.refusal(names(leaf -> leaf.uri(id).usages(signing))))
          .hasValue("it is a signing certificate");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "spiffe://cluster.local",
        "spiffe://*/ns",
        "spiffe://cluster.local/a*",
        "spiffe://cluster.local/**/a",
        "spiffe://cluster.local/../a",
        "spiffe://cluster.local/a/",
        "cluster.local/a",
        ""
      })
  @DisplayName("of SPIFFE IDs cannot be made of what is no pattern")
  void noPattern(String pattern) {
    assertThatThrownBy(() -> Peers.spiffeIds(pattern))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"" + pattern + "\"");
  }

  @Test
  @DisplayName("that match a predicate are those that it accepts; an exception is a refusal")
  void predicate() throws Exception {
    Peers peers =
        Peers.matching(names -> names.ipAddresses().contains(InetAddress.getLoopbackAddress()));
    assertThat(peers.refusal(names(leaf -> leaf.ip("127.0.0.1")))).isEmpty();
    assertThat(peers.refusal(names(leaf -> leaf.ip("127.0.0.2")))).isPresent();
    assertThat(
            Peers.matching(names -> names.dnsNames().get(0).isEmpty())
                .refusal(names(leaf -> leaf.ip("127.0.0.1"))))
        .hasValueSatisfying(
            reason -> assertThat(reason).startsWith("its names cannot be checked: "));
  }

  @Test
  @DisplayName("who are not named are refused with the name of the option; any trusted one is not")
  void unnamed() throws Exception {
    assertThat(Peers.none().refusal(dns("a.example")))
        .hasValueSatisfying(
            reason ->
                assertThat(reason).contains("peers(Peers.services(...))", "Peers.anyTrusted()"));
    assertThat(Peers.anyTrusted().refusal(names(leaf -> leaf))).isEmpty();
  }

  @Test
  @DisplayName("who name no peer cannot stand in for the host name")
  void insteadOfHostName() {
    assertThat(Peers.spiffeIds("spiffe://a/b").areInsteadOfHostName()).isFalse();
    assertThat(Peers.spiffeIds("spiffe://a/b").insteadOfHostName().areInsteadOfHostName()).isTrue();
    for (Peers peers : new Peers[] {Peers.none(), Peers.anyTrusted()}) {
      assertThatThrownBy(peers::insteadOfHostName).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  @DisplayName("show their names printable and bounded, and the subject if they have none")
  void text() throws Exception {
    assertThat(names(leaf -> leaf.dns("a.example", "b\nc").ip("10.0.0.1").uri("spiffe://a/b")))
        .hasToString("DNS a.example, DNS b?c, IP 10.0.0.1, URI spiffe://a/b");
    assertThat(names(leaf -> leaf.subject("CN=leaf"))).hasToString("no names, subject CN=leaf");
    String[] many = new String[5000];
    java.util.Arrays.fill(many, "n".repeat(1000) + ".example");
    assertThat(dns(many).toString()).hasSizeLessThan(2500).endsWith(" and 4990 more");
  }
}
