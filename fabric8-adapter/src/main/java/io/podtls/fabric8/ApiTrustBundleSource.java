package io.podtls.fabric8;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.podtls.failure.SignerUnavailableException;
import io.podtls.trust.TrustBundle;
import io.podtls.trust.TrustBundleSource;
import java.net.URLEncoder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A trust bundle in objects of the API. Each load is one GET, and starts the watch that gives hints
 * to subscribers if none is open; a watch that ended with a failure is started again by the next
 * load only.
 *
 * <p>Thread safety: safe for use by several threads; hints come on the HTTP client's threads.
 */
final class ApiTrustBundleSource implements TrustBundleSource {

  private static final System.Logger LOG = System.getLogger("io.podtls");

  private static final Duration POLL_WITH_WATCH = Duration.ofMinutes(5);
  private static final Duration POLL_WITHOUT = Duration.ofMinutes(1);
  private static final Duration SOON = Duration.ofSeconds(30);

  /**
   * Where the objects are.
   *
   * @param description how messages name it
   * @param read the path to GET: an object or a list
   * @param collection the path to watch
   * @param fieldSelector what of the collection to watch
   * @param rule what allows both
   * @param publisher who puts the objects there, as a sentence
   */
  record Place(
      String description,
      String read,
      String collection,
      String fieldSelector,
      RbacRule rule,
      String publisher) {

    String watch() {
      return collection
          + "?watch=true&allowWatchBookmarks=true&timeoutSeconds="
          + POLL_WITH_WATCH.toSeconds()
          + "&fieldSelector="
          + URLEncoder.encode(fieldSelector, UTF_8);
    }
  }

  private final ApiServer server;
  private final Place place;
  private final Function<JsonObject, byte[]> content;

  private final List<Subscription> subscriptions = new ArrayList<>();
  private Set<String> loaded = Set.of();
  private @Nullable WatchStream watch;
  private long watchStarted;
  private boolean mayWatch = true;

  /**
   * Reads and watches a place.
   *
   * @param content takes the PEM text out of what was read
   */
  ApiTrustBundleSource(ApiServer server, Place place, Function<JsonObject, byte[]> content) {
    this.server = server;
    this.place = place;
    this.content = content;
  }

  @Override
  public TrustBundle load() {
    JsonObject found;
    try {
      found = server.get(place.read);
    } catch (ApiException e) {
      if (e.saysObjectIsMissing()) {
        throw missing(e);
      }
      throw ApiFailure.of("read " + place.description, e, place.rule);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SignerUnavailableException(
          "cannot read " + place.description + ": interrupted while waiting for the answer", e);
    }
    followFrom(versions(found));
    byte[] pem = content.apply(found);
    if (pem.length == 0 && found.names().contains("items")) {
      throw missing(null);
    }
    return TrustBundle.parse(place.description, pem);
  }

  /** What is not published yet may be soon: a bootstrap waits for it. */
  private SignerUnavailableException missing(@Nullable ApiException answer) {
    return new SignerUnavailableException(
        "cannot read " + place.description + ": there is none yet. " + place.publisher, answer);
  }

  private static Set<String> versions(JsonObject found) {
    Set<String> versions = new HashSet<>();
    versions.add(found.text("metadata", "resourceVersion"));
    found.objects("items").forEach(item -> versions.add(item.text("metadata", "resourceVersion")));
    return versions;
  }

  private synchronized void followFrom(Set<String> versions) {
    loaded = versions;
    if (!subscriptions.isEmpty() && mayWatch && (watch == null || watch.isOver())) {
      startWatching();
    }
  }

  private void startWatching() {
    watchStarted = System.nanoTime();
    watch =
        server.watch(
            place.watch(),
            new WatchStream.Listener() {
              @Override
              public void event(String type, JsonObject object) {
                if (!type.equals("BOOKMARK")) {
                  changed(object.text("metadata", "resourceVersion"));
                }
              }

              @Override
              public void ended(@Nullable ApiException cause) {
                watchEnded(cause);
              }
            });
  }

  /** A watch starts with what is there, which is no change if it has been loaded. */
  private void changed(String version) {
    List<Subscription> notified;
    synchronized (this) {
      if (loaded.contains(version)) {
        return;
      }
      notified = List.copyOf(subscriptions);
    }
    notified.forEach(subscription -> subscription.hint.run());
  }

  private synchronized void watchEnded(@Nullable ApiException cause) {
    Duration lasted = Duration.ofNanos(System.nanoTime() - watchStarted);
    if (cause == null && lasted.compareTo(SOON) > 0 && !subscriptions.isEmpty()) {
      startWatching(); // its time was up; one that ends too soon waits for the next load
    } else if (cause != null && cause.status() == 403) {
      mayWatch = false;
      LOG.log(
          System.Logger.Level.INFO,
          () -> place.description + " cannot be watched and is polled: " + cause.getMessage());
    }
  }

  @Override
  public String description() {
    return place.description;
  }

  /** Without a watch, changes wait for the next poll. */
  @Override
  public synchronized Duration pollInterval() {
    return watch == null || watch.isOver() ? POLL_WITHOUT : POLL_WITH_WATCH;
  }

  @Override
  public synchronized AutoCloseable onChange(Runnable hint) {
    Subscription subscription = new Subscription(hint);
    subscriptions.add(subscription);
    return subscription;
  }

  private final class Subscription implements AutoCloseable {
    private final Runnable hint;

    Subscription(Runnable hint) {
      this.hint = hint;
    }

    @Override
    public void close() {
      synchronized (ApiTrustBundleSource.this) {
        subscriptions.remove(this);
        if (subscriptions.isEmpty() && watch != null) {
          watch.close();
          watch = null;
        }
      }
    }
  }

  @Override
  public String toString() {
    return place.description;
  }
}
