package io.podtls.examples.clustersigner;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.KubernetesClientException;
import io.podtls.examples.signing.CertificateAuthority;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("the keeper of the CA")
class AuthorityKeeperTest {
  private static final Duration AHEAD = Duration.ofMinutes(3);
  private static final Duration LONGEST = Duration.ofHours(24);
  private static final RotationTimes TIMES = new RotationTimes(AHEAD, LONGEST);

  private final CertificateAuthority first =
      CertificateAuthority.create("first", Duration.ofDays(100));
  private final CertificateAuthority second =
      CertificateAuthority.create("second", Duration.ofDays(100));
  private final FakeSource source = new FakeSource();
  private final FakePublication publication = new FakePublication();
  private Instant now = Instant.now();
  private AuthorityKeeper keeper = new AuthorityKeeper(source, publication, TIMES, () -> now);

  @Test
  @DisplayName("signs at once with the first CA of all")
  void firstSignsAtOnce() {
    source.authority = first;

    keeper.look();

    assertThat(keeper.signing()).contains(first);
    assertThat(publication.history.anchors()).containsExactly(first.anchor());
  }

  @Test
  @DisplayName(
      "publishes a new CA beside the old one, signs with it later, and drops the old one when its"
          + " leaves have expired")
  void rotatesWithOverlap() {
    source.authority = first;
    keeper.look();
    source.authority = second;
    keeper.look();
    assertThat(keeper.signing()).contains(first);
    assertThat(publication.history.anchors())
        .containsExactlyInAnyOrder(first.anchor(), second.anchor());

    pass(AHEAD.minusSeconds(1));
    assertThat(keeper.signing()).contains(first);
    pass(Duration.ofSeconds(1));
    assertThat(keeper.signing()).contains(second);

    pass(LONGEST);
    assertThat(publication.history.anchors()).contains(first.anchor());
    pass(Duration.ofMinutes(5));
    assertThat(publication.history.anchors()).containsExactly(second.anchor());
    assertThat(keeper.signing()).contains(second);
  }

  @Test
  @DisplayName(
      "after a restart in the middle of a rotation lets requests wait until the new CA is known")
  void restartDuringRotation() {
    source.authority = first;
    keeper.look();
    source.authority = second;
    keeper.look();
    pass(Duration.ofMinutes(1));

    keeper = new AuthorityKeeper(source, publication, TIMES, () -> now);
    keeper.look();
    assertThat(keeper.signing()).isEmpty();

    pass(Duration.ofMinutes(2));
    assertThat(keeper.signing()).contains(second);
    assertThat(publication.history.anchors()).contains(first.anchor());
  }

  @Test
  @DisplayName("goes back to a CA that is still published at once")
  void goesBack() {
    source.authority = first;
    keeper.look();
    source.authority = second;
    keeper.look();
    pass(Duration.ofHours(1));
    assertThat(keeper.signing()).contains(second);

    source.authority = first;
    keeper.look();

    assertThat(keeper.signing()).contains(first);
    pass(LONGEST.plus(AHEAD).plusMinutes(6));
    assertThat(publication.history.anchors()).containsExactly(first.anchor());
  }

  @Test
  @DisplayName(
      "does not sign with what could not be published, and keeps what it has when the source is"
          + " broken")
  void publicationComesFirst() {
    publication.broken = true;
    source.authority = first;
    keeper.look();
    assertThat(keeper.signing()).isEmpty();
    assertThat(keeper.lastSuccess()).isEqualTo(Instant.MIN);
    assertThat(keeper.problems()).containsExactly("cannot keep the CA of test published: broken");

    publication.broken = false;
    keeper.look();
    source.authority = null;
    pass(Duration.ofHours(1));

    assertThat(keeper.signing()).contains(first);
    assertThat(keeper.lastSuccess()).isEqualTo(now.minus(Duration.ofHours(1)));
  }

  @Test
  @DisplayName("does not adopt a published certificate that has no note of a signer")
  void dropsForeignAnchors() {
    source.authority = second;
    publication.history = AnchorHistory.parse("test", first.pathPem(), "nonsense\na b c\n");

    keeper.look();

    assertThat(publication.history.anchors()).containsExactly(second.anchor());
    assertThat(keeper.signing()).contains(second);
  }

  @Test
  @DisplayName("adopts no certificate that was added beside the noted ones")
  void dropsAddedAnchors() {
    source.authority = first;
    keeper.look();
    publication.history =
        AnchorHistory.parse(
            "test", first.pathPem() + second.pathPem(), publication.history.notes());

    keeper.look();

    assertThat(publication.history.anchors()).containsExactly(first.anchor());
  }

  @Test
  @DisplayName("reads again at once when another replica was faster, and signs with that one's CA")
  void conflictIsReadAgain() {
    source.authority = first;
    publication.conflict =
        () -> {
          source.authority = second;
          publication.history = AnchorHistory.none().signingWith(second.anchor(), now, TIMES);
        };

    keeper.look();

    assertThat(keeper.signing()).contains(second);
    assertThat(keeper.problems()).isEmpty();
    assertThat(publication.history.anchors()).containsExactly(second.anchor());
  }

  @Test
  @DisplayName("shows what could not be published elsewhere, and signs")
  void showsProblemsElsewhere() {
    source.authority = first;
    publication.unpublished = List.of("the CA is not published in configmap a/b: forbidden");

    keeper.look();

    assertThat(keeper.signing()).contains(first);
    assertThat(keeper.problems()).isEqualTo(publication.unpublished);
  }

  private void pass(Duration time) {
    now = now.plus(time);
    keeper.look();
  }

  private static final class FakeSource implements CaSource {
    private CertificateAuthority authority;

    @Override
    public CertificateAuthority read() {
      if (authority == null) {
        throw new IllegalStateException("no CA");
      }
      return authority;
    }

    @Override
    public String description() {
      return "test";
    }
  }

  /** A publication that keeps what the real one keeps: text. */
  private static final class FakePublication implements Publication {
    private AnchorHistory history = AnchorHistory.none();
    private boolean broken;
    private List<String> unpublished = List.of();
    private @Nullable Runnable conflict;

    @Override
    public AnchorHistory read() {
      List<String> kept =
          history.anchors().isEmpty() ? List.of("", "") : List.of(history.pem(), history.notes());
      return AnchorHistory.parse("test", kept.get(0), kept.get(1));
    }

    @Override
    public List<String> publish(AnchorHistory next) {
      if (broken) {
        throw new IllegalStateException("broken");
      }
      if (conflict != null) {
        conflict.run();
        conflict = null;
        throw new KubernetesClientException("conflict", HttpURLConnection.HTTP_CONFLICT, null);
      }
      history = next;
      return unpublished;
    }
  }
}
