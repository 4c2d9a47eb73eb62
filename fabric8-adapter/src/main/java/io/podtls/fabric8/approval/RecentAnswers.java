package io.podtls.fabric8.approval;

import java.time.Duration;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * Answers that may be given again for a short time. Those who ask for the same at once share one
 * question; a failure reaches all of them and is not kept.
 */
final class RecentAnswers<K, V> {

  /** How many answers are kept at most; each may be of some megabytes. */
  private static final int MOST = 8;

  private final long keptNanos;
  private final LongSupplier nanoTime;
  private final Function<K, V> source;
  private final Map<K, Answer<V>> answers = new ConcurrentHashMap<>();

  RecentAnswers(Duration kept, LongSupplier nanoTime, Function<K, V> source) {
    this.keptNanos = kept.toNanos();
    this.nanoTime = nanoTime;
    this.source = source;
  }

  V get(K key, ClusterLookup.Freshness freshness) {
    long now = nanoTime.getAsLong();
    answers.values().removeIf(answer -> answer.isOlderThan(keptNanos, now));
    while (answers.size() >= MOST && !answers.containsKey(key)) {
      oldest().ifPresent(answers.values()::remove);
    }
    Answer<V> fresh = new Answer<>(new FutureTask<>(() -> source.apply(key)), now);
    Answer<V> answer =
        freshness == ClusterLookup.Freshness.LIVE
            ? replace(key, fresh)
            : answers.computeIfAbsent(key, absent -> fresh);
    answer.task().run(); // only the first to come runs it
    return await(key, answer);
  }

  private Optional<Answer<V>> oldest() {
    return answers.values().stream().min(Comparator.comparingLong(Answer::asked));
  }

  private Answer<V> replace(K key, Answer<V> fresh) {
    answers.put(key, fresh);
    return fresh;
  }

  private V await(K key, Answer<V> answer) {
    try {
      return answer.task().get();
    } catch (ExecutionException e) {
      answers.remove(key, answer);
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for the API server", e);
    }
  }

  /** An answer, or the question underway. Its age counts from when the question was asked. */
  private record Answer<V>(FutureTask<V> task, long asked) {
    boolean isOlderThan(long nanos, long now) {
      return now - asked > nanos;
    }
  }
}
