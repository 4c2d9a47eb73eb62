package io.podtls.fabric8;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/**
 * An object of the Kubernetes API as a tree of maps, lists, strings, numbers and booleans.
 *
 * <p>Read with Jackson's streaming parser: binding the few fields needed here to the generated
 * model classes costs a cold JVM most of a second. Fields nobody here knows survive a round trip.
 *
 * <p>Thread safety: immutable.
 */
final class JsonObject {

  private static final JsonFactory JSON = new JsonFactory();

  private final Map<String, @Nullable Object> fields;

  private JsonObject(Map<String, @Nullable Object> fields) {
    this.fields = fields;
  }

  /** Wraps maps, lists, strings, numbers and booleans; the caller leaves them unchanged. */
  static JsonObject of(Map<String, ? extends @Nullable Object> fields) {
    return new JsonObject(new LinkedHashMap<>(fields));
  }

  /** Reads exactly one JSON object. */
  static JsonObject parse(byte[] json) throws JsonException {
    try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), json)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new JsonException("not a JSON object", null);
      }
      JsonObject object = new JsonObject(readObject(parser));
      if (parser.nextToken() != null) {
        throw new JsonException("more than one JSON object", null);
      }
      return object;
    } catch (JacksonException e) {
      throw new JsonException("not JSON: " + e.getOriginalMessage(), e);
    }
  }

  byte[] toBytes() {
    ByteArrayOutputStream out = new ByteArrayOutputStream(2048);
    try (JsonGenerator generator = JSON.createGenerator(ObjectWriteContext.empty(), out)) {
      write(generator, fields);
    }
    return out.toByteArray();
  }

  /** The string at the path, empty if it or a part of the path is absent. */
  String text(String... path) {
    return at(path) instanceof String text ? text : "";
  }

  /** The whole number at the path, zero if it or a part of the path is absent. */
  long number(String... path) {
    return at(path) instanceof Number number ? number.longValue() : 0;
  }

  /** The object at the path, an empty one if it or a part of the path is absent. */
  JsonObject object(String... path) {
    return at(path) instanceof Map<?, ?> map ? new JsonObject(cast(map)) : of(Map.of());
  }

  /** The strings in the list at the path, none if it or a part of the path is absent. */
  List<String> texts(String... path) {
    List<String> texts = new ArrayList<>();
    if (at(path) instanceof List<?> list) {
      for (Object item : list) {
        if (item instanceof String text) {
          texts.add(text);
        }
      }
    }
    return texts;
  }

  /** The objects in the list at the path, none if it or a part of the path is absent. */
  List<JsonObject> objects(String... path) {
    List<JsonObject> objects = new ArrayList<>();
    if (at(path) instanceof List<?> list) {
      for (Object item : list) {
        if (item instanceof Map<?, ?> map) {
          objects.add(new JsonObject(cast(map)));
        }
      }
    }
    return objects;
  }

  /** The names of the fields. */
  List<String> names() {
    return List.copyOf(fields.keySet());
  }

  /** The same object with one field of its own set. */
  JsonObject with(String name, Object value) {
    Map<String, @Nullable Object> changed = new LinkedHashMap<>(fields);
    changed.put(name, value instanceof JsonObject object ? object.fields : value);
    return new JsonObject(changed);
  }

  private @Nullable Object at(String... path) {
    Object value = fields;
    for (String name : path) {
      if (!(value instanceof Map<?, ?> map)) {
        return null;
      }
      value = map.get(name);
    }
    return value;
  }

  @SuppressWarnings("unchecked")
  private static Map<String, @Nullable Object> cast(Map<?, ?> map) {
    return (Map<String, @Nullable Object>) map;
  }

  private static Map<String, @Nullable Object> readObject(JsonParser parser) {
    Map<String, @Nullable Object> object = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      parser.nextToken();
      object.put(name, readValue(parser));
    }
    return object;
  }

  private static List<@Nullable Object> readList(JsonParser parser) {
    List<@Nullable Object> list = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      list.add(readValue(parser));
    }
    return list;
  }

  private static @Nullable Object readValue(JsonParser parser) {
    return switch (parser.currentToken()) {
      case START_OBJECT -> readObject(parser);
      case START_ARRAY -> readList(parser);
      case VALUE_STRING -> parser.getString();
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> parser.getNumberValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      default -> null;
    };
  }

  private static void write(JsonGenerator generator, @Nullable Object value) {
    if (value instanceof JsonObject object) {
      write(generator, object.fields);
    } else if (value instanceof Map<?, ?> map) {
      generator.writeStartObject();
      map.forEach(
          (name, field) -> {
            generator.writeName(String.valueOf(name));
            write(generator, field);
          });
      generator.writeEndObject();
    } else if (value instanceof Iterable<?> list) {
      generator.writeStartArray();
      list.forEach(item -> write(generator, item));
      generator.writeEndArray();
    } else if (value instanceof String text) {
      generator.writeString(text);
    } else if (value instanceof Boolean bool) {
      generator.writeBoolean(bool);
    } else if (value instanceof Number number) {
      generator.writeNumber(number.toString());
    } else {
      generator.writeNull();
    }
  }

  @Override
  public String toString() {
    return text("kind") + " " + text("metadata", "name");
  }

  /** The text was no JSON object. */
  static final class JsonException extends Exception {
    private static final long serialVersionUID = 1L;

    JsonException(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }
}
