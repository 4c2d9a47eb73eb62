package io.podtls.fabric8;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.podtls.fabric8.JsonObject.JsonException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("An object of the API as JSON")
class JsonObjectTest {

  private static JsonObject parse(String json) throws JsonException {
    return JsonObject.parse(json.getBytes(UTF_8));
  }

  @Test
  @DisplayName("is read whatever blanks, escapes and kinds of values it has")
  void isRead() throws Exception {
    JsonObject object =
        parse(
            " \t\r\n{ \"a\" : [ 1 , -2.5e1, true,false , null, {}, [ ] ] ,\"s\":"
                + "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\uD83D\\uDE00\u00fc\", \"n\":9007199254740993}\n");

    assertThat(object.text("s")).isEqualTo("\"\\/\b\f\n\r\t\u00e4\uD83D\uDE00\u00fc");
    assertThat(object.number("n")).isEqualTo(9007199254740993L);
    assertThat(object.toJson())
        .isEqualTo(
            "{\"a\":[1,-25.0,true,false,null,{},[]],\"s\":\"\\\"\\\\/\\u0008\\u000c\\u000a\\u000d"
                + "\\u0009\u00e4\uD83D\uDE00\u00fc\",\"n\":9007199254740993}");
  }

  @Test
  @DisplayName("survives a round trip with all that is unknown here, in its order")
  void roundTrip() throws Exception {
    String json =
        "{\"z\":{\"f:a\":{},\"k\":\"\"},\"a\":[{\"x\":1.5},18446744073709551615],\"\":null}";

    assertThat(parse(json).toJson())
        .isEqualTo(json.replace("18446744073709551615", "1.8446744073709552E19"));
    assertThat(parse(parse(json).toJson()).toJson()).isEqualTo(parse(json).toJson());
  }

  @Test
  @DisplayName("is written without what JSON does not allow")
  void isWritten() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("quote\"", "\u0000\u001f\u007f</");
    fields.put("list", List.of(JsonObject.of(Map.of("a", 1)), "b", false));
    fields.put("none", null);

    assertThat(JsonObject.of(fields).toJson())
        .isEqualTo(
            "{\"quote\\\"\":\"\\u0000\\u001f\u007f</\",\"list\":[{\"a\":1},\"b\",false],"
                + "\"none\":null}");
  }

  @Test
  @DisplayName("what is absent or of another kind reads as empty")
  void absentIsEmpty() throws Exception {
    JsonObject object = parse("{\"a\":{\"b\":[1,\"x\",{\"c\":2}]},\"n\":null}");

    assertThat(object.text("a", "b")).isEmpty();
    assertThat(object.text("a", "b", "c")).isEmpty();
    assertThat(object.number("n")).isZero();
    assertThat(object.object("n").names()).isEmpty();
    assertThat(object.texts("a", "b")).containsExactly("x");
    assertThat(object.objects("a", "b")).singleElement().satisfies(c -> c.number("c"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "{",
        "{}}",
        "{} {}",
        "{},",
        "[]",
        "1",
        "\"a\"",
        "{a:1}",
        "{'a':1}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,\"a\":1}",
        "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":1,\"a\":2}",
        "{\"a\":[1,]}",
        "{\"a\":[,1]}",
        "{\"a\":[1 2]}",
        "{\"a\":[1}",
        "{\"a\":01}",
        "{\"a\":+1}",
        "{\"a\":-}",
        "{\"a\":.5}",
        "{\"a\":1.}",
        "{\"a\":1e}",
        "{\"a\":0x1}",
        "{\"a\":1e999}",
        "{\"a\":NaN}",
        "{\"a\":Infinity}",
        "{\"a\":True}",
        "{\"a\":nul}",
        "{\"a\":\"b}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":\"\\u00zz\"}",
        "{\"a\":\"\\",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\u0000\"}",
        "{\"a\":1}\u0000",
        "\uFEFF{}",
        "/**/{}",
      })
  @DisplayName("anything else is refused")
  void refused(String text) {
    assertThatThrownBy(() -> parse(text)).isInstanceOf(JsonException.class);
  }

  @Test
  @DisplayName("bytes that are no UTF-8 are refused")
  void malformedUtf8() {
    assertThatThrownBy(() -> JsonObject.parse("{\"a\":\"\u00e4\"}".getBytes(ISO_8859_1)))
        .hasMessageContaining("malformed UTF-8");
  }

  @Test
  @DisplayName(
      "depth, number of values and length of numbers are limited, without a stack overflow")
  void bounded() throws Exception {
    parse("{\"a\":" + "[".repeat(63) + "]".repeat(63) + "}");
    for (String json :
        List.of(
            "{\"a\":" + "[".repeat(64) + "]".repeat(64) + "}",
            "{\"a\":".repeat(1_000_000),
            "{\"a\":[" + "0,".repeat(300_000) + "0]}",
            "{\"a\":" + "1".repeat(1_000_000) + "}")) {
      assertThatThrownBy(() -> parse(json)).isInstanceOf(JsonException.class);
    }
  }

  @Test
  @DisplayName("a message names the position and quotes nothing, which may be secret")
  void messagesQuoteNothing() {
    JsonException refusal =
        catchThrowableOfType(JsonException.class, () -> parse("{\"token\":\"s3cr3t\" s3cr3t"));

    assertThat(refusal).hasMessageContaining("at character 18");
    assertThat(refusal.getMessage()).doesNotContain("s3cr3t");
  }
}
