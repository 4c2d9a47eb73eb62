package io.podtls.pem;

/**
 * Why a parser of the JDK refused what it read, in its own words.
 *
 * <p><b>Thread safety:</b> static functions without state.
 */
public final class Reasons {
  private Reasons() {}

  private static final int LONGEST = 200;

  /**
   * Returns the failure's message without the names of exception classes, in printable ASCII and at
   * most 200 characters long.
   *
   * @param failure what a parser threw
   * @return a reason to end a sentence with
   */
  public static String of(Throwable failure) {
    if (failure instanceof StackOverflowError) {
      return "it is nested too deeply";
    }
    String message = String.valueOf(failure.getMessage());
    String reason =
        message
            .substring(0, Math.min(message.length(), 4 * LONGEST))
            .replaceAll("\\b(javax?|sun)\\.[\\w.$]+(Exception|Error)(: ?|$)", "")
            .replaceAll("[^ -~]+", " ")
            .replace("Could not parse certificate: ", "")
            .strip();
    if (reason.isEmpty() || failure.getMessage() == null) {
      return failure.getClass().getSimpleName();
    }
    return reason.length() > LONGEST ? reason.substring(0, LONGEST) + "..." : reason;
  }
}
