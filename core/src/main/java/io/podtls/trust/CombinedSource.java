package io.podtls.trust;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/** The union of several sources. */
final class CombinedSource implements TrustBundleSource {

  private final List<TrustBundleSource> parts;

  CombinedSource(List<TrustBundleSource> parts) {
    this.parts = List.copyOf(parts);
  }

  @Override
  public TrustBundle load() {
    return parts.stream().map(TrustBundleSource::load).reduce(TrustBundle::union).orElseThrow();
  }

  @Override
  public List<TrustBundleSource> parts() {
    return parts.stream().flatMap(part -> part.parts().stream()).toList();
  }

  @Override
  public String description() {
    return parts.stream().map(TrustBundleSource::description).collect(Collectors.joining(" and "));
  }

  @Override
  public List<String> warnings() {
    return parts.stream().flatMap(part -> part.warnings().stream()).distinct().toList();
  }

  /** The longest of the parts' intervals, for callers that read all parts at once. */
  @Override
  public Duration pollInterval() {
    return parts.stream()
        .map(TrustBundleSource::pollInterval)
        .max(Comparator.naturalOrder())
        .orElseThrow();
  }

  @Override
  public AutoCloseable onChange(Runnable hint) {
    requireNonNull(hint, "hint");
    List<AutoCloseable> registrations = new ArrayList<>();
    AutoCloseable all = () -> closeAll(registrations);
    try {
      for (TrustBundleSource part : parts) {
        registrations.add(part.onChange(hint));
      }
    } catch (RuntimeException e) {
      try {
        all.close();
      } catch (Exception suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
    return all;
  }

  private static void closeAll(List<AutoCloseable> registrations) throws Exception {
    Exception first = null;
    for (AutoCloseable registration : registrations) {
      try {
        registration.close();
      } catch (Exception e) {
        if (first == null) {
          first = e;
        } else {
          first.addSuppressed(e);
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }

  @Override
  public String toString() {
    return description();
  }
}
