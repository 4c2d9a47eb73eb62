package io.podtls.benchmarks.cluster;

import io.podtls.controlplane.ControlPlane;
import io.podtls.controlplane.ControlPlaneOptions;

/**
 * A control plane that slows no measurement: its signer's request limit is raised, and an approver
 * answers at once.
 *
 * <p>Thread safety: safe.
 */
public final class BenchmarkCluster implements AutoCloseable {
  private static final int REQUESTS_PER_SECOND = 5_000;

  private final ControlPlane controlPlane;
  private final InstantApprover approver;

  private BenchmarkCluster(ControlPlane controlPlane) {
    this.controlPlane = controlPlane;
    this.approver = InstantApprover.over(controlPlane.admin());
  }

  /** Starts it; a few seconds. */
  public static BenchmarkCluster start() {
    return new BenchmarkCluster(
        ControlPlane.start(
            ControlPlaneOptions.defaults().controllerManagerRate(REQUESTS_PER_SECOND)));
  }

  /** Everything else that there is to do with it. */
  public ControlPlane controlPlane() {
    return controlPlane;
  }

  @Override
  public void close() {
    approver.close();
    controlPlane.close();
  }
}
