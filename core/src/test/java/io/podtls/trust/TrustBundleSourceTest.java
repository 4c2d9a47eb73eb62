package io.podtls.trust;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.podtls.failure.InvalidMaterialException;
import io.podtls.failure.SignerUnavailableException;
import io.podtls.testing.KubeletVolume;
import io.podtls.testing.TestCa;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class TrustBundleSourceTest {

  private static final TrustBundle FIRST = TrustBundle.of(List.of(TestCa.root("1").certificate()));
  private static final TrustBundle SECOND = TrustBundle.of(List.of(TestCa.root("2").certificate()));

  @TempDir Path directory;

  @Test
  @DisplayName("a PEM file is read at each load, and parsed again only if its bytes changed")
  void readsFileAnew() throws Exception {
    Path file = directory.resolve("ca.crt");
    TrustBundleSource source = TrustBundleSource.pemFile(file);

    Files.writeString(file, FIRST.toPem());
    assertThat(source.load()).isEqualTo(FIRST).isSameAs(source.load());
    Files.writeString(file, SECOND.toPem());
    assertThat(source.load()).isEqualTo(SECOND);
    assertThat(source.description()).isEqualTo(file.toString());
    assertThat(source).hasToString(file.toString());
    assertThat(source.pollInterval()).isEqualTo(Duration.ofSeconds(1));
    assertThat(source.warnings()).isEmpty();
  }

  @Test
  @DisplayName("a swap of the volume under the file is seen by the next load")
  void followsVolume() {
    KubeletVolume volume = new KubeletVolume(directory).write(Map.of("ca.crt", FIRST.toPem()));
    TrustBundleSource source = TrustBundleSource.pemFile(volume.file("ca.crt"));

    assertThat(source.load()).isEqualTo(FIRST);
    volume.write(Map.of("ca.crt", FIRST.toPem() + SECOND.toPem()));
    assertThat(source.load()).isEqualTo(FIRST.union(SECOND));
    volume.write(Map.of("ca.crt", SECOND.toPem()));
    assertThat(source.load()).isEqualTo(SECOND);
  }

  @Test
  @DisplayName("a file that went bad is an error at each load until it is good again")
  void goesBadAndRecovers() throws Exception {
    Path file = Files.writeString(directory.resolve("ca.crt"), FIRST.toPem());
    TrustBundleSource source = TrustBundleSource.pemFile(file);
    TrustBundle before = source.load();

    Files.writeString(file, "");
    for (int load = 0; load < 2; load++) {
      assertThatThrownBy(source::load).hasMessage(file + ": is empty");
    }
    Files.writeString(file, FIRST.toPem());
    assertThat(source.load()).isEqualTo(before);
  }

  static Stream<Arguments> unusable() {
    String pem = FIRST.toPem();
    return Stream.of(
        Arguments.of("", "is empty"),
        Arguments.of("not a certificate", "has no PEM block (17 bytes without a BEGIN line)"),
        Arguments.of(
            pem.substring(0, pem.length() / 2),
            "block 1 is truncated: BEGIN CERTIFICATE without END"),
        Arguments.of(
            pem.replaceAll("CERTIFICATE", "PRIVATE KEY"),
            "has no CERTIFICATE block (found: PRIVATE KEY)"),
        Arguments.of(pem.replaceFirst("MII", "!!!"), "block 1 is not base64"));
  }

  @ParameterizedTest
  @MethodSource("unusable")
  @DisplayName("a file without a bundle is an error that names it and what was found")
  void unusableFile(String text, String problem) throws Exception {
    Path file = Files.writeString(directory.resolve("ca.crt"), text);
    TrustBundleSource source = TrustBundleSource.pemFile(file);
    assertThatThrownBy(source::load)
        .isInstanceOfSatisfying(
            InvalidMaterialException.class, e -> assertThat(e.source()).isEqualTo(file.toString()))
        .hasMessage(file + ": " + problem);
    assertThatThrownBy(source::sslContext).isInstanceOf(InvalidMaterialException.class);
  }

  @Test
  @DisplayName("a missing file is an error that names it and says what to mount")
  void missingFile() {
    Path file = directory.resolve("ca.crt");
    assertThatThrownBy(() -> TrustBundleSource.pemFile(file).load())
        .isInstanceOf(InvalidMaterialException.class)
        .hasMessage(
            file
                + ": does not exist: its directory is empty; mount a ConfigMap with the CA bundle"
                + " as a directory, e.g. kube-root-ca.crt (key ca.crt), or project a"
                + " clusterTrustBundle there");
  }

  @Test
  @DisplayName("outside a pod the cluster CA is missing, and the message says why that may be")
  void clusterCaOutsidePod() {
    TrustBundleSource source = TrustBundleSource.clusterCa();
    assertThat(source.description())
        .isEqualTo("/var/run/secrets/kubernetes.io/serviceaccount/ca.crt");
    Assumptions.assumeFalse(Files.exists(Path.of(source.description())));
    assertThatThrownBy(source::load)
        .isInstanceOf(InvalidMaterialException.class)
        .hasMessageStartingWith(source.description() + ": does not exist")
        .hasMessageContaining("automountServiceAccountToken")
        .hasMessageContaining("kube-root-ca.crt");
  }

  @Test
  @DisplayName("a fixed bundle is itself, for ever")
  void fixed() {
    TrustBundleSource source = TrustBundleSource.fixed(FIRST);
    assertThat(source.load()).isSameAs(FIRST);
    assertThat(source.description()).isEqualTo("TrustBundle[1 certificate: CN=1]");
    assertThat(source.pollInterval()).isZero();
  }

  @Test
  @DisplayName("a combination is the union of its parts, each read at each load")
  void combined() throws Exception {
    Path file = Files.writeString(directory.resolve("ca.crt"), FIRST.toPem());
    TrustBundleSource source =
        TrustBundleSource.combined(
            TrustBundleSource.pemFile(file), TrustBundleSource.fixed(SECOND));

    assertThat(source.load()).isEqualTo(FIRST.union(SECOND));
    assertThat(source.description()).isEqualTo(file + " and TrustBundle[1 certificate: CN=2]");
    assertThat(source.pollInterval()).isEqualTo(Duration.ofSeconds(1));
    Files.writeString(file, SECOND.toPem());
    assertThat(source.load()).isEqualTo(SECOND);
  }

  @Test
  @DisplayName("a combination fails if a part does")
  void combinedFails() {
    TrustBundleSource source =
        TrustBundleSource.combined(
            TrustBundleSource.fixed(FIRST), TrustBundleSource.pemFile(directory.resolve("ca.crt")));
    assertThatThrownBy(source::load).isInstanceOf(InvalidMaterialException.class);
  }

  @Test
  @DisplayName("a combination passes on hints and warnings, and asks as seldom as its dearest part")
  void combinedPassesOn() throws Exception {
    HintingSource first = new HintingSource();
    HintingSource second = new HintingSource();
    TrustBundleSource source =
        TrustBundleSource.combined(first, TrustBundleSource.fixed(FIRST), second);
    List<String> hints = new ArrayList<>();

    AutoCloseable registration = source.onChange(() -> hints.add("hint"));
    first.hint.run();
    second.hint.run();

    assertThat(hints).hasSize(2);
    assertThat(source.warnings()).containsExactly("beware");
    assertThat(source.pollInterval()).isEqualTo(Duration.ofMinutes(1));
    registration.close();
    assertThat(first.closed && second.closed).isTrue();
  }

  @Test
  @DisplayName("a part whose hints cannot be ended does not keep those of the others")
  void combinedClosesAll() throws Exception {
    HintingSource failing = new HintingSource();
    failing.failToClose = true;
    HintingSource other = new HintingSource();
    AutoCloseable registration =
        TrustBundleSource.combined(failing, other, failing).onChange(() -> {});
    assertThatThrownBy(registration::close)
        .isInstanceOf(IllegalStateException.class)
        .satisfies(e -> assertThat(e.getSuppressed()).hasSize(1));
    assertThat(other.closed).isTrue();
  }

  @Test
  @DisplayName("a part that refuses hints leaves no other part hinting")
  void combinedRegistersAllOrNone() {
    HintingSource registered = new HintingSource();
    HintingSource refusing = new HintingSource();
    refusing.refuse = true;
    TrustBundleSource source = TrustBundleSource.combined(registered, refusing);
    assertThatThrownBy(() -> source.onChange(() -> {}))
        .isInstanceOf(SignerUnavailableException.class);
    assertThat(registered.closed).isTrue();
  }

  @Test
  @DisplayName(
      "the JVM's roots are those of its default trust manager, and only there when asked for")
  void jvmRoots() throws Exception {
    TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
    factory.init((KeyStore) null);
    X509Certificate[] roots =
        ((X509TrustManager) factory.getTrustManagers()[0]).getAcceptedIssuers();
    TrustBundleSource source = TrustBundleSource.jvmRoots();

    assertThat(source.load().certificates()).containsExactlyInAnyOrder(roots);
    assertThat(source.load()).isSameAs(source.load());
    assertThat(source.description()).isEqualTo("the JVM's own roots");
    assertThat(TrustBundleSource.combined(TrustBundleSource.fixed(FIRST), source).load())
        .isEqualTo(FIRST.union(source.load()));
    assertThat(TrustBundleSource.fixed(FIRST).load().certificates()).doesNotContain(roots);
  }

  @Test
  @DisplayName("a source of one's own needs a load and a description, no more")
  void ownSource() throws Exception {
    TrustBundleSource own =
        new TrustBundleSource() {
          @Override
          public TrustBundle load() {
            return FIRST;
          }

          @Override
          public String description() {
            return "own";
          }
        };
    assertThat(own.warnings()).isEmpty();
    assertThat(own.pollInterval()).isEqualTo(Duration.ofMinutes(1));
    assertThat(own.sslContext()).isNotNull();
    AutoCloseable registration = own.onChange(() -> {});
    assertThatCode(registration::close).doesNotThrowAnyException();
  }

  private static final class HintingSource implements TrustBundleSource {
    private Runnable hint;
    private boolean closed;
    private boolean failToClose;
    private boolean refuse;

    @Override
    public TrustBundle load() {
      return FIRST;
    }

    @Override
    public String description() {
      return "hinting";
    }

    @Override
    public List<String> warnings() {
      return List.of("beware");
    }

    @Override
    public AutoCloseable onChange(Runnable onHint) {
      if (refuse) {
        throw new SignerUnavailableException("no watch right", null);
      }
      hint = onHint;
      return () -> {
        closed = true;
        if (failToClose) {
          throw new IllegalStateException("stuck");
        }
      };
    }
  }
}
