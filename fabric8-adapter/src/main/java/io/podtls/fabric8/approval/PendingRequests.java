package io.podtls.fabric8.approval;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.podtls.request.SignerName;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The undecided requests of some signers, by name: one watch for each signer.
 *
 * <p>Up to the limit, every request is known. Beyond it, requests of senders who have more than
 * their share are counted only, and found by a new list when there is room.
 *
 * <p>Thread safety: safe for use by many threads.
 */
final class PendingRequests implements AutoCloseable {

  private static final Duration SHORTEST_ROUND = Duration.ofSeconds(5);

  /** A new list takes at most this part of the time. */
  private static final int LIST_SHARE = 10;

  /** Receives changes, on the watches' threads. */
  interface Observer {
    /** A request waits for a decision; repeated when it changes or is listed again. */
    void pending(RequestId id, Sender sender);

    /** The request is decided or gone. */
    void settled(RequestId id);

    /** All requests are listed, for the first time or again. */
    void listed();
  }

  private final KubernetesClient client;
  private final BoundedApi api;
  private final Set<SignerName> signers;
  private final int limit;
  private final Observer observer;
  private final Map<RequestId, Sender> pending = new HashMap<>(); // guarded by this
  private final Shares shares; // guarded by this
  private final List<Feed> feeds = new ArrayList<>(); // guarded by this
  private boolean closed; // guarded by this

  /**
   * Does not watch yet.
   *
   * @param limit how many requests may be pending before shares count
   */
  PendingRequests(KubernetesClient client, Set<SignerName> signers, int limit, Observer observer) {
    this.client = client;
    this.api = RequestWatch.api(client);
    this.signers = signers;
    this.limit = limit;
    this.observer = observer;
    this.shares = new Shares(limit);
  }

  /** Starts to watch and returns at once. What cannot be watched is tried again until closed. */
  synchronized void start() {
    for (SignerName signer : signers) {
      Feed feed = new Feed();
      feeds.add(feed);
      feed.watch = RequestWatch.start(client, signer, feed);
    }
  }

  /** Calls back for each known request that is pending now. */
  void forEach(BiConsumer<RequestId, Sender> action) {
    Map<RequestId, Sender> now;
    synchronized (this) {
      now = new HashMap<>(pending);
    }
    now.forEach(action);
  }

  /** How many requests are pending. */
  synchronized int count() {
    return shares.count();
  }

  /** Whether more requests are pending than the limit allows. */
  synchronized boolean areTooMany() {
    return shares.areTooMany();
  }

  /**
   * Whether more requests are pending than the limit allows, and too many of them are this one's.
   */
  synchronized boolean exceedsShare(Requester requester) {
    return shares.isExceeded(Sender.of(requester));
  }

  /** Whether all requests are listed and changes are being watched for. */
  synchronized boolean isWatching() {
    return !closed
        && !feeds.isEmpty()
        && feeds.stream().allMatch(feed -> feed.watch != null && feed.watch.isWatching());
  }

  /** Lists again where requests were left out. To be called every few seconds. */
  void look() {
    List<RequestWatch> wanted = new ArrayList<>();
    synchronized (this) {
      for (Feed feed : feeds) {
        if (feed.watch != null && feed.isDue()) {
          wanted.add(feed.watch);
        }
      }
    }
    wanted.forEach(RequestWatch::listAgain);
  }

  /** The request as it is now, if it is still the same one and pending. */
  Optional<WatchedRequest> read(RequestId id) {
    return RequestWatch.read(api, id).filter(PendingRequests::isPending);
  }

  /** Whether a request still waits for a decision. */
  static boolean isPending(WatchedRequest request) {
    return request.state() == WatchedRequest.State.PENDING;
  }

  @Override
  public void close() {
    List<Feed> open;
    synchronized (this) {
      closed = true;
      open = List.copyOf(feeds);
      pending.clear();
      shares.clear();
    }
    for (Feed feed : open) {
      if (feed.watch != null) {
        feed.watch.close();
      }
    }
  }

  /** Takes a request in unless it has no place; says whether it is known now. */
  private synchronized boolean takeIn(RequestId id, Sender sender, Feed feed) {
    if (closed) {
      return false;
    }
    if (pending.containsKey(id)) {
      return true;
    }
    shares.add(sender);
    // By namespace: a tenant that has many senders must not take the places of others.
    boolean crowded = pending.size() >= limit && shares.isNamespaceExceeded(sender);
    if (crowded || pending.size() >= 2L * limit) {
      feed.leftOut.merge(sender, 1, Integer::sum);
      return false;
    }
    pending.put(id, sender);
    return true;
  }

  private void settle(RequestId id) {
    synchronized (this) {
      Sender sender = pending.remove(id);
      if (sender != null) {
        shares.remove(sender);
      }
    }
    observer.settled(id);
  }

  /** What one watch reports. */
  private final class Feed implements RequestWatch.Listener {
    private @Nullable RequestWatch watch;

    /** How many requests were left out since the last list began, by sender. */
    private Map<Sender, Integer> leftOut = new HashMap<>();

    /** The same for before that, while the list is not complete. */
    private Map<Sender, Integer> leftOutBefore = new HashMap<>();

    private long began;
    private long ended;
    private boolean listed;

    @Override
    public void listing() {
      synchronized (PendingRequests.this) {
        leftOut.forEach((sender, count) -> leftOutBefore.merge(sender, count, Integer::sum));
        leftOut = new HashMap<>();
        began = System.nanoTime();
      }
    }

    @Override
    public void listed() {
      boolean all;
      synchronized (PendingRequests.this) {
        if (!closed) {
          leftOutBefore.forEach(shares::remove);
        }
        leftOutBefore = new HashMap<>();
        ended = System.nanoTime();
        listed = true;
        all = feeds.stream().allMatch(feed -> feed.listed);
      }
      if (all) {
        observer.listed();
      }
    }

    @Override
    public boolean changed(WatchedRequest request) {
      RequestId id = request.id();
      if (!isPending(request)) {
        settle(id);
        return false;
      }
      Sender sender = Sender.of(request.requester());
      boolean known = takeIn(id, sender, this);
      if (known) {
        observer.pending(id, sender);
      }
      return known;
    }

    @Override
    public void gone(RequestId id) {
      settle(id);
    }

    /** Whether requests were left out and it is time to look for them. */
    boolean isDue() {
      long pause = Math.max(SHORTEST_ROUND.toNanos(), LIST_SHARE * (ended - began));
      return !leftOut.isEmpty() && ended - began > 0 && System.nanoTime() - ended >= pause;
    }
  }
}
