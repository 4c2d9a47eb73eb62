package io.podtls.fabric8.approval;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElectionConfigBuilder;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElector;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaderElectionRecord;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.Lock;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Whether this replica is the one to act. It spares work and noise; what keeps two replicas from
 * contradicting each other is the resource version in every update.
 */
final class Leadership implements AutoCloseable {

  private static final System.Logger LOG = System.getLogger(Leadership.class.getName());
  private static final Duration CLOSING = Duration.ofSeconds(2);

  private final KubernetesClient client;
  private final FencedLock lock;
  private final Duration lease;
  private final Runnable onStart;
  private final Runnable onStop;
  private final ScheduledThreadPoolExecutor thread;
  private volatile boolean elected;
  private volatile boolean closed;
  private @Nullable CompletableFuture<?> election; // used by the thread alone

  Leadership(
      KubernetesClient client, Lock lock, Duration lease, Runnable onStart, Runnable onStop) {
    this.client = client;
    this.lock = new FencedLock(lock, this::renewed);
    this.lease = lease;
    this.onStart = onStart;
    this.onStop = onStop;
    this.thread = DaemonThreads.pool("podtls-approver-election", 1);
  }

  void start() {
    thread.execute(this::elect);
  }

  /** Whether this replica leads: it was elected, and its lease cannot have passed to another. */
  boolean isHeld() {
    return elected && lock.sinceRenewal().compareTo(renewDeadline()) < 0;
  }

  /** Gives the lease back, if that works within two seconds. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      thread.submit(this::abandon).get(CLOSING.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      LOG.log(Level.DEBUG, () -> "cannot give back " + lock.describe() + "; it will expire", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    thread.shutdownNow();
  }

  private void elect() {
    if (closed) {
      return;
    }
    LeaderElector elector =
        new LeaderElector(
            client,
            new LeaderElectionConfigBuilder()
                .withName(lock.describe())
                .withLock(lock)
                .withLeaseDuration(lease)
                .withRenewDeadline(renewDeadline())
                .withRetryPeriod(retryPeriod())
                .withReleaseOnCancel(true)
                .withLeaderCallbacks(
                    new LeaderCallbacks(this::started, this::stopped, leader -> {}))
                .build(),
            thread);
    election = elector.start();
    Future<?> unused = election.whenComplete((done, failure) -> electAgain());
  }

  /** An election ends when the lease is lost; then there is another one. */
  private void electAgain() {
    if (!closed) {
      try {
        Future<?> unused =
            thread.schedule(this::elect, retryPeriod().toMillis(), TimeUnit.MILLISECONDS);
      } catch (RejectedExecutionException e) {
        // Closed just now.
      }
    }
  }

  private void abandon() {
    if (election != null) {
      election.cancel(true);
    }
    stopped();
  }

  private void started() {
    if (!closed && !elected) {
      elected = true;
      onStart.run();
    }
  }

  /** Goes on after a renewal that came so late that the lease did not count any more. */
  private void renewed(Duration previousAge) {
    if (elected && !closed && previousAge.compareTo(renewDeadline()) >= 0) {
      onStart.run();
    }
  }

  private void stopped() {
    if (elected) {
      elected = false;
      onStop.run();
    }
  }

  private Duration renewDeadline() {
    return lease.multipliedBy(2).dividedBy(3);
  }

  private Duration retryPeriod() {
    return lease.multipliedBy(2).dividedBy(15);
  }

  /**
   * Knows when the lease was last renewed, so that a replica that was suspended does not believe an
   * old election. Also turns every failure into the one that the elector expects; on others it
   * would never try again.
   */
  private static final class FencedLock implements Lock {
    private final Lock lock;
    private final Consumer<Duration> onRenewal;
    private volatile long renewed = System.nanoTime();

    /**
     * Wraps a lock.
     *
     * @param onRenewal told how old the lease was, each time when it is renewed
     */
    FencedLock(Lock lock, Consumer<Duration> onRenewal) {
      this.lock = lock;
      this.onRenewal = onRenewal;
    }

    Duration sinceRenewal() {
      return Duration.ofNanos(System.nanoTime() - renewed);
    }

    @Override
    public @Nullable LeaderElectionRecord get(KubernetesClient client) {
      try {
        return lock.get(client);
      } catch (RuntimeException e) {
        throw asExpected(e);
      }
    }

    @Override
    public void create(KubernetesClient client, LeaderElectionRecord leader) {
      write(leader, () -> lock.create(client, leader));
    }

    @Override
    public void update(KubernetesClient client, LeaderElectionRecord leader) {
      write(leader, () -> lock.update(client, leader));
    }

    @Override
    public String identity() {
      return lock.identity();
    }

    @Override
    public String describe() {
      return lock.describe();
    }

    private void write(LeaderElectionRecord leader, Runnable writing) {
      // The lease counts from the time in the record, which others read, not from now.
      long since =
          Duration.between(leader.getRenewTime(), ZonedDateTime.now(ZoneOffset.UTC)).toNanos();
      long asked = System.nanoTime() - Math.max(0, since);
      try {
        writing.run();
      } catch (RuntimeException e) {
        throw asExpected(e);
      }
      if (identity().equals(leader.getHolderIdentity())) {
        Duration age = sinceRenewal();
        renewed = asked;
        onRenewal.accept(age);
      }
    }

    private KubernetesClientException asExpected(RuntimeException failure) {
      return failure instanceof KubernetesClientException expected
          ? expected
          : new KubernetesClientException("cannot use " + describe(), failure);
    }
  }
}
