package io.podtls.controlplane;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How a {@link ControlPlane} is started; {@link #defaults()} and then what shall differ.
 *
 * <p>Two equal values share one control plane in {@link ControlPlane#shared(ControlPlaneOptions)}.
 *
 * <p>Thread safety: immutable.
 *
 * @param emulatedVersion the Kubernetes release (such as 1.34) that the servers behave as, or empty
 *     for their own
 * @param controllerManagerQps requests per second that each controller may make; Kubernetes'
 *     default is 20
 * @param controllerManagerBurst requests that each controller may make at once; Kubernetes' default
 *     is 30
 * @param signingDuration the longest life that the built-in CSR signers grant; the default is 365 d
 * @param apiServerFlags more flags for kube-apiserver, each as {@code --name=value}; a flag that is
 *     set already is overridden
 */
public record ControlPlaneOptions(
    Optional<String> emulatedVersion,
    int controllerManagerQps,
    int controllerManagerBurst,
    Duration signingDuration,
    List<String> apiServerFlags) {

  /** Copies the list of flags. */
  public ControlPlaneOptions {
    apiServerFlags = List.copyOf(apiServerFlags);
  }

  /** Kubernetes' own defaults. */
  public static ControlPlaneOptions defaults() {
    return new ControlPlaneOptions(Optional.empty(), 20, 30, Duration.ofDays(365), List.of());
  }

  /**
   * Servers that behave as an older release of Kubernetes.
   *
   * @param majorMinor such as {@code 1.34}; at most three releases behind the binaries
   */
  public ControlPlaneOptions emulatedVersion(String majorMinor) {
    return new ControlPlaneOptions(
        Optional.of(majorMinor),
        controllerManagerQps,
        controllerManagerBurst,
        signingDuration,
        apiServerFlags);
  }

  /** Lets each controller make so many requests per second, and as many at once. */
  public ControlPlaneOptions controllerManagerRate(int requestsPerSecond) {
    return new ControlPlaneOptions(
        emulatedVersion, requestsPerSecond, requestsPerSecond, signingDuration, apiServerFlags);
  }

  /** Certificates of the built-in CSR signers live at most this long. */
  public ControlPlaneOptions signingDuration(Duration longest) {
    return new ControlPlaneOptions(
        emulatedVersion, controllerManagerQps, controllerManagerBurst, longest, apiServerFlags);
  }

  /** One more flag for kube-apiserver, as {@code --name=value}. */
  public ControlPlaneOptions apiServerFlag(String flag) {
    List<String> flags = new ArrayList<>(apiServerFlags);
    flags.add(flag);
    return new ControlPlaneOptions(
        emulatedVersion, controllerManagerQps, controllerManagerBurst, signingDuration, flags);
  }
}
