package io.podtls.fabric8.approval;

import java.util.HashMap;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * How many pending requests each sender has, and whether that is more than its share.
 *
 * <p>A share counts only while there are more requests than the limit. Then the limit is divided
 * among the namespaces, the part of a namespace among its service accounts, and theirs among their
 * pods; what some do not use up goes to the others. A sender exceeds its share if its namespace,
 * its service account and its pod do.
 *
 * <p>Thread safety: used under its owner's lock.
 */
final class Shares {

  private final int limit;
  private final Level root = new Level();

  /**
   * Starts without any requests.
   *
   * @param limit how many requests there may be before shares count
   */
  Shares(int limit) {
    this.limit = limit;
  }

  void add(Sender sender) {
    Level level = root;
    level.count++;
    for (String name : sender.path()) {
      level = level.below.computeIfAbsent(name, absent -> new Level());
      level.count++;
    }
  }

  void remove(Sender sender) {
    remove(sender, 1);
  }

  void remove(Sender sender, int requests) {
    Level level = root;
    level.count -= requests;
    for (String name : sender.path()) {
      Level next = level.below.get(name);
      if (next == null) {
        throw new IllegalStateException("has no requests: " + sender);
      }
      next.count -= requests;
      if (next.count == 0) {
        level.below.remove(name);
        return;
      }
      level = next;
    }
  }

  /** How many requests there are. */
  int count() {
    return root.count;
  }

  /** Whether there are more requests than the limit. */
  boolean areTooMany() {
    return root.count > limit;
  }

  /** Whether a sender has more than its share. */
  boolean isExceeded(Sender sender) {
    if (!areTooMany()) {
      return false;
    }
    long share = limit;
    Level level = root;
    for (String name : sender.path()) {
      share = level.shareOfEach(share);
      Level next = level.below.get(name);
      if (next == null || next.count <= share) {
        return false;
      }
      level = next;
    }
    return true;
  }

  /** Whether a sender's namespace has more than its share, however many senders it has. */
  boolean isNamespaceExceeded(Sender sender) {
    if (!areTooMany()) {
      return false;
    }
    Level namespace = root.below.get(sender.path().get(0));
    return namespace != null && namespace.count > root.shareOfEach(limit);
  }

  void clear() {
    root.below.clear();
    root.count = 0;
  }

  private static final class Level {
    private final Map<String, Level> below = new HashMap<>();
    private int count;

    /** The most that each level below may have so that together they have no more than allowed. */
    long shareOfEach(long allowed) {
      long[] counts = below.values().stream().mapToLong(level -> level.count).sorted().toArray();
      if (LongStream.of(counts).sum() <= allowed) {
        return allowed;
      }
      long left = allowed;
      for (int i = 0; i < counts.length; i++) {
        long share = left / (counts.length - i);
        if (counts[i] > share) {
          return Math.max(1, share);
        }
        left -= counts[i];
      }
      return allowed;
    }
  }
}
