package io.podtls.fabric8.approval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.mock;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaderElectionRecord;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.Lock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class LeadershipTest {

  private static final Duration LEASE = Duration.ofMillis(1500);

  private final AtomicReference<LeaderElectionRecord> lease = new AtomicReference<>();
  private final SharedLock firstLock = new SharedLock("first");
  private final SharedLock secondLock = new SharedLock("second");
  private final AtomicInteger firstStarts = new AtomicInteger();
  private final AtomicInteger firstStops = new AtomicInteger();
  private final Leadership first =
      new Leadership(
          mock(KubernetesClient.class),
          firstLock,
          LEASE,
          firstStarts::incrementAndGet,
          firstStops::incrementAndGet);
  private final Leadership second =
      new Leadership(mock(KubernetesClient.class), secondLock, LEASE, () -> {}, () -> {});

  @AfterEach
  void close() {
    first.close();
    second.close();
  }

  @Test
  @DisplayName("one of two leads; when it closes, it gives the lease back and the other leads")
  void handsOver() {
    first.start();
    ApprovalSite.await("the first to lead", first::isHeld);
    second.start();

    assertThat(second.isHeld()).isFalse();
    first.close();

    assertThat(first.isHeld()).isFalse();
    assertThat(firstStops).hasValueGreaterThanOrEqualTo(1);
    ApprovalSite.await("the second to lead", second::isHeld);
  }

  @Test
  @DisplayName("a leader that cannot renew its lease leads no more before another does")
  void fencesItself() {
    first.start();
    ApprovalSite.await("the first to lead", first::isHeld);
    second.start();
    firstLock.broken = true;

    ApprovalSite.await(
        "the second to lead",
        () -> {
          boolean secondHeld = second.isHeld();
          assertThat(secondHeld && first.isHeld()).isFalse();
          return secondHeld;
        });
    ApprovalSite.await("the first to know", () -> firstStops.get() >= 1);
  }

  @Test
  @DisplayName("a replica stands for election again, whatever its failures were")
  void standsAgain() {
    firstLock.broken = true;
    first.start();
    ApprovalSite.await("some attempts", () -> firstLock.attempts.get() >= 3);
    assertThat(first.isHeld()).isFalse();

    firstLock.broken = false;
    ApprovalSite.await("the first to lead", first::isHeld);
    firstLock.broken = true;
    ApprovalSite.await("the loss", () -> firstStops.get() >= 1);
    firstLock.broken = false;

    ApprovalSite.await("the first to lead again", first::isHeld);
    assertThat(firstStarts).hasValueGreaterThanOrEqualTo(2);
  }

  /** A lease in memory. */
  private final class SharedLock implements Lock {
    private final String identity;
    private final AtomicInteger attempts = new AtomicInteger();
    private volatile boolean broken;
    private LeaderElectionRecord read;

    SharedLock(String identity) {
      this.identity = identity;
    }

    @Override
    public LeaderElectionRecord get(KubernetesClient client) {
      attempts.incrementAndGet();
      if (broken) {
        throw new IllegalStateException("not the exception that the elector knows");
      }
      read = lease.get();
      return read;
    }

    @Override
    public void create(KubernetesClient client, LeaderElectionRecord leader) {
      write(null, leader);
    }

    @Override
    public void update(KubernetesClient client, LeaderElectionRecord leader) {
      write(read, leader);
    }

    @Override
    public String identity() {
      return identity;
    }

    @Override
    public String describe() {
      return "lease in memory (" + identity + ")";
    }

    private void write(LeaderElectionRecord expected, LeaderElectionRecord next) {
      if (!lease.compareAndSet(expected, next)) {
        throw new KubernetesClientException("conflict", 409, null);
      }
    }
  }
}
