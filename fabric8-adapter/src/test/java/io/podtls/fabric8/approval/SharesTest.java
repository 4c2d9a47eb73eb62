package io.podtls.fabric8.approval;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class SharesTest {

  private final Shares shares = new Shares(100);

  @Test
  @DisplayName("up to the limit, no sender exceeds its share")
  void upToLimit() {
    add(pod("flood", "web", "p1"), 100);

    assertThat(shares.areTooMany()).isFalse();
    assertThat(shares.isExceeded(pod("flood", "web", "p1"))).isFalse();
  }

  @Test
  @DisplayName("beyond the limit, the flooding namespace exceeds its share and no other does")
  void namespaces() {
    add(pod("flood", "web", "p1"), 400);
    add(pod("shop", "orders", "p1"), 30);
    add(pod("billing", "billing", "p1"), 1);

    assertThat(shares.areTooMany()).isTrue();
    assertThat(shares.isExceeded(pod("flood", "web", "p1"))).isTrue();
    assertThat(shares.isExceeded(pod("shop", "orders", "p1"))).isFalse();
    assertThat(shares.isExceeded(pod("billing", "billing", "p1"))).isFalse();
    assertThat(shares.isExceeded(pod("new", "new", "p1"))).isFalse();
  }

  @Test
  @DisplayName(
      "within the flooding namespace, the flooding service account and pod alone exceed it")
  void withinNamespace() {
    add(pod("flood", "web", "p1"), 400);
    add(pod("flood", "web", "p2"), 3);
    add(pod("flood", "db", "p1"), 3);

    assertThat(shares.isExceeded(pod("flood", "web", "p1"))).isTrue();
    assertThat(shares.isExceeded(pod("flood", "web", "p2"))).isFalse();
    assertThat(shares.isExceeded(pod("flood", "db", "p1"))).isFalse();
  }

  @Test
  @DisplayName("what some do not use up of their share goes to the others")
  void divides() {
    add(pod("a", "a", "p"), 10);
    add(pod("b", "b", "p"), 44);
    add(pod("c", "c", "p"), 60);

    assertThat(shares.isExceeded(pod("a", "a", "p"))).isFalse();
    assertThat(shares.isExceeded(pod("b", "b", "p"))).isFalse();
    assertThat(shares.isExceeded(pod("c", "c", "p"))).isTrue();
  }

  @Test
  @DisplayName("a thousand pods of one Deployment with one request each exceed nothing")
  void manyPods() {
    IntStream.range(0, 1000).forEach(i -> shares.add(pod("shop", "orders", "p" + i)));

    assertThat(shares.areTooMany()).isTrue();
    assertThat(shares.isExceeded(pod("shop", "orders", "p500"))).isFalse();
  }

  @Test
  @DisplayName(
      "a namespace of many senders exceeds its share as a whole, and other namespaces do not")
  void manySendersOfOneNamespace() {
    IntStream.range(0, 1000).forEach(i -> shares.add(pod("evil", "account-" + i, "p")));
    IntStream.range(0, 3).forEach(i -> shares.add(pod("shop", "orders", "p" + i)));

    assertThat(shares.isExceeded(pod("evil", "account-7", "p"))).isFalse();
    assertThat(shares.isNamespaceExceeded(pod("evil", "account-7", "p"))).isTrue();
    assertThat(shares.isNamespaceExceeded(pod("shop", "orders", "p1"))).isFalse();
  }

  @Test
  @DisplayName("requests that are settled count no more, and nothing is left of their sender")
  void forgets() {
    add(pod("flood", "web", "p1"), 400);
    shares.remove(pod("flood", "web", "p1"), 300);

    assertThat(shares.areTooMany()).isFalse();
    shares.remove(pod("flood", "web", "p1"), 99);
    shares.remove(pod("flood", "web", "p1"));
    assertThat(shares.count()).isZero();
  }

  @Test
  @DisplayName("a user who is no service account is a sender of its own, whatever it is called")
  void users() {
    Sender user = Sender.of(new Requester("shop", List.of(), Map.of()));
    Sender pod =
        Sender.of(
            new Requester(
                "system:serviceaccount:shop:orders",
                List.of(),
                Map.of(
                    "authentication.kubernetes.io/pod-name", List.of("orders-7f9"),
                    "authentication.kubernetes.io/pod-uid", List.of("uid"))));

    assertThat(user.path()).containsExactly("user shop", "", "");
    assertThat(pod.path()).containsExactly("shop", "orders", "uid");
  }

  static Sender pod(String namespace, String account, String pod) {
    return new Sender(List.of(namespace, account, pod));
  }

  private void add(Sender sender, int count) {
    IntStream.range(0, count).forEach(i -> shares.add(sender));
  }
}
