package io.podtls.engine;

import static java.util.Objects.requireNonNull;

import io.podtls.rotation.Generation;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A value that a factory builds once per generation, on the thread that first asks for it after a
 * rotation. While one thread builds, the others receive the former value; only before the first
 * value they wait. A factory that throws is called again half a minute later.
 *
 * <p><b>Thread safety:</b> safe for use by any number of threads, without a lock while the
 * generation is the same.
 */
public final class PerGeneration<T> implements Supplier<T> {

  private static final Duration NEXT_TRY = Duration.ofSeconds(30);

  private record Built<T>(Generation generation, T value) {}

  private final Engine engine;
  private final Function<Generation, ? extends T> factory;
  private final ReentrantLock building = new ReentrantLock();
  private volatile @Nullable Built<T> last;
  private Instant nextTry = Instant.MIN;
  private @Nullable Generation failed;

  /** Builds nothing before the first {@link #get}. */
  public PerGeneration(Engine engine, Function<Generation, ? extends T> factory) {
    this.engine = engine;
    this.factory = factory;
  }

  @Override
  public T get() {
    Generation current = engine.rotation().open();
    Built<T> built = last;
    if (built != null) {
      if (built.generation != current && building.tryLock()) {
        return locked(current);
      }
      return built.value;
    }
    building.lock();
    return locked(current);
  }

  private T locked(Generation current) {
    try {
      return build(current, last);
    } finally {
      building.unlock();
    }
  }

  private T build(Generation current, @Nullable Built<T> former) {
    Instant now = engine.clock().instant();
    if (former != null
        && (former.generation.number() >= current.number()
            || (failed == current && now.isBefore(nextTry)))) {
      return former.value;
    }
    try {
      T value = requireNonNull(factory.apply(current), "the factory of perGeneration made null");
      last = new Built<>(current, value);
      engine.built(this);
      return value;
    } catch (RuntimeException | Error e) {
      if (former == null) {
        throw e;
      }
      failed = current;
      nextTry = now.plus(NEXT_TRY);
      engine.notBuilt(this, e, nextTry);
      return former.value;
    }
  }
}
