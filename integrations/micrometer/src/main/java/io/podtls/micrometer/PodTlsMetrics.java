package io.podtls.micrometer;

import static java.util.Objects.requireNonNull;

import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.podtls.Generation;
import io.podtls.PodTls;
import io.podtls.PodTlsListener;
import io.podtls.failure.CertificateDeniedException;
import io.podtls.failure.CertificateFailedException;
import io.podtls.failure.InvalidCertificateException;
import io.podtls.failure.InvalidMaterialException;
import io.podtls.failure.PodTlsException;
import io.podtls.failure.SignerUnavailableException;
import io.podtls.identity.TlsIdentity;
import io.podtls.peer.PeerNames;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * The meters of a handle.
 *
 * <pre>{@code
 * PodTlsMetrics.of(tls).bindTo(registry);
 * }</pre>
 *
 * <table>
 * <caption>The meters; times are in the registry's base unit, which is seconds in most</caption>
 * <tr><th>name</th><th>kind</th><th>value</th></tr>
 * <tr><td>{@code podtls.ready}</td><td>gauge</td><td>1 if handshakes can succeed, else 0</td></tr>
 * <tr><td>{@code podtls.generation}</td><td>gauge</td><td>the number of the generation in use, 0
 *     before the first</td></tr>
 * <tr><td>{@code podtls.certificate.remaining}</td><td>time gauge</td><td>until the certificate in
 *     use expires, negative afterwards; NaN without one</td></tr>
 * <tr><td>{@code podtls.certificate.lifetime}</td><td>time gauge</td><td>from its notBefore to its
 *     notAfter; NaN without one</td></tr>
 * <tr><td>{@code podtls.request.pending}</td><td>time gauge</td><td>how long the request in flight
 *     has waited in its stage; 0 if none waits</td></tr>
 * <tr><td>{@code podtls.renewals}</td><td>counter</td><td>identities put in use after the
 *     first</td></tr>
 * <tr><td>{@code podtls.failures}</td><td>counter</td><td>failed attempts; the tag {@code
 *     exception} is the simple name of the {@link PodTlsException}</td></tr>
 * <tr><td>{@code podtls.peers.refused}</td><td>counter</td><td>calls of {@link
 *     PodTlsListener#peerRefused}, which is called at most 20 times per minute</td></tr>
 * </table>
 *
 * <p>Counters count from the binding on. After the handle is closed, {@code podtls.ready} is 0, the
 * other gauges are NaN, and nothing here or in the registry refers to the handle. Give each of
 * several handles in one registry tags of its own.
 *
 * <p><b>Thread safety:</b> safe for use by any number of threads.
 */
public final class PodTlsMetrics implements MeterBinder {

  private static final List<Class<? extends PodTlsException>> FAILURES =
      List.of(
          CertificateDeniedException.class,
          CertificateFailedException.class,
          InvalidCertificateException.class,
          InvalidMaterialException.class,
          SignerUnavailableException.class);

  private final Tags tags;
  private volatile @Nullable PodTls open;

  private PodTlsMetrics(PodTls tls, Tags tags) {
    this.open = requireNonNull(tls, "tls");
    this.tags = tags;
  }

  /**
   * Returns the meters of the only handle of an application.
   *
   * @param tls the handle, which need not be ready; remains the caller's to close
   * @return the meters, to be bound to registries
   */
  public static PodTlsMetrics of(PodTls tls) {
    return new PodTlsMetrics(tls, Tags.empty());
  }

  /**
   * Returns the meters of one of several handles.
   *
   * @param tls the handle, which need not be ready; remains the caller's to close
   * @param tags tags of all meters, which tell the handle from the others
   * @return the meters, to be bound to registries
   */
  public static PodTlsMetrics of(PodTls tls, Iterable<Tag> tags) {
    return new PodTlsMetrics(tls, Tags.of(tags));
  }

  /**
   * Adds the meters to a registry. The age of a request and the time to expiry go by the registry's
   * clock.
   *
   * @param registry the registry
   */
  @Override
  public void bindTo(MeterRegistry registry) {
    Clock clock = registry.config().clock();
    Gauge.builder("podtls.ready", () -> value(0, tls -> tls.status().ready() ? 1 : 0))
        .description("Whether handshakes can succeed")
        .tags(tags)
        .register(registry);
    Gauge.builder("podtls.generation", () -> value(Double.NaN, tls -> tls.status().generation()))
        .description("The number of the generation in use")
        .tags(tags)
        .register(registry);
    time(
        registry,
        "podtls.certificate.remaining",
        "The time until the certificate in use expires",
        tls -> tls.status().validUntil().map(end -> seconds(now(clock), end)));
    time(
        registry,
        "podtls.certificate.lifetime",
        "The whole life of the certificate in use",
        tls -> identity(tls).map(used -> seconds(used.notBefore(), used.notAfter())));
    time(
        registry,
        "podtls.request.pending",
        "How long the request in flight has waited in its stage",
        tls ->
            Optional.of(
                tls.status()
                    .pending()
                    .map(request -> seconds(request.since(), now(clock)))
                    .orElse(0.0)));
    PodTls tls = open;
    if (tls != null) {
      tls.addListener(new Counters(registry));
      forgetIfClosed(tls);
    }
  }

  private void time(
      MeterRegistry registry,
      String name,
      String description,
      Function<PodTls, Optional<Double>> seconds) {
    TimeGauge.builder(
            name,
            () -> value(Double.NaN, tls -> seconds.apply(tls).orElse(Double.NaN)),
            TimeUnit.SECONDS)
        .description(description)
        .tags(tags)
        .register(registry);
  }

  private double value(double closed, ToDoubleFunction<PodTls> function) {
    PodTls tls = open;
    return tls == null ? closed : function.applyAsDouble(tls);
  }

  /** A closed handle has no event any more, not even that it is closed. */
  private void forgetIfClosed(PodTls tls) {
    try {
      tls.sslContext();
    } catch (IllegalStateException e) {
      open = null;
    }
  }

  private static Optional<TlsIdentity> identity(PodTls tls) {
    return tls.status().generation() == 0
        ? Optional.empty()
        : Optional.of(tls.generation()).flatMap(Generation::identity);
  }

  private static Instant now(Clock clock) {
    return Instant.ofEpochMilli(clock.wallTime());
  }

  private static double seconds(Instant from, Instant to) {
    return Duration.between(from, to).toMillis() / 1000.0;
  }

  private final class Counters implements PodTlsListener {
    private final MeterRegistry registry;
    private final Counter renewals;
    private final Counter refusedPeers;

    Counters(MeterRegistry registry) {
      this.registry = registry;
      renewals =
          Counter.builder("podtls.renewals")
              .description("Identities put in use after the first")
              .tags(tags)
              .register(registry);
      refusedPeers =
          Counter.builder("podtls.peers.refused")
              .description("Peers that were not let in for their names")
              .tags(tags)
              .register(registry);
      FAILURES.forEach(this::failures);
    }

    private Counter failures(Class<? extends PodTlsException> kind) {
      return Counter.builder("podtls.failures")
          .description("Failed attempts to get a certificate or the trust bundle")
          .tags(tags)
          .tag("exception", kind.getSimpleName())
          .register(registry);
    }

    @Override
    public void renewed(TlsIdentity previous, TlsIdentity current, Optional<Instant> nextRenewal) {
      renewals.increment();
    }

    @Override
    public void failed(PodTlsException failure, Instant nextAttempt) {
      failures(failure.getClass()).increment();
    }

    @Override
    public void peerRefused(PeerNames names, String reason) {
      refusedPeers.increment();
    }

    @Override
    public void closed() {
      open = null;
    }
  }
}
