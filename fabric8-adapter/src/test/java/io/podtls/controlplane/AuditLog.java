package io.podtls.controlplane;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The API server's audit log: every request, each once.
 *
 * <p>A request is in the log when its answer has ended, a watch as soon as it is open. Every read
 * here first sends one request of its own and waits until the log shows it, so that what was
 * answered before the call is in the answer.
 *
 * <p>Thread safety: safe.
 */
public final class AuditLog {
  private static final String FENCE = "audit-fence=";

  private final Path file;
  private final Predicate<String> fence;
  private final JsonMapper json = JsonMapper.builder().build();
  private final Map<String, AuditedRequest> requests = new LinkedHashMap<>();
  private long position;

  /**
   * Reads a file.
   *
   * @param fence sends a request with that query string to the API server; false if it cannot
   */
  AuditLog(Path file, Predicate<String> fence) {
    this.file = file;
    this.fence = fence;
  }

  /** All requests since the start, in the order in which the log first shows them. */
  public synchronized List<AuditedRequest> requests() {
    String marker = FENCE + UUID.randomUUID();
    boolean sent = fence.test(marker);
    long deadline = System.nanoTime() + 10_000_000_000L;
    while (!readOn(marker) && sent) {
      if (System.nanoTime() - deadline > 0) {
        throw new IllegalStateException("the audit log does not show a request made 10 s ago");
      }
      LockSupport.parkNanos(2_000_000);
    }
    return List.copyOf(requests.values());
  }

  /** The requests of one user, such as {@link TestServiceAccount#username()}. */
  public List<AuditedRequest> requestsOf(String username) {
    return requests().stream().filter(request -> request.username().equals(username)).toList();
  }

  /** The requests of a pod's service account; other pods of the same account are counted in. */
  public List<AuditedRequest> requestsOf(TestPod pod) {
    return requestsOf(pod.serviceAccount().username());
  }

  /** How often a user did what, by {@link AuditedRequest#action()}. */
  public Map<String, Integer> actionsOf(String username) {
    Map<String, Integer> actions = new TreeMap<>();
    requestsOf(username).forEach(request -> actions.merge(request.action(), 1, Integer::sum));
    return actions;
  }

  /** How often a pod's service account did what, by {@link AuditedRequest#action()}. */
  public Map<String, Integer> actionsOf(TestPod pod) {
    return actionsOf(pod.serviceAccount().username());
  }

  /** Takes in the lines that are new; returns whether the marker's request was among them. */
  private boolean readOn(String marker) {
    boolean seen = false;
    for (String line : newLines().lines().toList()) {
      if (line.contains(FENCE)) {
        seen |= line.contains(marker);
      } else {
        AuditedRequest request = parse(json.readTree(line));
        requests.merge(
            request.id(), request, (earlier, later) -> later.complete() ? later : earlier);
      }
    }
    return seen;
  }

  private String newLines() {
    if (!Files.exists(file)) {
      return "";
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      channel.position(position);
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      Channels.newInputStream(channel).transferTo(bytes);
      String text = bytes.toString(StandardCharsets.UTF_8);
      // The last line may be half written; it is read next time.
      String whole = text.substring(0, text.lastIndexOf('\n') + 1);
      position += whole.getBytes(StandardCharsets.UTF_8).length;
      return whole;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static AuditedRequest parse(JsonNode event) {
    JsonNode object = event.path("objectRef");
    String subresource = text(object, "subresource");
    JsonNode code = event.path("responseStatus").path("code");
    return new AuditedRequest(
        text(event, "auditID"),
        text(event.path("user"), "username"),
        text(event, "verb"),
        text(object, "resource") + (subresource.isEmpty() ? "" : "/" + subresource),
        text(object, "namespace"),
        text(object, "name"),
        text(event, "requestURI"),
        text(event, "userAgent"),
        Instant.parse(text(event, "requestReceivedTimestamp")),
        code.isNumber() ? OptionalInt.of(code.intValue()) : OptionalInt.empty(),
        !text(event, "stage").equals("ResponseStarted"));
  }

  private static String text(JsonNode node, String field) {
    return node.path(field).asString("");
  }
}
