package io.podtls.benchmarks.coldstart;

/** A JVM that starts and has nothing to do. */
final class WithNothing {
  private WithNothing() {}

  public static void main(String[] arguments) {
    System.out.println("ready");
  }
}
