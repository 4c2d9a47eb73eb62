package io.podtls.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.simple.SimpleConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.podtls.PodTls;
import io.podtls.peer.Peers;
import io.podtls.testing.PodTlsExtension;
import io.podtls.testing.TestAuthority;
import java.io.IOException;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.net.InetAddress;
import java.time.Duration;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(PodTlsExtension.class)
class PodTlsMetricsTest {

  private static final double DAY = Duration.ofHours(24).toSeconds();

  private TestAuthority authority;
  private SimpleMeterRegistry registry;

  @BeforeEach
  void bindToTheAuthoritysClock(TestAuthority given) {
    authority = given;
    registry =
        new SimpleMeterRegistry(
            SimpleConfig.DEFAULT,
            new Clock() {
              @Override
              public long wallTime() {
                return authority.time().instant().toEpochMilli();
              }

              @Override
              public long monotonicTime() {
                return System.nanoTime();
              }
            });
  }

  private double gauge(String name) {
    return registry.get(name).gauge().value();
  }

  private double counter(String name) {
    return registry.get(name).counter().count();
  }

  private double failures(String exception) {
    return registry.get("podtls.failures").tag("exception", exception).counter().count();
  }

  @Test
  @DisplayName("a handle that is ready: 1, its generation, and its certificate's times in seconds")
  void ready() throws Exception {
    try (PodTls tls = authority.podTls("orders")) {
      PodTlsMetrics.of(tls).bindTo(registry);

      assertThat(gauge("podtls.ready")).isEqualTo(1);
      assertThat(gauge("podtls.generation")).isEqualTo(1);
      assertThat(registry.get("podtls.certificate.remaining").timeGauge().value())
          .isCloseTo(DAY, within(60.0));
      assertThat(registry.get("podtls.certificate.lifetime").timeGauge().value())
          .isCloseTo(DAY + 300, within(60.0));
      assertThat(gauge("podtls.request.pending")).isZero();
      assertThat(registry.get("podtls.certificate.remaining").meter().getId().getBaseUnit())
          .isEqualTo("seconds");
    }
  }

  @Test
  @DisplayName("each rotation is a renewal and a generation")
  void renewals() throws Exception {
    try (PodTls tls = authority.podTls("orders")) {
      PodTlsMetrics.of(tls).bindTo(registry);

      authority.rotate();
      authority.rotate();

      assertThat(counter("podtls.renewals")).isEqualTo(2);
      assertThat(gauge("podtls.generation")).isEqualTo(3);
    }
  }

  @Test
  @DisplayName("a denied renewal and an unavailable signer are failures of different kinds")
  void failuresByKind() throws Exception {
    try (PodTls tls = authority.podTls("orders")) {
      PodTlsMetrics.of(tls).bindTo(registry);
      assertThat(failures("CertificateDeniedException")).isZero();

      authority.deny("PolicyViolation");
      authority.advance(Duration.ofHours(13));

      assertThat(failures("CertificateDeniedException")).isPositive();
      assertThat(failures("SignerUnavailableException")).isZero();
      assertThat(gauge("podtls.ready")).isEqualTo(1);

      authority.unavailableFor(Duration.ofHours(5));
      authority.advance(Duration.ofHours(4));

      assertThat(failures("SignerUnavailableException")).isPositive();
    }
  }

  @Test
  @DisplayName("an expired certificate: not ready, and the remaining time is negative")
  void expired() throws Exception {
    try (PodTls tls = authority.podTls("orders")) {
      PodTlsMetrics.of(tls).bindTo(registry);

      authority.expire();

      assertThat(gauge("podtls.ready")).isZero();
      assertThat(gauge("podtls.certificate.remaining")).isNegative();
    }
  }

  @Test
  @DisplayName("a client whose names do not match is a refused peer")
  void refusedPeers() throws Exception {
    try (PodTls tls =
            PodTls.requesting(authority.request("orders"), authority.signer())
                .trusting(authority.trust())
                .peers(Peers.services("default/billing"))
                .scheduler(authority.time())
                .clock(authority.time())
                .bootstrap(Duration.ofSeconds(30));
        SSLServerSocket server =
            (SSLServerSocket)
                tls.sslContext()
                    .getServerSocketFactory()
                    .createServerSocket(0, 1, InetAddress.getLoopbackAddress());
        SSLSocket client =
            (SSLSocket)
                authority
                    .peer("other")
                    .getSocketFactory()
                    .createSocket("localhost", server.getLocalPort())) {
      PodTlsMetrics.of(tls).bindTo(registry);
      server.setNeedClientAuth(true);
      Thread calling =
          new Thread(
              () -> {
                try {
                  client.startHandshake();
                  client.getInputStream().read();
                } catch (IOException e) {
                  // The server refuses it.
                }
              });
      calling.start();
      try (SSLSocket accepted = (SSLSocket) server.accept()) {
        assertThatThrownBy(accepted::startHandshake).isInstanceOf(SSLException.class);
      }
      calling.join(30_000);
      authority.advance(Duration.ofSeconds(1));

      assertThat(counter("podtls.peers.refused")).isEqualTo(1);
    }
  }

  @Test
  @DisplayName("before the first generation: not ready, no certificate")
  void notReady() {
    authority.unavailableFor(Duration.ofHours(1));
    try (PodTls tls = starting()) {
      PodTlsMetrics.of(tls, Tags.of("handle", "orders")).bindTo(registry);

      assertThat(registry.get("podtls.ready").tag("handle", "orders").gauge().value()).isZero();
      assertThat(gauge("podtls.certificate.remaining")).isNaN();
      assertThat(gauge("podtls.certificate.lifetime")).isNaN();
    }
  }

  private PodTls starting() {
    return PodTls.requesting(authority.request("orders"), authority.signer())
        .trusting(authority.trust())
        .scheduler(authority.time())
        .clock(authority.time())
        .start();
  }

  @Test
  @DisplayName("a closed handle is not ready, and neither the meters nor the registry keep it")
  void closed() throws Exception {
    ReferenceQueue<PodTls> collected = new ReferenceQueue<>();
    PodTls tls = authority.podTls("orders");
    PodTlsMetrics metrics = PodTlsMetrics.of(tls);
    metrics.bindTo(registry);
    WeakReference<PodTls> handle = new WeakReference<>(tls, collected);

    tls.close();
    tls = null;

    authority.advance(Duration.ofSeconds(1));
    assertThat(gauge("podtls.ready")).isZero();
    assertThat(gauge("podtls.generation")).isNaN();
    assertThat(collectedSoon(collected)).isSameAs(handle);
    metrics.bindTo(new SimpleMeterRegistry());
  }

  @Test
  @DisplayName("a handle that was closed before binding is not kept either")
  void closedBefore() throws Exception {
    PodTls tls = authority.podTls("orders");
    tls.close();

    PodTlsMetrics.of(tls).bindTo(registry);

    assertThat(gauge("podtls.ready")).isZero();
    assertThat(gauge("podtls.generation")).isNaN();
  }

  private static Object collectedSoon(ReferenceQueue<?> queue) throws InterruptedException {
    for (int i = 0; i < 20; i++) {
      System.gc();
      Object reference = queue.remove(500);
      if (reference != null) {
        return reference;
      }
    }
    return null;
  }
}
