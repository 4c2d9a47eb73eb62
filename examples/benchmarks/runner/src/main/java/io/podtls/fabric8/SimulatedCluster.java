package io.podtls.fabric8;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.podtls.pem.Pem;
import io.podtls.signing.CertificateSigner;
import io.podtls.testing.TestCa;
import io.podtls.testing.VirtualTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * An API server, an approver and a signer in virtual time: creates beyond a rate are answered 429
 * with Retry-After, approval takes no time, and the signer signs so many a second, first come first
 * served. podtls meets it below its own follower and backoff, where the API server's answers come
 * in; others through the methods here.
 *
 * <p>Thread safety: for the thread that moves the time.
 */
public final class SimulatedCluster {
  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);
  private static final Duration HANDLING = Duration.ofMillis(20);

  private final VirtualTime time;
  private final Duration betweenSignatures;
  private final int createsPerSecond;
  private final boolean watchAllowed;
  private final Instant start;
  private final Map<String, Entry> entries = new HashMap<>();
  private final Map<Long, Integer> created = new TreeMap<>();
  private final Map<Long, Integer> asked = new TreeMap<>();
  private final Map<String, Integer> byVerb = new TreeMap<>();
  private TestCa ca = TestCa.root("simulated CA");
  private Instant signerFree;
  private long version;

  private static final class Entry {
    final String name;
    final CsrApi.@Nullable Draft draft;
    final List<Consumer<String>> watchers = new ArrayList<>();
    long version;
    boolean approved;
    @Nullable String certificate;

    Entry(String name, CsrApi.@Nullable Draft draft) {
      this.name = name;
      this.draft = draft;
    }
  }

  /**
   * A cluster without requests.
   *
   * @param signaturesPerSecond how many the signer signs
   * @param createsPerSecond how many creates are taken, more are answered 429
   * @param watchAllowed whether the requesters' role has the verb watch
   */
  public SimulatedCluster(
      VirtualTime time, int signaturesPerSecond, int createsPerSecond, boolean watchAllowed) {
    this.time = time;
    this.betweenSignatures = Duration.ofSeconds(1).dividedBy(signaturesPerSecond);
    this.createsPerSecond = createsPerSecond;
    this.watchAllowed = watchAllowed;
    this.start = time.instant();
    this.signerFree = start;
  }

  /** The real signer of the adapter, on this API server. */
  public CertificateSigner signer() {
    return new Fabric8CertificateSigner(new Api(), "podtls-", time, RandomGenerator.getDefault());
  }

  /** Who signs now. */
  public TestCa ca() {
    return ca;
  }

  /** Lets another CA sign from now on. */
  public void signWith(TestCa next) {
    ca = next;
  }

  /** Creates a request by hand; false is an answer 429, after which to wait a second. */
  public boolean create(String name) {
    return create(name, null).isPresent();
  }

  /** Reads a request by hand: whether it has its certificate. */
  public boolean isIssued(String name, String verb) {
    count(verb);
    return entry(name).certificate != null;
  }

  /** Watches a request by hand. */
  public void whenIssued(String name, Runnable news) {
    count("watch");
    Entry entry = entry(name);
    if (entry.certificate != null) {
      later(HANDLING, news);
    } else {
      boolean[] told = {false}; // by the approval too, if the certificate is there by then
      entry.watchers.add(
          event -> {
            if (entry.certificate != null && !told[0]) {
              told[0] = true;
              news.run();
            }
          });
    }
  }

  /** Objects ever created. */
  public int objects() {
    return entries.size();
  }

  /** Requests of any kind, refused ones too. */
  public int requests() {
    return byVerb.values().stream().mapToInt(Integer::intValue).sum();
  }

  /** Requests by verb; {@code create 429} are refused creates. */
  public Map<String, Integer> requestsByVerb() {
    return new TreeMap<>(byVerb);
  }

  /** Requests of any kind in each second since the start. */
  public Map<Long, Integer> requestsPerSecond() {
    return new TreeMap<>(asked);
  }

  /** The time since the start. */
  public Duration elapsed() {
    return Duration.between(start, time.instant());
  }

  private Optional<Entry> create(String name, CsrApi.@Nullable Draft draft) {
    long second = elapsed().toSeconds();
    if (created.merge(second, 1, Integer::sum) > createsPerSecond) {
      count("create 429");
      return Optional.empty();
    }
    count("create");
    Entry entry = new Entry(name, draft);
    entry.version = ++version;
    entries.put(name, entry);
    later(HANDLING, () -> approve(entry));
    return Optional.of(entry);
  }

  private void approve(Entry entry) {
    entry.approved = true;
    change(entry);
    Instant now = time.instant();
    signerFree = (signerFree.isAfter(now) ? signerFree : now).plus(betweenSignatures);
    later(
        Duration.between(now, signerFree),
        () -> {
          entry.certificate = entry.draft == null ? "issued" : sign(entry.draft);
          change(entry);
        });
  }

  private String sign(CsrApi.Draft draft) {
    String pem = new String(Base64.getDecoder().decode(draft.request()), US_ASCII);
    byte[] der = Base64.getMimeDecoder().decode(pem.replaceAll("-----[A-Z ]+-----", "").strip());
    Instant now = time.instant();
    return Pem.encode(
        ca.leafFor(der)
            .valid(now.minus(Duration.ofMinutes(5)), now.plus(Duration.ofHours(24)))
            .issueChain());
  }

  private void change(Entry entry) {
    entry.version = ++version;
    List.copyOf(entry.watchers).forEach(watcher -> later(HANDLING, () -> watcher.accept("")));
  }

  private Entry entry(String name) {
    Entry entry = entries.get(name);
    if (entry == null) {
      throw new IllegalArgumentException("no request " + name);
    }
    return entry;
  }

  private void later(Duration delay, Runnable task) {
    var unused = time.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
  }

  private void count(String verb) {
    byVerb.merge(verb, 1, Integer::sum);
    asked.merge(elapsed().toSeconds(), 1, Integer::sum);
  }

  private static Csr csr(Entry entry) {
    CsrApi.Draft draft = entry.draft;
    if (draft == null) {
      throw new IllegalStateException("a request by hand: " + entry.name);
    }
    return new Csr(
        entry.name,
        "uid-" + entry.name,
        Long.toString(entry.version),
        draft.signerName(),
        Set.copyOf(draft.usages()),
        draft.request(),
        "system:serviceaccount:shop:orders",
        entry.approved ? List.of(new Csr.Condition("Approved", "Simulated", "")) : List.of(),
        entry.certificate == null ? "" : entry.certificate);
  }

  /** What the adapter sees of it. */
  private final class Api implements CsrApi {
    @Override
    public Csr create(Draft draft) throws ApiException {
      return csr(
          SimulatedCluster.this
              .create(draft.name(), draft)
              .orElseThrow(
                  () ->
                      ApiException.answer(
                          429,
                          "Too many requests, please try again later.",
                          Optional.of(RETRY_AFTER))));
    }

    @Override
    public Csr get(String name) {
      count("get");
      return csr(entry(name));
    }

    @Override
    public AutoCloseable watch(
        String name, @Nullable String resourceVersion, int seconds, Consumer<Event> events) {
      count("watch");
      if (!watchAllowed) {
        later(
            HANDLING,
            () ->
                events.accept(
                    new Event.Ended(
                        ApiException.answer(403, "cannot watch resource", Optional.empty()))));
        return () -> {};
      }
      Entry entry = entry(name);
      Consumer<String> watcher = event -> events.accept(new Event.Changed(csr(entry)));
      entry.watchers.add(watcher);
      if (resourceVersion == null || Long.parseLong(resourceVersion) < entry.version) {
        later(HANDLING, () -> watcher.accept(""));
      }
      var end =
          time.schedule(
              () -> {
                entry.watchers.remove(watcher);
                events.accept(new Event.Ended(null));
              },
              seconds,
              TimeUnit.SECONDS);
      return () -> {
        end.cancel(false);
        entry.watchers.remove(watcher);
      };
    }

    @Override
    public void reconnect() {}

    @Override
    public void close() {}
  }
}
