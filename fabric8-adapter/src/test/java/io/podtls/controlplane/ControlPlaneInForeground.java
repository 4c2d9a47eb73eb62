package io.podtls.controlplane;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/**
 * Brings a control plane up for people, until Ctrl-C; {@code .ci/control-plane/run} starts it.
 *
 * <p>Arguments: {@code --emulated-version=1.34}, {@code --signing-duration=PT10M}; all others go to
 * kube-apiserver.
 */
final class ControlPlaneInForeground {
  private ControlPlaneInForeground() {}

  public static void main(String[] arguments) throws InterruptedException {
    ControlPlaneOptions options = ControlPlaneOptions.defaults();
    for (String argument : arguments) {
      String value = argument.substring(argument.indexOf('=') + 1);
      if (argument.startsWith("--emulated-version=")) {
        options = options.emulatedVersion(value);
      } else if (argument.startsWith("--signing-duration=")) {
        options = options.signingDuration(Duration.parse(value));
      } else {
        options = options.apiServerFlag(argument);
      }
    }
    if (ControlPlane.binaries() instanceof Binaries.Absent absent) {
      System.err.println(absent.reason());
      System.exit(1);
    }
    long begin = System.nanoTime();
    ControlPlane controlPlane = ControlPlane.start(options);
    System.out.printf(
        """
        Kubernetes %s at %s, up in %.1f s. It has no kubelet: nothing that is created here runs.
          export KUBECONFIG=%s
        The servers' logs and the audit log are in %s
        Ctrl-C ends it and deletes that folder.
        """,
        controlPlane.version(),
        controlPlane.apiServerUrl(),
        (System.nanoTime() - begin) / 1e9,
        controlPlane.kubeconfig(),
        controlPlane.folder());
    new CountDownLatch(1).await();
  }
}
