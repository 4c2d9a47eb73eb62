package io.podtls.fabric8.approval;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BoundedJsonTest {

  private static final int LONGEST_TEXT = 100;
  private static final int BUDGET = 1000;

  @Test
  @DisplayName("an object of ordinary size is read as it is")
  void readsWhole() throws Exception {
    BoundedJson json =
        json(
            """
            {"a": "x", "n": [1, -2, 1.5e3], "t": true, "f": false, "nothing": null,
             "o": {"b": {}, "c": []}}
            """);

    Map<String, Object> expected = new LinkedHashMap<>();
    expected.put("a", "x");
    expected.put("n", List.of(1L, -2L, 1500.0));
    expected.put("t", true);
    expected.put("f", false);
    expected.put("nothing", null);
    expected.put("o", Map.of("b", Map.of(), "c", List.of()));
    assertThat(json.read()).isEqualTo(expected);
    assertThat(json.isCut()).isFalse();
    assertThat(json.atEnd()).isTrue();
  }

  @Test
  @DisplayName("escapes and UTF-8 are decoded wherever the chunks of the stream end")
  void decodesText() throws Exception {
    String text =
        "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00 \u00fc\u4e2d\ud83d\ude00\"}";
    InputStream byteByByte =
        new ByteArrayInputStream(text.getBytes(UTF_8)) {
          @Override
          public synchronized int read(byte[] to, int offset, int length) {
            return super.read(to, offset, 1);
          }
        };

    assertThat(new BoundedJson(byteByByte, LONGEST_TEXT, BUDGET, Set.of()).read())
        .containsEntry("a", "\"\\/\b\f\n\r\t\u00e9\ud83d\ude00 \u00fc\u4e2d\ud83d\ude00");
  }

  @Test
  @DisplayName("a string that is too long is elided, and what follows it is whole")
  void elidesText() throws Exception {
    BoundedJson json =
        json(
            "{\"spec\":{\"a\":\"%s\",\"b\":\"%s\",\"c\":\"y\"}}{\"d\":\"z\"}"
                .formatted("x".repeat(LONGEST_TEXT), "\\\"".repeat(LONGEST_TEXT + 1)));

    assertThat(json.read())
        .containsEntry(
            "spec", Map.of("a", "x".repeat(LONGEST_TEXT), "b", BoundedJson.ELIDED, "c", "y"));
    assertThat(json.isCut()).isTrue();
    assertThat(json.read()).containsEntry("d", "z");
    assertThat(json.isCut()).isFalse();
  }

  @Test
  @DisplayName("what exceeds the budget of a field is left out; the other fields are whole")
  void keepsToBudget() throws Exception {
    StringBuilder labels = new StringBuilder("{\"name\":\"n\",\"labels\":{\"l\":\"v\"");
    for (int i = 0; i < 10_000; i++) {
      labels.append(",\"l").append(i).append("\":[{\"x\":\"v\"}]");
    }
    BoundedJson json =
        json("{\"metadata\":" + labels + "},\"late\":1},\"spec\":{\"username\":\"u\"}}");

    Map<String, Object> read = json.read();

    assertThat(json.isCut()).isTrue();
    assertThat(read).containsEntry("spec", Map.of("username", "u"));
    Map<?, ?> metadata = (Map<?, ?>) read.get("metadata");
    assertThat(metadata.get("name")).isEqualTo("n");
    assertThat((Map<?, ?>) metadata.get("labels")).hasSizeBetween(10, BUDGET / 16);
    assertThat(json.atEnd()).isTrue();
  }

  @Test
  @DisplayName("skipped fields are left out and count for nothing; keys of maps are not fields")
  void skipsFields() throws Exception {
    BoundedJson json =
        new BoundedJson(
            stream(
                """
                {"metadata":{"managedFields":[{"f:x":{"}]":"\\""}}],"name":"n",
                 "labels":{"status":"1","managedFields":"2"}},
                 "status":{"x":1},"items":[{"ports":[1],"name":"i"}]}
                """),
            LONGEST_TEXT,
            BUDGET,
            Set.of("metadata.managedFields", "status", "items.ports"));

    assertThat(json.read())
        .isEqualTo(
            Map.of(
                "metadata",
                Map.of("name", "n", "labels", Map.of("status", "1", "managedFields", "2")),
                "items",
                List.of(Map.of("name", "i"))));
    assertThat(json.isCut()).isFalse();
    assertThat(json.kept()).isBetween(10, 200);
  }

  @Test
  @DisplayName("a list is walked through with one element at a time")
  void walksList() throws Exception {
    BoundedJson json =
        json("{\"kind\":\"List\",\"items\":[{\"a\":\"1\"},{\"a\":\"2\"}],\"x\":[[]]}");
    List<Object> items = new ArrayList<>();

    json.object(
        name -> {
          if (name.equals("items")) {
            json.array(() -> items.add(json.read().get("a")));
          } else {
            json.skip();
          }
        });

    assertThat(items).containsExactly("1", "2");
    assertThat(json.atEnd()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"a\":\"x",
        "{\"a\"",
        "{\"a\":{}",
        "{\"a\":[1",
        "[]",
        "<html>",
        "{\"a\":?}",
        "{\"a\":nonsense}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12g4\"}",
        "{\"a\":1 \"b\":2}"
      })
  @DisplayName("what is broken off or no JSON object is refused")
  void refusesBroken(String broken) {
    assertThatThrownBy(() -> json(broken).read()).isInstanceOf(IOException.class);
  }

  @Test
  @DisplayName("nesting without end and numbers without end are refused")
  void refusesEndless() {
    assertThatThrownBy(() -> json("{\"a\":" + "[".repeat(100_000), 10_000).read())
        .isInstanceOf(IOException.class)
        .hasMessageContaining("nested deeper");
    char[] digits = new char[100_000];
    Arrays.fill(digits, '1');
    assertThatThrownBy(() -> json("{\"a\":" + new String(digits) + "}").read())
        .isInstanceOf(IOException.class)
        .hasMessageContaining("digits");
  }

  private static BoundedJson json(String text) {
    return json(text, BUDGET);
  }

  private static BoundedJson json(String text, int budget) {
    return new BoundedJson(stream(text), LONGEST_TEXT, budget, Set.of());
  }

  private static InputStream stream(String text) {
    return new ByteArrayInputStream(text.getBytes(UTF_8));
  }
}
