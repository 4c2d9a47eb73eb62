package io.podtls.fabric8.approval;

/** What is wrong with a PKCS#10, in words for the requester. */
final class InvalidContentException extends Exception {

  private static final long serialVersionUID = 1L;

  InvalidContentException(String message) {
    super(message);
  }

  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
