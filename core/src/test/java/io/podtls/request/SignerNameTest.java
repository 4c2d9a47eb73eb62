package io.podtls.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("SignerName")
class SignerNameTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "example.com/serving",
        "a.b/c",
        "1.2/3",
        "issuers.cert-manager.io/shop.ca",
        "clusterissuers.cert-manager.io/ca",
        "beta.eks.amazonaws.com/app-serving",
        "notkubernetes.io/x",
        "kubernetes.io.example.com/x",
        "kubernetes.io/kube-apiserver-client",
        "kubernetes.io/kube-apiserver-client-kubelet",
        "kubernetes.io/kubelet-serving",
        "kubernetes.io/podtls",
        "kubernetes.io/kube-apiserver-client-pod",
        "x.kubernetes.io/serving"
      })
  @DisplayName("accepts what the API server and its signers accept, as it is")
  void acceptsWhatTheApiServerAccepts(String name) {
    assertThat(SignerName.of(name)).hasToString(name).isEqualTo(new SignerName(name));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''                      | needs exactly one '/'",
        "example.com             | needs exactly one '/'",
        "example.com/a/b         | needs exactly one '/'",
        "example/serving         | has the domain \"example\", which needs two or more labels",
        "/serving                | has the label \"\" in its domain",
        "example.com/            | has the label \"\" in its path",
        "example..com/serving    | has the label \"\" in its domain",
        "example.com/a..b        | has the label \"\" in its path",
        "Example.com/serving     | has the label \"Example\" in its domain",
        "example.com/Serving     | has the label \"Serving\" in its path",
        "-example.com/serving    | has the label \"-example\" in its domain",
        "example.com/serving-    | has the label \"serving-\" in its path",
        "example.com/my_serving  | has the label \"my_serving\" in its path",
        "example.com/serving:v1  | has the label \"serving:v1\" in its path",
        "bücher.example/serving  | has the label \"bücher\" in its domain",
        "kubernetes.io/legacy-unknown | is refused by the API server",
      })
  @DisplayName("refuses any other name, with the reason and an example that is right")
  void refusesAnyOtherNameWithTheReason(String name, String reason) {
    assertThatThrownBy(() -> SignerName.of(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("signerName \"" + name + "\" " + reason)
        .hasMessageEndingWith("; a signer name looks like example.com/serving");
  }

  @Test
  @DisplayName(
      "has the API server's limits of length: 63 per label of the domain, 253 for the domain and"
          + " per label of the path, 571 for the whole")
  void hasTheLimitsOfLengthOfTheApiServer() {
    String label = "a".repeat(63);
    String domain = label + "." + label + "." + label + "." + "a".repeat(61);
    String path = "b".repeat(253) + "." + "b".repeat(63);
    String longest = domain + "/" + path;

    assertThat(longest).hasSize(571);
    assertThat(SignerName.of(longest).value()).isEqualTo(longest);
    assertThatThrownBy(() -> SignerName.of(label + "a.b/c"))
        .hasMessageContaining("has a label of 64 characters in its domain, at most 63 are allowed");
    assertThatThrownBy(() -> SignerName.of(domain + "a/c"))
        .hasMessageContaining("has a domain of 254 characters, at most 253 are allowed");
    String longPath = "a.b/" + path + "." + "b".repeat(249);
    assertThat(SignerName.of(longPath).value()).hasSize(571);
    assertThatThrownBy(() -> SignerName.of(longPath + "b"))
        .hasMessageContaining("has 572 characters, at most 571 are allowed");
    assertThatThrownBy(() -> SignerName.of(longest + "b"))
        .hasMessageContaining("has 572 characters, at most 571 are allowed");
    assertThatThrownBy(() -> SignerName.of("a.b/" + "b".repeat(254)))
        .hasMessageContaining("has a label of 254 characters in its path, at most 253 are allowed");
  }

  @Test
  @DisplayName("needs a name")
  void needsAName() {
    assertThatThrownBy(() -> SignerName.of(null))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("signerName");
  }
}
