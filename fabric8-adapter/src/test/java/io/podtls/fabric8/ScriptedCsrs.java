package io.podtls.fabric8;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/** An API server's CertificateSigningRequests in memory, with whatever fault a test asks for. */
final class ScriptedCsrs implements CsrApi {

  /** One request that was made. */
  record Request(Instant at, String verb, String name, Optional<String> resourceVersion) {}

  /** A watch that is open. */
  final class OpenWatch implements AutoCloseable {
    final String name;
    final Consumer<Event> events;
    private boolean closed;

    OpenWatch(String name, Consumer<Event> events) {
      this.name = name;
      this.events = events;
    }

    void tell(Event event) {
      if (!closed) {
        events.accept(event);
      }
    }

    void end(ApiException cause) {
      tell(new Event.Ended(cause));
      close();
    }

    @Override
    public void close() {
      closed = true;
      watches.remove(this);
    }
  }

  static final String USER = "system:serviceaccount:shop:orders";

  private final VirtualTime time;
  private final Map<String, Csr> objects = new LinkedHashMap<>();
  private final List<Request> requests = new ArrayList<>();
  private final List<OpenWatch> watches = new ArrayList<>();
  private final Map<String, Deque<ApiException>> failures = new LinkedHashMap<>();
  private final Map<String, ApiException> forbidden = new LinkedHashMap<>();
  private final List<String> created = new ArrayList<>();
  private int version = 100;
  private int uid;
  private int reconnects;
  private boolean losesNextAnswer;
  private boolean silentWatches;
  private String user = USER;

  ScriptedCsrs(VirtualTime time) {
    this.time = time;
  }

  // What tests look at.

  List<Request> requests() {
    return List.copyOf(requests);
  }

  List<Request> requests(String verb) {
    return requests.stream().filter(request -> request.verb().equals(verb)).toList();
  }

  /** Names of all objects that were ever created through this API. */
  List<String> created() {
    return List.copyOf(created);
  }

  Csr only() {
    if (objects.size() != 1) {
      throw new AssertionError("not one object but " + objects.keySet());
    }
    return objects.values().iterator().next();
  }

  Map<String, Csr> objects() {
    return Map.copyOf(objects);
  }

  List<OpenWatch> watches() {
    return List.copyOf(watches);
  }

  // What tests do to it.

  /** The next request of that verb fails; further calls queue. */
  void failNext(String verb, ApiException failure) {
    failures.computeIfAbsent(verb, any -> new ArrayDeque<>()).add(failure);
  }

  /** All requests of that verb fail, until {@link #allow}. */
  void forbid(String verb) {
    forbidden.put(verb, forbidden(verb));
  }

  /** All requests of that verb fail so, until {@link #allow}. */
  void failAll(String verb, ApiException failure) {
    forbidden.put(verb, failure);
  }

  void allow(String verb) {
    forbidden.remove(verb);
  }

  /** The next CREATE makes its object and its answer never arrives. */
  void loseNextAnswer() {
    losesNextAnswer = true;
  }

  /** Watches opened from now on stay open and report nothing, as a half-open connection. */
  void silenceWatches(boolean silent) {
    silentWatches = silent;
  }

  /** Who makes requests from now on. */
  void actAs(String username) {
    user = username;
  }

  /** Puts an object there that another requester made. */
  void put(Csr csr) {
    objects.put(csr.name(), csr);
  }

  void approve() {
    condition(only(), "Approved", "ByHand", "");
  }

  void deny(String reason, String message) {
    condition(only(), "Denied", reason, message);
  }

  void fail(String reason, String message) {
    condition(only(), "Failed", reason, message);
  }

  void issue(String pem) {
    Csr csr = only();
    change(
        new Csr(
            csr.name(),
            csr.uid(),
            "" + ++version,
            csr.signerName(),
            csr.usages(),
            csr.request(),
            csr.username(),
            csr.conditions(),
            pem));
  }

  void condition(Csr csr, String type, String reason, String message) {
    List<Csr.Condition> conditions = new ArrayList<>(csr.conditions());
    conditions.add(new Csr.Condition(type, reason, message));
    change(
        new Csr(
            csr.name(),
            csr.uid(),
            "" + ++version,
            csr.signerName(),
            csr.usages(),
            csr.request(),
            csr.username(),
            conditions,
            csr.certificate()));
  }

  void delete() {
    Csr csr = only();
    objects.remove(csr.name());
    version++;
    tell(csr.name(), new Event.Deleted(csr.uid()));
  }

  /** The same name with another uid: deleted and created again by another requester. */
  Csr replace() {
    Csr csr = only();
    delete();
    Csr other =
        new Csr(
            csr.name(),
            "uid-of-a-stranger",
            "" + ++version,
            csr.signerName(),
            csr.usages(),
            "c3RyYW5nZXI=",
            "somebody-else",
            List.of(),
            "");
    objects.put(other.name(), other);
    tell(csr.name(), new Event.Changed(other));
    return other;
  }

  private void change(Csr csr) {
    objects.put(csr.name(), csr);
    tell(csr.name(), new Event.Changed(csr));
  }

  private void tell(String name, Event event) {
    if (!silentWatches) {
      watches().stream().filter(open -> open.name.equals(name)).forEach(open -> open.tell(event));
    }
  }

  // What the code under test does.

  @Override
  public Csr create(Draft draft) throws ApiException {
    note("create", draft.name(), null);
    if (objects.containsKey(draft.name())) {
      throw status(409, "AlreadyExists", draft.name(), "already exists");
    }
    Csr csr =
        new Csr(
            draft.name(),
            "uid-" + ++uid,
            "" + ++version,
            draft.signerName(),
            Set.copyOf(draft.usages()),
            draft.request(),
            user,
            List.of(),
            "");
    objects.put(csr.name(), csr);
    created.add(csr.name());
    if (losesNextAnswer) {
      losesNextAnswer = false;
      throw ApiException.noAnswer("connection reset", null);
    }
    return csr;
  }

  @Override
  public Csr get(String name) throws ApiException {
    note("get", name, null);
    Csr csr = objects.get(name);
    if (csr == null) {
      throw status(404, "NotFound", name, "not found");
    }
    return csr;
  }

  @Override
  public AutoCloseable watch(
      String name, String resourceVersion, int seconds, Consumer<Event> events) {
    OpenWatch watch = new OpenWatch(name, events);
    watches.add(watch);
    try {
      note("watch", name, resourceVersion);
    } catch (ApiException e) {
      watch.end(e);
      return watch;
    }
    if (!silentWatches) {
      Csr csr = objects.get(name);
      if (csr != null
          && (resourceVersion == null
              || Integer.parseInt(csr.resourceVersion()) > Integer.parseInt(resourceVersion))) {
        watch.tell(new Event.Changed(csr));
      }
      time.after(
          Duration.ofSeconds(seconds),
          () -> {
            watch.tell(new Event.Bookmark("" + version));
            watch.end(null);
          });
    }
    return watch;
  }

  private void note(String verb, String name, String resourceVersion) throws ApiException {
    requests.add(new Request(time.instant(), verb, name, Optional.ofNullable(resourceVersion)));
    ApiException always = forbidden.get(verb);
    if (always != null) {
      throw always;
    }
    Deque<ApiException> next = failures.get(verb);
    if (next != null && !next.isEmpty()) {
      throw next.remove();
    }
  }

  static ApiException status(int code, String reason, String name, String message) {
    return ApiException.answer(
        code,
        JsonObject.of(
            Map.of(
                "kind",
                "Status",
                "reason",
                reason,
                "message",
                message,
                "details",
                Map.of("name", name))),
        Optional.empty());
  }

  static ApiException busy(int code, Duration retryAfter) {
    return ApiException.answer(code, "busy", Optional.of(retryAfter));
  }

  /** As RBAC words it. */
  static ApiException forbidden(String verb) {
    return status(
        403,
        "Forbidden",
        "",
        "certificatesigningrequests.certificates.k8s.io is forbidden: User \""
            + USER
            + "\" cannot "
            + verb
            + " resource \"certificatesigningrequests\" in API group \"certificates.k8s.io\" at"
            + " the cluster scope");
  }

  int reconnects() {
    return reconnects;
  }

  @Override
  public void reconnect() {
    reconnects++;
  }

  @Override
  public void close() {}
}
