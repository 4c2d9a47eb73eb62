package io.podtls;

/** What a simulation in virtual time needs of a handle and nobody else does. */
public final class Started {
  private Started() {}

  /** As bootstrap, without waiting for an end that only the simulation itself can bring about. */
  public static PodTls of(PodTls.Builder builder) {
    return builder.start();
  }
}
