package io.podtls.examples.pods;

import io.podtls.failure.PodTlsException;
import java.io.IOException;

/** Selects the program by the first argument. */
public final class Main {
  private Main() {}

  /** Runs until the process is stopped; ends with 1 if it cannot begin. */
  public static void main(String[] arguments) throws InterruptedException, IOException {
    try {
      switch (arguments.length == 0 ? "" : arguments[0]) {
        case "load" -> Load.run(arguments[1], Options.parse(arguments, 2));
        case "serve" -> Serve.run(Options.parse(arguments, 1));
        default ->
            throw new IllegalArgumentException("usage: load URL OPTION... | serve OPTION...");
      }
    } catch (PodTlsException | IllegalArgumentException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }
}
