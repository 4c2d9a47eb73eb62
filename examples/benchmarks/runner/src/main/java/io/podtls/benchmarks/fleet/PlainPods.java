package io.podtls.benchmarks.fleet;

import io.podtls.fabric8.SimulatedCluster;
import io.podtls.testing.VirtualTime;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * How others follow the same cluster, reduced to the requests that they make.
 *
 * <p>Thread safety: for the thread that moves the time.
 */
final class PlainPods {
  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);
  private static final Duration POLL = Duration.ofSeconds(5);

  /** client-go sends a request again so often when it is answered 429 with Retry-After. */
  private static final int CLIENT_GO_RETRIES = 10;

  private final VirtualTime time;
  private final SimulatedCluster cluster;
  private final Runnable ready;

  PlainPods(VirtualTime time, SimulatedCluster cluster, Runnable ready) {
    this.time = time;
    this.cluster = cluster;
    this.ready = ready;
  }

  /** Creates, again after each Retry-After, then reads every five seconds. */
  void startPolling(String name) {
    if (cluster.create(name)) {
      later(POLL, () -> poll(name));
    } else {
      later(RETRY_AFTER, () -> startPolling(name));
    }
  }

  private void poll(String name) {
    if (cluster.isIssued(name, "get")) {
      ready.run();
    } else {
      later(POLL, () -> poll(name));
    }
  }

  /**
   * As client-go's certificate manager does: the REST client sends a create again up to ten times
   * after Retry-After, the manager tries again after 2 s, 4 s, 8 s and so on, up to 128 s; then one
   * list and a reflector's list and watch.
   */
  void startAsClientGo(String name) {
    clientGo(name, 0, Duration.ofSeconds(2));
  }

  private void clientGo(String name, int retries, Duration backoff) {
    if (cluster.create(name)) {
      if (cluster.isIssued(name, "list")) {
        ready.run();
      } else {
        cluster.whenIssued(name, ready);
      }
    } else if (retries < CLIENT_GO_RETRIES) {
      later(RETRY_AFTER, () -> clientGo(name, retries + 1, backoff));
    } else {
      Duration next = backoff.multipliedBy(2);
      Duration longest = Duration.ofSeconds(128);
      later(backoff, () -> clientGo(name, 0, next.compareTo(longest) < 0 ? next : longest));
    }
  }

  private void later(Duration delay, Runnable task) {
    var unused = time.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
  }
}
