package io.podtls;

import java.util.Set;
import java.util.stream.Collectors;

/** The threads of the engines that a test starts after it made this; one test runs at a time. */
final class EngineThreads {

  private final Set<Thread> before = running();

  private static Set<Thread> running() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("podtls-"))
        .collect(Collectors.toSet());
  }

  /** Those that live now. */
  Set<Thread> started() {
    Set<Thread> started = running();
    started.removeAll(before);
    return started;
  }

  /** Waits until there are none, however long a busy machine takes. */
  void awaitEnd() throws InterruptedException {
    for (Thread thread : started()) {
      thread.join();
    }
  }
}
