package io.podtls.fabric8.approval;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RequesterTest {

  private static final String NAME = "authentication.kubernetes.io/pod-name";
  private static final String UID = "authentication.kubernetes.io/pod-uid";

  @Test
  @DisplayName("a service account is recognized by its user name")
  void readsServiceAccount() {
    assertThat(
            new Requester("system:serviceaccount:shop:orders", List.of(), Map.of())
                .serviceAccount())
        .contains(new Requester.ServiceAccount("shop", "orders"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "jane",
        "system:serviceaccount:shop",
        "system:serviceaccount::orders",
        "system:serviceaccount:shop:",
        "system:serviceaccount:shop:orders:x",
        "system:serviceaccounts:shop:orders",
        "x:serviceaccount:shop:orders"
      })
  @DisplayName("any other user name is none")
  void refusesOtherNames(String username) {
    assertThat(new Requester(username, List.of(), Map.of()).serviceAccount()).isEmpty();
  }

  @Test
  @DisplayName("a pod is known by one name and one uid, not by less and not by several")
  void readsPod() {
    assertThat(pod(Map.of(NAME, List.of("a"), UID, List.of("1"))).pod())
        .contains(new Requester.BoundPod("a", "1"));
    assertThat(pod(Map.of(NAME, List.of("a"))).pod()).isEmpty();
    assertThat(pod(Map.of(UID, List.of("1"))).pod()).isEmpty();
    assertThat(pod(Map.of(NAME, List.of("a", "b"), UID, List.of("1"))).pod()).isEmpty();
    assertThat(pod(Map.of(NAME, List.of("a"), UID, List.of(""))).pod()).isEmpty();
  }

  private static Requester pod(Map<String, List<String>> extra) {
    return new Requester("system:serviceaccount:shop:orders", List.of(), extra);
  }
}
