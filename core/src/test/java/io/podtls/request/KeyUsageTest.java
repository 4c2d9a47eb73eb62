package io.podtls.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("KeyUsage")
class KeyUsageTest {

  @ParameterizedTest
  @EnumSource
  @DisplayName("is found by its API name, and is either a key usage or an extended key usage")
  void isFoundByItsApiName(KeyUsage usage) {
    assertThat(KeyUsage.fromApiName(usage.apiName())).isSameAs(usage);
    assertThat(usage.keyUsageBit().isPresent()).isNotEqualTo(usage.extendedKeyUsage().isPresent());
    assertThat(usage).hasToString(usage.apiName());
  }

  @Test
  @DisplayName("covers the API's usages, all of them")
  void coversTheUsagesOfTheApi() {
    assertThat(KeyUsage.values())
        .extracting(KeyUsage::apiName)
        .containsExactly(
            "signing",
            "digital signature",
            "content commitment",
            "key encipherment",
            "key agreement",
            "data encipherment",
            "cert sign",
            "crl sign",
            "encipher only",
            "decipher only",
            "any",
            "server auth",
            "client auth",
            "code signing",
            "email protection",
            "s/mime",
            "ipsec end system",
            "ipsec tunnel",
            "ipsec user",
            "timestamping",
            "ocsp signing",
            "microsoft sgc",
            "netscape sgc");
  }

  @Test
  @DisplayName("is refused under any other name, with the names that there are")
  void isRefusedUnderAnyOtherName() {
    assertThatThrownBy(() -> KeyUsage.fromApiName("serverAuth"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("usage \"serverAuth\" is unknown to certificates.k8s.io/v1")
        .hasMessageContaining("server auth, client auth");
  }
}
