package io.podtls.trust;

import static org.assertj.core.api.Assertions.assertThat;

import io.podtls.testing.TestCa;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.security.auth.x500.X500Principal;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class CrowdedSubjectsTest {

  private static final X500Principal KUBERNETES = new X500Principal("CN=kubernetes");
  private static final KeyPair KEYS = TestCa.newKeyPair();

  @Test
  @DisplayName(
      "few anchors of one subject are no crowd: the JDK's own trust manager is used as it is")
  void noCrowd() {
    List<X509Certificate> anchors = new ArrayList<>(certificates(roots(8)));
    for (int i = 0; i < 20; i++) {
      anchors.add(TestCa.root("ca" + i).certificate());
    }
    assertThat(CrowdedSubjects.among(anchors).isEmpty()).isTrue();
    assertThat(TrustBundle.of(anchors).trustManager()).isNotInstanceOf(CrowdedTrust.class);
  }

  @Test
  @DisplayName("the newest anchor is tried first, of equally old ones the last in the bundle")
  void newestFirst() {
    Instant now = Instant.now();
    List<TestCa> roots = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      // Two of each age, the newest in the middle.
      Instant from = now.minus(Duration.ofDays(100 + Math.abs(i - 4)));
      roots.add(TestCa.root("kubernetes", from, now.plus(Duration.ofDays(100))));
    }
    List<X509Certificate> anchors = certificates(roots);

    assertThat(CrowdedSubjects.among(anchors).candidates(KUBERNETES))
        .containsExactlyElementsOf(
            List.of(4, 5, 3, 6, 2, 7, 1, 8, 0).stream().map(anchors::get).toList());
  }

  @Test
  @DisplayName("the anchor found last is tried first the next time")
  void foundLastFirst() {
    List<TestCa> roots = roots(20);
    CrowdedSubjects crowds = CrowdedSubjects.among(certificates(roots));
    X509Certificate signer = roots.get(3).certificate();

    assertThat(crowds.anchorOf(chain(roots.get(3).leaf(KEYS.getPublic()).issue())))
        .contains(signer);
    assertThat(crowds.candidates(KUBERNETES)).first().isEqualTo(signer);
    assertThat(crowds.candidates(KUBERNETES)).hasSize(20).doesNotHaveDuplicates();
  }

  @Test
  @DisplayName("the anchor is found below intermediates, and not at all for a stranger's chain")
  void findsAnchor() {
    List<TestCa> roots = roots(20);
    CrowdedSubjects crowds = CrowdedSubjects.among(certificates(roots));
    List<X509Certificate> chain =
        roots.get(11).intermediate("issuing").leaf(KEYS.getPublic()).issueChain();

    assertThat(crowds.anchorOf(chain.toArray(X509Certificate[]::new)))
        .contains(roots.get(11).certificate());
    assertThat(
            crowds.anchorOf(
                chain(
                    TestCa.rootWithoutKeyIdentifiers("kubernetes").leaf(KEYS.getPublic()).issue())))
        .isEmpty();
    assertThat(crowds.anchorOf(chain(TestCa.root("other").leaf(KEYS.getPublic()).issue())))
        .isEmpty();
  }

  @Test
  @DisplayName("where both sides carry key identifiers the JDK finds the anchor by itself")
  void identified() throws Exception {
    List<TestCa> roots = Stream.generate(() -> TestCa.root("kubernetes")).limit(20).toList();
    List<X509Certificate> anchors = certificates(roots);
    X509Certificate leaf = roots.get(19).leaf(KEYS.getPublic()).issue();

    assertThat(CrowdedSubjects.among(anchors).isEmpty()).isFalse();
    assertThat(CrowdedSubjects.among(anchors).anchorOf(chain(leaf))).isEmpty();
    TrustBundle.of(anchors).trustManager().checkServerTrusted(chain(leaf), "ECDHE_ECDSA");

    List<X509Certificate> mixed = new ArrayList<>(anchors);
    mixed.addAll(certificates(roots(1)));
    assertThat(CrowdedSubjects.among(mixed).anchorOf(chain(leaf))).contains(anchors.get(19));
  }

  private static List<TestCa> roots(int count) {
    List<TestCa> roots = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      roots.add(TestCa.rootWithoutKeyIdentifiers("kubernetes"));
    }
    return roots;
  }

  private static List<X509Certificate> certificates(List<TestCa> authorities) {
    return authorities.stream().map(TestCa::certificate).toList();
  }

  private static X509Certificate[] chain(X509Certificate... chain) {
    return chain;
  }
}
