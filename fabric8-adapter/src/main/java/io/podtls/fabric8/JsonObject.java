package io.podtls.fabric8;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An object of the Kubernetes API as a tree of maps, lists, strings, numbers and booleans. Fields
 * that are unknown here survive a round trip.
 *
 * <p>Read and written here rather than by a library: see ADR 0013.
 *
 * <p>Thread safety: immutable.
 */
final class JsonObject {

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
    return new JsonObject(JsonReader.read(json));
  }

  /** The object as JSON text. */
  String toJson() {
    StringBuilder out = new StringBuilder(2048);
    write(out, fields);
    return out.toString();
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

  private static void write(StringBuilder out, @Nullable Object value) {
    if (value instanceof JsonObject object) {
      write(out, object.fields);
    } else if (value instanceof Map<?, ?> map) {
      String separator = "{";
      for (Map.Entry<?, ?> field : map.entrySet()) {
        out.append(separator);
        quote(out, String.valueOf(field.getKey()));
        out.append(':');
        write(out, field.getValue());
        separator = ",";
      }
      out.append(map.isEmpty() ? "{}" : "}");
    } else if (value instanceof Iterable<?> list) {
      String separator = "";
      out.append('[');
      for (Object item : list) {
        out.append(separator);
        write(out, item);
        separator = ",";
      }
      out.append(']');
    } else if (value instanceof String text) {
      quote(out, text);
    } else {
      out.append(value instanceof Boolean || value instanceof Number ? value : "null");
    }
  }

  private static void quote(StringBuilder out, String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < ' ') {
        out.append("\\u00").append(Character.forDigit(c >> 4, 16));
        out.append(Character.forDigit(c & 15, 16));
      } else {
        out.append(c);
      }
    }
    out.append('"');
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
