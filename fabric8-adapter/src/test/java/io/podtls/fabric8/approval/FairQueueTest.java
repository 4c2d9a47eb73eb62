package io.podtls.fabric8.approval;

import static io.podtls.fabric8.approval.SharesTest.pod;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class FairQueueTest {

  private final FairQueue<String> queue = new FairQueue<>();

  @Test
  @DisplayName("namespaces take turns, however much one of them adds")
  void namespacesTakeTurns() {
    add(pod("flood", "web", "p"), "f1", "f2", "f3", "f4");
    add(pod("shop", "orders", "p"), "s1", "s2");
    add(pod("billing", "billing", "p"), "b1");

    assertThat(all()).containsExactly("f1", "s1", "b1", "f2", "s2", "f3", "f4");
  }

  @Test
  @DisplayName("within a namespace service accounts take turns, and within these the pods")
  void podsTakeTurns() {
    add(pod("shop", "web", "p1"), "w1", "w2", "w3");
    add(pod("shop", "web", "p2"), "v1");
    add(pod("shop", "db", "p1"), "d1", "d2");

    assertThat(all()).containsExactly("w1", "d1", "v1", "d2", "w2", "w3");
  }

  @Test
  @DisplayName("removed elements have no turn, and nothing is left of their senders")
  void removes() {
    add(pod("shop", "web", "p1"), "w1", "w2");
    add(pod("shop", "db", "p1"), "d1");

    queue.remove(pod("shop", "web", "p1"), "w1");
    queue.remove(pod("shop", "db", "p1"), "d1");
    queue.remove(pod("elsewhere", "db", "p1"), "x");

    assertThat(all()).containsExactly("w2");
    assertThat(queue.isEmpty()).isTrue();
  }

  private void add(Sender sender, String... elements) {
    for (String element : elements) {
      queue.add(sender, element);
    }
  }

  private List<String> all() {
    List<String> all = new ArrayList<>();
    for (Optional<String> next = queue.poll(); next.isPresent(); next = queue.poll()) {
      all.add(next.get());
    }
    return all;
  }
}
