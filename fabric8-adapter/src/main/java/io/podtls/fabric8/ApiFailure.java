package io.podtls.fabric8;

import io.podtls.failure.SignerUnavailableException;

/** Where an answer of the API server that is no success becomes a failure with a remedy. */
final class ApiFailure {

  private ApiFailure() {}

  /**
   * Says what was tried, what was seen and what to do.
   *
   * @param attempt what was tried, e.g. {@code create csr podtls-7f9}
   * @param seen what came instead
   * @param rights the rules that allow the attempt, at least one
   */
  static SignerUnavailableException of(String attempt, ApiException seen, RbacRule... rights) {
    String message = "cannot " + attempt + ": " + seen.getMessage() + remedy(seen, rights);
    return seen.status() >= 100 && seen.status() <= 599
        ? new SignerUnavailableException(message, seen.status(), seen.retryAfter(), seen)
        : new SignerUnavailableException(message, seen);
  }

  private static String remedy(ApiException seen, RbacRule... rights) {
    if (seen.saysRightIsMissing()) {
      return ".\n" + RbacRule.remedy(rights);
    }
    if (seen.saysApiIsMissing()) {
      return ". This API server does not serve " + rights[0].api();
    }
    return switch (seen.status()) {
      case 401 ->
          ". The API server does not accept the token; it is read again for the next attempt";
      case 429 -> ". The API server is busy; the next attempt waits as long as it asks for";
      default -> "";
    };
  }
}
