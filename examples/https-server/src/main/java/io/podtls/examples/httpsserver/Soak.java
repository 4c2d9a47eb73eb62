package io.podtls.examples.httpsserver;

import io.podtls.PodTls;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.time.Duration;

/** A client that connects all the time while the certificate is renewed every few seconds. */
final class Soak {
  private static final Duration REPORTS = Duration.ofMinutes(1);

  private Soak() {}

  /**
   * Runs for the time given.
   *
   * @return the number of failed handshakes
   */
  static long run(
      Duration duration, PodTls tls, String name, InetAddress address, int port, Report report) {
    long end = System.nanoTime() + duration.toNanos();
    long nextReport = System.nanoTime();
    long handshakes = 0;
    long failures = 0;
    long now = System.nanoTime();
    while (now < end) {
      try {
        SelfCheck.handshake(name, address, port, tls.generation().trust());
        handshakes++;
      } catch (IOException e) {
        failures++;
        report.line("failed", "handshake " + (handshakes + failures) + ": " + e.getMessage());
      }
      now = System.nanoTime();
      if (now >= nextReport || now >= end) {
        nextReport += REPORTS.toNanos();
        report(report, handshakes, failures);
      }
    }
    return failures;
  }

  private static void report(Report report, long handshakes, long failures) {
    System.gc(); // the heap that remains is of interest
    Runtime runtime = Runtime.getRuntime();
    double heap = (runtime.totalMemory() - runtime.freeMemory()) / (1024.0 * 1024.0);
    report.line(
        "soak",
        "%d rotations, %d handshakes, %d failures, heap %.1f MiB, %d threads"
            .formatted(
                report.rotations(),
                handshakes,
                failures,
                heap,
                ManagementFactory.getThreadMXBean().getThreadCount()));
  }
}
