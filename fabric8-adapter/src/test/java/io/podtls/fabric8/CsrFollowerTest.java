package io.podtls.fabric8;

import static org.assertj.core.api.Assertions.assertThat;

import io.podtls.fabric8.ScriptedCsrs.OpenWatch;
import io.podtls.identity.PendingIdentity;
import io.podtls.request.CertificateRequest;
import io.podtls.request.KeyUsage;
import io.podtls.request.SignerName;
import io.podtls.signing.CertificateSigner;
import io.podtls.signing.SigningOutcome;
import io.podtls.signing.SigningOutcome.Denied;
import io.podtls.signing.SigningOutcome.Pending;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Following a request")
class CsrFollowerTest {

  private final VirtualTime time = new VirtualTime();
  private final ScriptedCsrs csrs = new ScriptedCsrs(time);
  private final Instant start = time.instant();
  private final CertificateSigner.Attempt attempt =
      new Fabric8CertificateSigner(csrs, "podtls-", time, new Random(1))
          .begin(
              PendingIdentity.generate(
                  CertificateRequest.builder(SignerName.of("example.com/serving"))
                      .dnsNames("orders.shop.svc")
                      .usages(KeyUsage.SERVER_AUTH)
                      .build()),
              time::wakeUp);

  private SigningOutcome drive(Duration limit) throws InterruptedException {
    return time.drive(attempt, limit);
  }

  private void each(Duration period, Duration limit, Runnable action) {
    for (Duration at = period; at.compareTo(limit) <= 0; at = at.plus(period)) {
      time.after(at, action);
    }
  }

  private void assertAtMostOneRequestASecond() {
    List<Instant> times = csrs.requests().stream().map(ScriptedCsrs.Request::at).toList();
    for (int i = 2; i < times.size(); i++) { // the first two are CREATE and its WATCH
      assertThat(Duration.between(times.get(i - 1), times.get(i)))
          .isGreaterThanOrEqualTo(Duration.ofSeconds(1));
    }
  }

  @Test
  @DisplayName(
      "without the right to watch, 500 s in a queue take 20 reads at most, the first after 0.5 s")
  void pollsAtGrowingIntervals() throws Exception {
    csrs.forbid("watch");
    time.after(Duration.ofMillis(200), csrs::approve);
    time.after(Duration.ofSeconds(500), () -> csrs.deny("x", ""));

    assertThat(drive(Duration.ofSeconds(500))).isInstanceOf(Pending.class);

    List<ScriptedCsrs.Request> reads = csrs.requests("get");
    assertThat(reads).hasSizeBetween(12, 20);
    assertThat(reads.get(0).at()).isBefore(start.plusMillis(600));
    assertThat(csrs.requests("watch")).hasSize(1);
    assertThat(drive(Duration.ofSeconds(70))).isInstanceOf(Denied.class);
  }

  @Test
  @DisplayName("neither get nor watch: the error names the rule, and goes away once it is granted")
  void neitherGetNorWatch() throws Exception {
    csrs.forbid("watch");
    csrs.forbid("get");
    time.after(Duration.ofSeconds(20), () -> csrs.allow("get"));
    time.after(Duration.ofSeconds(1), () -> csrs.deny("x", ""));

    assertThat(drive(Duration.ofSeconds(60))).isInstanceOf(Denied.class);

    assertThat(time.failures().get(0))
        .hasMessageContaining("cannot read csr podtls-")
        .hasMessageContaining("verbs: [create, get, watch]");
    assertThat(time.instant()).isBefore(start.plusSeconds(60));
  }

  @Test
  @DisplayName("watch without get: a watch that broke is taken up from the present state")
  void watchWithoutGet() throws Exception {
    csrs.forbid("get");
    time.after(Duration.ofSeconds(2), () -> csrs.watches().forEach(open -> open.end(broken())));
    time.after(Duration.ofSeconds(3), () -> csrs.deny("x", ""));

    assertThat(drive(Duration.ofSeconds(30))).isInstanceOf(Denied.class);
  }

  @Test
  @DisplayName(
      "a watch that ends cleanly every second is resumed without a read, at most once per second")
  void cleanCloseEachSecond() throws Exception {
    each(
        Duration.ofSeconds(1),
        Duration.ofSeconds(60),
        () -> csrs.watches().forEach(open -> open.end(null)));
    time.after(Duration.ofMillis(60_500), () -> csrs.deny("x", ""));

    assertThat(drive(Duration.ofSeconds(70))).isInstanceOf(Denied.class);

    assertAtMostOneRequestASecond();
    assertThat(csrs.requests("get")).isEmpty();
    assertThat(time.instant()).isBefore(start.plusSeconds(63));
  }

  @Test
  @DisplayName("connections that break again and again: a read, then a watch, ever more slowly")
  void brokenAgainAndAgain() throws Exception {
    each(
        Duration.ofMillis(100),
        Duration.ofSeconds(120),
        () -> csrs.watches().forEach(open -> open.end(broken())));

    assertThat(drive(Duration.ofSeconds(120))).isInstanceOf(Pending.class);

    assertAtMostOneRequestASecond();
    assertThat(csrs.requests()).hasSizeLessThan(25);
    assertThat(csrs.requests().subList(2, 6))
        .extracting("verb")
        .containsExactly("get", "watch", "get", "watch");
    csrs.deny("x", "");
    assertThat(drive(Duration.ofSeconds(60))).isInstanceOf(Denied.class);
  }

  @Test
  @DisplayName("410 Gone: one read, then a watch from the present state, and no loop")
  void goneIsReadOnce() throws Exception {
    time.after(
        Duration.ofSeconds(3),
        () ->
            csrs.watches()
                .forEach(open -> open.end(ScriptedCsrs.status(410, "Expired", "", "too old"))));

    assertThat(drive(Duration.ofSeconds(30))).isInstanceOf(Pending.class);

    assertThat(csrs.requests())
        .extracting("verb")
        .containsExactly("create", "watch", "get", "watch");
    assertThat(csrs.requests().get(3).resourceVersion()).isEmpty();
    csrs.deny("x", "");
    assertThat(drive(Duration.ofSeconds(1))).isInstanceOf(Denied.class);
  }

  @Test
  @DisplayName("a bookmark moves the version from which the next watch starts")
  void bookmarksMoveTheVersion() throws Exception {
    time.after(Duration.ofSeconds(1), () -> tellAll(new CsrApi.Event.Bookmark("777")));
    time.after(Duration.ofSeconds(2), () -> csrs.watches().forEach(open -> open.end(null)));

    drive(Duration.ofSeconds(10));

    assertThat(csrs.requests("watch").get(1).resourceVersion()).contains("777");
  }

  @Test
  @DisplayName("a half-open watch is found within 60 s")
  void halfOpenWatchIsFound() throws Exception {
    csrs.silenceWatches(true);
    time.after(Duration.ofSeconds(1), () -> csrs.deny("x", ""));

    assertThat(drive(Duration.ofSeconds(60))).isInstanceOf(Denied.class);

    assertThat(csrs.requests()).extracting("verb").containsExactly("create", "watch", "get");
    assertThat(csrs.reconnects()).isEqualTo(1);
  }

  @Test
  @DisplayName("an idle hour takes a watch each 50 s and no read")
  void idleHour() throws Exception {
    assertThat(drive(Duration.ofHours(1))).isInstanceOf(Pending.class);

    assertThat(csrs.requests("get")).isEmpty();
    assertThat(csrs.requests("watch")).hasSizeBetween(70, 73);
  }

  @Test
  @DisplayName(
      "the watch is refused as too many: the failure and its Retry-After are handed on, then a"
          + " read")
  void busyWatch() throws Exception {
    csrs.failNext("watch", ScriptedCsrs.busy(429, Duration.ofSeconds(5)));
    time.after(Duration.ofSeconds(20), () -> csrs.deny("x", ""));

    assertThat(drive(Duration.ofSeconds(30))).isInstanceOf(Denied.class);

    assertThat(time.failures())
        .singleElement()
        .satisfies(e -> assertThat(e.retryAfter()).contains(Duration.ofSeconds(5)));
    assertThat(csrs.requests("get").get(0).at()).isEqualTo(start.plusSeconds(5));
  }

  @Test
  @DisplayName("news that arrive together with the end of the watch are not lost")
  void newsBeforeTheEnd() throws Exception {
    time.after(
        Duration.ofSeconds(5),
        () -> {
          csrs.deny("x", "");
          csrs.watches().forEach(open -> open.end(ScriptedCsrs.busy(429, Duration.ofSeconds(30))));
        });

    assertThat(drive(Duration.ofSeconds(6))).isInstanceOf(Denied.class);
    assertThat(time.failures()).isEmpty();
  }

  @Test
  @DisplayName("a deletion that no watch reports is seen at the next poll")
  void deletionSeenByPoll() throws Exception {
    csrs.forbid("watch");
    time.after(Duration.ofSeconds(5), csrs::delete);

    drive(Duration.ofSeconds(20));

    assertThat(csrs.created()).hasSize(2);
  }

  @Test
  @DisplayName("the end of a watch that has been given up is not heard")
  void staleWatchIsNotHeard() throws Exception {
    csrs.silenceWatches(true);
    attempt.advance();
    OpenWatch first = csrs.watches().get(0);
    assertThat(drive(Duration.ofSeconds(58))).isInstanceOf(Pending.class);
    int requests = csrs.requests().size();

    first.events.accept(new CsrApi.Event.Ended(null));
    first.events.accept(new CsrApi.Event.Deleted(csrs.only().uid()));

    assertThat(attempt.advance()).isInstanceOf(Pending.class);
    assertThat(csrs.requests()).hasSize(requests);
  }

  @Test
  @DisplayName("a clock that is set back delays nothing")
  void clockSetBack() throws Exception {
    csrs.forbid("watch");
    drive(Duration.ofSeconds(10));
    time.stepBack(Duration.ofMinutes(10));
    csrs.deny("x", "");

    assertThat(drive(Duration.ofSeconds(61))).isInstanceOf(Denied.class);
  }

  private void tellAll(CsrApi.Event event) {
    csrs.watches().forEach(open -> open.tell(event));
  }

  private static ApiException broken() {
    return ApiException.noAnswer("connection reset", null);
  }
}
