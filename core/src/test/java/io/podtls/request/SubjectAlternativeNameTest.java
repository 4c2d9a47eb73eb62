package io.podtls.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.podtls.request.SubjectAlternativeName.Kind;
import java.net.InetAddress;
import java.net.URI;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("SubjectAlternativeName")
class SubjectAlternativeNameTest {

  @ParameterizedTest
  @CsvSource({
    "orders, orders",
    "orders.shop.svc, orders.shop.svc",
    "Orders.SHOP.svc, orders.shop.svc",
    "*.orders.shop.svc, *.orders.shop.svc",
    "*.Bücher.example, *.xn--bcher-kva.example",
    "bücher.example, xn--bcher-kva.example",
    "BÜCHER.example, xn--bcher-kva.example",
    "例え.テスト, xn--r8jz45g.xn--zckzah",
    "xn--bcher-kva.example, xn--bcher-kva.example",
    "1.orders.shop.svc, 1.orders.shop.svc",
    "10-1-2-3.shop.pod.cluster.local, 10-1-2-3.shop.pod.cluster.local",
  })
  @DisplayName("writes host names in lower-case A-labels")
  void writesHostNamesInLowerCaseALabels(String given, String canonical) {
    SubjectAlternativeName name = SubjectAlternativeName.dns(given);

    assertThat(name.kind()).isEqualTo(Kind.DNS);
    assertThat(name.value()).isEqualTo(canonical);
    assertThat(name).hasToString("DNS:" + canonical);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''                | DNS name is empty",
        "' '               | DNS name is empty",
        "10.0.34.2         | is an address; give it as an IP address instead",
        "2001:db8::1       | is an address; give it as an IP address instead",
        "::                | is an address; give it as an IP address instead",
        "orders.shop.svc.  | ends with a dot, which names in certificates do not have",
        "orders..svc       | has an empty label",
        ".orders           | has an empty label",
        "*                 | has a wildcard that is not its whole leftmost label",
        "o*.shop.svc       | has a wildcard that is not its whole leftmost label",
        "a.*.shop.svc      | has a wildcard that is not its whole leftmost label",
        "*.*.shop.svc      | has a wildcard that is not its whole leftmost label",
        "*.svc             | needs two or more labels after the wildcard",
        "my_orders.shop    | has the label \"my_orders\"",
        "-orders.shop      | has the label \"-orders\"",
        "orders-.shop      | has the label \"orders-\"",
        "orders.shop:8443  | has the label \"shop:8443\"",
        "https://orders    | has the label \"https://orders\"",
        "orders shop       | has the label \"orders shop\"",
        "256.1.1.1         | ends with a number, so readers take it for an IPv4 address",
        "1234              | ends with a number, so readers take it for an IPv4 address",
        "bü_cher.example   | cannot be written in A-labels",
      })
  @DisplayName("refuses what is no host name, with the reason")
  void refusesWhatIsNoHostName(String given, String reason) {
    assertThatThrownBy(() -> SubjectAlternativeName.dns(given))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(given.isBlank() ? reason : "DNS name \"" + given + "\" " + reason);
  }

  @Test
  @DisplayName("refuses labels of over 63 and host names of over 253 characters")
  void refusesWhatIsTooLong() {
    String label = "a".repeat(63);
    String longest = label + "." + label + "." + label + "." + "a".repeat(61);

    assertThat(SubjectAlternativeName.dns(longest).value()).hasSize(253);
    assertThatThrownBy(() -> SubjectAlternativeName.dns(longest + "a"))
        .hasMessageContaining("has 254 characters, at most 253 are allowed");
    assertThatThrownBy(() -> SubjectAlternativeName.dns(label + "a.svc"))
        .hasMessageContaining("has a label of 64 characters, at most 63 are allowed");
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.34.2, 10.0.34.2",
    "2001:DB8:0:0:0:0:0:1, 2001:db8::1",
    "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
    "2001:0:0:1:0:0:0:1, 2001:0:0:1::1",
    "2001:db8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
    "1:2:3:4:5:6:0:0, 1:2:3:4:5:6::",
    "0:0:3:4:5:6:7:8, ::3:4:5:6:7:8",
    "::1, ::1",
    "fe80::1%1, fe80::1",
    "::ffff:10.0.34.2, 10.0.34.2",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff, ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
  })
  @DisplayName("writes addresses as RFC 5952 has it, without zones")
  void writesAddressesInCanonicalForm(String given, String canonical) throws Exception {
    SubjectAlternativeName name = SubjectAlternativeName.ipAddress(InetAddress.getByName(given));

    assertThat(name.kind()).isEqualTo(Kind.IP_ADDRESS);
    assertThat(name.value()).isEqualTo(canonical);
    assertThat(name).hasToString("IP:" + canonical);
    assertThat(InetAddress.getByName(name.value()).getAddress())
        .isEqualTo(InetAddress.getByName(given).getAddress());
  }

  @ParameterizedTest
  @CsvSource({"0.0.0.0", "::"})
  @DisplayName("refuses the unspecified address")
  void refusesTheUnspecifiedAddress(String given) throws Exception {
    InetAddress unspecified = InetAddress.getByName(given);

    assertThatThrownBy(() -> SubjectAlternativeName.ipAddress(unspecified))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("address is the unspecified address " + given);
  }

  @ParameterizedTest
  @CsvSource({
    "spiffe://cluster.local/ns/shop/sa/orders, spiffe://cluster.local/ns/shop/sa/orders",
    "urn:example:orders, urn:example:orders",
    "https://orders:8443/a?b=c, https://orders:8443/a?b=c",
    "https://example.com/bücher, https://example.com/b%C3%BCcher",
    "https://xn--bcher-kva.example/a, https://xn--bcher-kva.example/a",
    "https://[2001:db8::1]:8443/a, https://[2001:db8::1]:8443/a",
    "https://u:p%20@orders:/a%20b%0A, https://u:p%20@orders:/a%20b%0A",
    "spiffe://under_score.example/a, spiffe://under_score.example/a",
    "spiffe:///a, spiffe:///a",
    "mailto:a@b@c, mailto:a@b@c",
  })
  @DisplayName("writes URIs in ASCII")
  void writesUrisInAscii(URI given, String canonical) {
    assertThat(SubjectAlternativeName.uri(given)).hasToString("URI:" + canonical);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "orders/a              | has no scheme",
        "//orders/a            | has no scheme",
        "spiffe://orders../a   | has an empty label in its host",
        "spiffe://u@orders.:1/ | has an empty label in its host",
        "spiffe://.orders/     | has an empty label in its host",
        "https://bücher.example/ | has a host that is not ASCII; write it in A-labels",
        "https://b%C3%BCcher.example/ | has a percent sign in its host",
        "https://a%20b/        | has a percent sign in its host",
        "https://a%00b/        | has a percent sign in its host",
        "https://a%25b/        | has a percent sign in its host",
        "https://[fe80::1%25eth0]/ | has a percent sign in its host",
        "https://[fe80::1%eth0]/ | has a percent sign in its host",
        "https://orders:abc/   | has the port \"abc\", which is no number",
        "https://orders:-1/    | has the port \"-1\", which is no number",
        "https://orders:80:80/ | has the port \"80:80\", which is no number",
        "https://a@b@orders/   | has more than one '@'",
        "https://a@b@orders:1/ | has more than one '@'",
        "https://:80/          | has a user or a port and no host",
        "https://u@/           | has a user or a port and no host",
      })
  @DisplayName("refuses relative URIs and hosts that Go's parser refuses")
  void refusesUrisThatGoRefuses(URI given, String reason) {
    assertThatThrownBy(() -> SubjectAlternativeName.uri(given))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("URI \"" + given + "\" " + reason);
  }

  @ParameterizedTest
  @CsvSource({
    "orders@example.com, orders@example.com",
    "Orders+a@EXAMPLE.com, Orders+a@example.com",
    "o@bücher.example, o@xn--bcher-kva.example",
  })
  @DisplayName("writes mail addresses with the domain in lower-case A-labels")
  void writesMailAddressesWithTheDomainInALabels(String given, String canonical) {
    assertThat(SubjectAlternativeName.email(given)).hasToString("email:" + canonical);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "orders                    | is not of the form orders@example.com",
        "@example.com              | is not of the form orders@example.com",
        "a b@example.com           | is not of the form orders@example.com",
        "Orders <a@example.com>    | is not of the form orders@example.com",
        "bücher@example.com        | is not of the form orders@example.com",
        "a..b@example.com          | is not of the form orders@example.com",
        "a@                        | mail address's domain is empty",
        "a@*.example.com           | has a wildcard",
        "a@10.0.0.1                | is an address",
      })
  @DisplayName("refuses what is no mail address, with the reason")
  void refusesWhatIsNoMailAddress(String given, String reason) {
    assertThatThrownBy(() -> SubjectAlternativeName.email(given))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(reason);
  }

  @Test
  @DisplayName("is equal to a name of the same kind and canonical form")
  void isEqualToANameOfTheSameKindAndForm() throws Exception {
    assertThat(SubjectAlternativeName.dns("Orders.shop"))
        .isEqualTo(SubjectAlternativeName.dns("orders.SHOP"))
        .hasSameHashCodeAs(SubjectAlternativeName.dns("orders.SHOP"))
        .isNotEqualTo(SubjectAlternativeName.dns("orders"))
        .isNotEqualTo(null);
    assertThat(SubjectAlternativeName.ipAddress(InetAddress.getByName("fe80::1")))
        .isEqualTo(SubjectAlternativeName.ipAddress(InetAddress.getByName("fe80:0::0:1")));
    assertThat(SubjectAlternativeName.uri(URI.create("a:b@c.de")))
        .isNotEqualTo(SubjectAlternativeName.email("b@c.de"));
  }
}
